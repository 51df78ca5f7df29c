"""Owns the mapping of a pod's source files to local ones. Pure, and never a guess.

1. The same content (git blob hash) in exactly one local file: that file.
2. The same content in several: the one that lies where its neighbours were found, else the one
   with the longest common end of the path; undecided stays unmapped.
3. Other content, but found where its neighbours are, or by an end of the path that only one file
   has (two names at least, or its whole path under the source folder): stale, the pod runs
   another version of it.
4. Anything else is unmapped.

Where the project's own rules (`[paths]` of coverage.py) name a local file for a pod's path, that
file comes before neighbours and ends of paths in 2 and 3; never before equal content.

Called by collection with what worktree read.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from podcov.models import Source

EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
Anchor = tuple[tuple[str, ...], tuple[str, ...]]
"""A folder in the pod and the local folder that holds the same files."""
Hint = Callable[[str], str]
"""The local file that somebody names for a pod's path, or nothing."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A Python file under a source folder."""

    path: str
    """Absolute."""
    relative: str
    """Under its source folder."""
    blobs: frozenset[str]
    """Blob hashes of its content: as it is, and with Unix line ends."""
    known: bool = True
    """Git tracks it or would; False for what git ignores (build copies)."""


class Kind(Enum):
    """How sure a match is."""

    SAME = "same"
    STALE = "stale"
    UNMAPPED = "unmapped"


@dataclass(frozen=True, slots=True)
class Match:
    """Where a source belongs; `local` is empty when unmapped."""

    kind: Kind
    local: str = ""


@dataclass(frozen=True, slots=True)
class Index:
    """Local files by content and by name."""

    by_blob: Mapping[str, Sequence[LocalFile]]
    by_name: Mapping[str, Sequence[LocalFile]]


def index_files(files: Iterable[LocalFile]) -> Index:
    """Prepare local files for `match_sources`."""
    by_blob: dict[str, list[LocalFile]] = defaultdict(list)
    by_name: dict[str, list[LocalFile]] = defaultdict(list)
    for file in files:
        by_name[_parts(file.path)[-1]].append(file)
        for blob in file.blobs:
            by_blob[blob].append(file)
    return Index(by_blob, by_name)


def no_hint(remote: str) -> str:
    """A project that says nothing of where paths lie."""
    return ""


def match_sources(
    sources: Sequence[Source], index: Index, hint: Hint = no_hint
) -> tuple[Match, ...]:
    """Where each source of one container belongs, in the same order."""
    certain = [_only(index.by_blob.get(source.blob, ())) for source in sources]
    anchors = {
        _anchor(source.path, file.path)
        for source, file in zip(sources, certain, strict=True)
        if file is not None and source.blob != EMPTY_BLOB
    }
    return tuple(
        Match(Kind.SAME, file.path)
        if file is not None
        else _match(source, index, anchors, hint(source.path))
        for source, file in zip(sources, certain, strict=True)
    )


def common_end(left: str, right: str) -> int:
    """How many names two paths have in common, from the end."""
    count = 0
    for one, other in zip(reversed(_parts(left)), reversed(_parts(right)), strict=False):
        if one != other:
            break
        count += 1
    return count


def _match(source: Source, index: Index, anchors: set[Anchor], hinted: str) -> Match:
    equal = index.by_blob.get(source.blob, ())
    kind, files = Kind.SAME, equal
    if not equal:
        kind, files = Kind.STALE, index.by_name.get(_parts(source.path)[-1], ())
    file = (
        _only([file for file in files if file.path == hinted])
        or _anchored(source, files, anchors)
        or _longest(source, files, least=1 if equal else 2)
    )
    return Match(kind, file.path) if file else Match(Kind.UNMAPPED)


def _only(files: Sequence[LocalFile]) -> LocalFile | None:
    """The one file there is; files that git ignores count only when there is no other."""
    chosen = [file for file in files if file.known] or files
    return chosen[0] if len(chosen) == 1 else None


def _anchored(source: Source, files: Sequence[LocalFile], anchors: set[Anchor]) -> LocalFile | None:
    return _only([file for file in files if _anchor(source.path, file.path) in anchors])


def _longest(source: Source, files: Sequence[LocalFile], least: int) -> LocalFile | None:
    """The only file with the longest common end, if that is long enough to be evidence."""
    lengths = {file: common_end(source.path, file.path) for file in files}
    best = max(lengths.values(), default=0)
    file = _only([file for file, length in lengths.items() if length == best])
    if file is None or best < min(least, len(_parts(file.relative))):
        return None
    return file


def _anchor(remote: str, local: str) -> Anchor:
    end = common_end(remote, local)
    far, near = _parts(remote), _parts(local)
    return far[: len(far) - end], near[: len(near) - end]


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.replace("\\", "/").split("/") if part)
