"""Owns the result of a collection: a value that says what came, from whom, and what is missing.

Joins the pods' snapshots under local paths (paths decides where, rules which count) and hands them
to covdata for reports. Must not talk to pods. Made by session; read by the command line, the
pytest plugin and library users.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from podcov.branches import Ran
from podcov.covdata import (
    Measured,
    Report,
    Taken,
    find_taken,
    make_table,
    save_data,
    write_report,
)
from podcov.errors import NoDataError, NothingMapsError, name_some, number_of, require_all
from podcov.git import find_commit, index_blob
from podcov.models import (
    Container,
    Exits,
    Failure,
    Note,
    Snapshot,
    Source,
    Unread,
    unite_notes,
)
from podcov.paths import Index, Kind, Match, match_sources
from podcov.rules import Rules

LINES_ONLY = (
    "lines-only",
    "its branches are reported as not taken, but for those that lines tell",
    "other containers recorded branches, this one only lines",
    'set coverage.io/branch: "true" on every workload that is reported together',
)
"""The note on a container without branches in a report that has branches."""
NO_BRANCHES = (
    "lines-only",
    "the report has no branches, and its data do not combine with data that have",
    "coverage.py's settings of this project say branch, this container recorded only lines",
    'set coverage.io/branch: "true" on the workload',
)
"""The same in a report without, where the project's settings want them."""

MOST_SEARCHES = 10
"""Stale files that git is asked about; a wrong image has hundreds, and one is enough to see it."""


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A measured file that no local file belongs to."""

    path: str
    lines: int
    pods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stale:
    """A measured file of which there is another version here."""

    path: str
    """In the pod."""
    local: str
    """Absolute."""
    version: str
    """What the pod runs, in words."""
    pods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Collection:
    """Everything that a collection brought. Reading it again gives the same answer."""

    snapshots: tuple[Snapshot, ...]
    failed: tuple[Failure, ...]
    skipped: tuple[Failure, ...]
    files: tuple[Measured, ...]
    unmapped: tuple[Unmapped, ...]
    stale: tuple[Stale, ...]
    notes: tuple[Note, ...]
    source: tuple[str, ...]
    """The source folders that were searched."""
    left_out: tuple[str, ...] = ()
    """Local paths of measured files that the project's coverage settings leave out."""
    unexecuted: tuple[str, ...] = ()
    """Local paths of files that count although no pod imported them: see `Session`, source."""
    unread: tuple[Unread, ...] = ()
    """Local files and folders that could not be read; no report has them."""
    rcfile: str | None = None
    """coverage.py's settings; None: those it finds from the working directory."""
    interrupted: bool = False

    @property
    def answered(self) -> tuple[str, ...]:
        """The names of the pods that answered."""
        return tuple(snapshot.target.name for snapshot in self.snapshots)

    @property
    def complete(self) -> bool:
        """Every pod that should have answered did."""
        return not self.failed and not self.interrupted

    @property
    def percent(self) -> float:
        """The total, as coverage.py counts it. NothingMapsError or NoDataError without files."""
        return self.table().percent

    def table(self, kind: str | None = None, show_missing: bool | None = None) -> Report:
        """coverage.py's table (`text` or `markdown`; None, also of show_missing: as the project's
        settings say) with its total and warnings."""
        return make_table(self.require_files(), kind, show_missing, self.rcfile)

    def report(self, kind: str, to: str | Path) -> Report:
        """Write `html` (a folder), `xml`, `json`, `lcov`, `markdown` or `text` (a file)."""
        return write_report(self.require_files(), kind, Path(to), self.rcfile)

    def save(self, to: str | Path) -> Path:
        """Write a coverage data file (`coverage report --data-file` reads it); its path."""
        save_data(self.require_files(), Path(to), self.rcfile)
        return Path(to)

    def require_complete(self) -> None:
        """PartialError, naming the pods, if some did not answer."""
        require_all(len(self.snapshots), [(item.name, item.error) for item in self.failed])

    def require_files(self) -> tuple[Measured, ...]:
        """What a report is about: the mapped files and those that count at 0 %; an error that
        says why if no measured file is among them."""
        self._require_any()
        never = [Measured(path, frozenset(), frozenset(), ()) for path in self.unexecuted]
        return (*self.files, *never)

    @property
    def _urls(self) -> str:
        """What a command needs to ask the same agents, where they have addresses."""
        return "".join(f" --url {one.target.url}" for one in self.snapshots if one.target.url)

    def _require_any(self) -> None:
        if self.files:
            return
        if not self.snapshots:
            self.require_complete()
        folders = name_some(self.source)
        if self.stale:
            first = self.stale[0]
            raise NothingMapsError(
                f"Every measured file that is in {folders} ({len(self.stale)}) has another version "
                f"there: {first.path} is {first.version}.",
                "Check out the commit the image was built from, rebuild the image, "
                "or add --allow-stale.",
            )
        if self.left_out:
            raise NoDataError(
                f"coverage.py's settings leave out every measured file; the first is "
                f"{self.left_out[0]}.",
                "Look at source, include and omit under [tool.coverage.run] or in .coveragerc.",
            )
        if self.unmapped:
            raise NothingMapsError(
                f"None of {number_of(len(self.unmapped), 'measured file')} is in {folders}; "
                f"the first is {self.unmapped[0].path}.",
                "Name the folder that holds the sources the image was built from: --source DIR",
            )
        raise NoDataError(
            f"Nothing was measured yet in {name_some(self.answered) or 'any pod'}.",
            f"See what the agents say: podcov status{self._urls}",
        )


@dataclass(slots=True)
class _Piece:
    """Lines that belong together, while they are being joined."""

    lines: frozenset[int] = frozenset()
    startup: frozenset[int] = frozenset()
    exits: Exits | None = None
    pods: frozenset[str] = frozenset()

    def add(self, source: Source, pod: str) -> None:
        self.unite(_Piece(source.lines, source.startup, source.exits, frozenset({pod})))

    def unite(self, other: "_Piece") -> None:
        self.lines |= other.lines
        self.startup |= other.startup
        self.pods |= other.pods
        if other.exits is not None:
            mine = self.exits or Exits()
            self.exits = Exits(mine.taken | other.exits.taken, mine.startup | other.exits.startup)

    def taken(self, path: str) -> Taken | None:
        """The arcs of the local file; None where branches were not recorded."""
        if self.exits is None:
            return None
        ran, startup = Ran(self.lines, self.exits.taken), Ran(self.startup, self.exits.startup)
        return find_taken(path, ran, startup)


@dataclass(frozen=True, slots=True)
class Joined:
    """The sources of many pods under local paths."""

    files: tuple[Measured, ...]
    unmapped: tuple[Unmapped, ...]
    stale: tuple[Stale, ...]
    left_out: tuple[str, ...]
    unexecuted: tuple[str, ...]


def join(snapshots: Sequence[Snapshot], index: Index, rules: Rules, allow_stale: bool) -> Joined:
    """Map every container's sources, unite what belongs to the same file, keep what the project's
    rules want. A file of which a pod runs another version is not called unexecuted."""
    pieces: dict[tuple[Match, str, str], _Piece] = defaultdict(_Piece)
    for snapshot in snapshots:
        for container in snapshot.containers:
            matches = match_sources(container.sources, index, rules.place)
            for source, match in zip(container.sources, matches, strict=True):
                pieces[match, source.path, source.blob].add(source, snapshot.target.name)
    merged = {Kind.SAME, Kind.STALE} if allow_stale else {Kind.SAME}
    files = _files(pieces, merged)
    stale = _stale(pieces)
    here = {file.path for file in files} | {item.local for item in stale}
    return Joined(
        files=tuple(file for file in files if rules.wants(file.path)),
        left_out=tuple(file.path for file in files if not rules.wants(file.path)),
        unexecuted=rules.find_unexecuted(here),
        unmapped=tuple(
            Unmapped(path, len(piece.lines | piece.startup), tuple(sorted(piece.pods)))
            for (match, path, _), piece in sorted(pieces.items(), key=_by_path)
            if match.kind is Kind.UNMAPPED
        ),
        stale=stale,
    )


def gather_notes(snapshots: Sequence[Snapshot], branch: bool = False) -> tuple[Note, ...]:
    """The agents' notes, those of replicas counted once, and ours on what lacks branches: beside
    others that have them, or where they are wanted."""
    containers = [container for snapshot in snapshots for container in snapshot.containers]
    notes = {note for container in containers for note in container.notes}
    notes |= {note for snapshot in snapshots for note in snapshot.own_notes}
    without = {container.name for container in containers if _has(container, branches=False)}
    mixed = any(_has(container, branches=True) for container in containers)
    if mixed or branch:
        notes |= {Note(name, *(LINES_ONLY if mixed else NO_BRANCHES)) for name in without}
    return unite_notes(notes)


def _has(container: Container, branches: bool) -> bool:
    """Whether it has a source whose branches were recorded, or were not."""
    return any((source.exits is not None) is branches for source in container.sources)


def _files(
    pieces: Mapping[tuple[Match, str, str], _Piece], merged: set[Kind]
) -> tuple[Measured, ...]:
    whole: dict[str, _Piece] = defaultdict(_Piece)
    for (match, _, _), piece in pieces.items():
        if match.kind in merged:
            whole[match.local].unite(piece)
    return tuple(
        Measured(path, piece.lines, piece.startup, tuple(sorted(piece.pods)), piece.taken(path))
        for path, piece in sorted(whole.items())
    )


def _stale(pieces: Mapping[tuple[Match, str, str], _Piece]) -> tuple[Stale, ...]:
    found = [
        (match.local, path, blob, piece)
        for (match, path, blob), piece in sorted(pieces.items(), key=_by_path)
        if match.kind is Kind.STALE
    ]
    return tuple(
        Stale(
            path=path,
            local=local,
            version=_version(Path(local), blob) if place < MOST_SEARCHES else "another version",
            pods=tuple(sorted(piece.pods)),
        )
        for place, (local, path, blob, piece) in enumerate(found)
    )


def _version(local: Path, blob: str) -> str:
    if index_blob(local) == blob:
        return "the version without your uncommitted changes"
    commit = find_commit(local.parent, blob)
    if commit is None:
        return "a version that git does not know"
    return f"the version of commit {commit.short} ({commit.date}, {commit.subject})"


def _by_path(item: tuple[tuple[Match, str, str], _Piece]) -> tuple[str, str]:
    (_, path, blob), _ = item
    return path, blob
