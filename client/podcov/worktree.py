"""Owns reading the local source folders: every Python file with its content's hashes.

Skips environments and caches, and names what cannot be read. Must not decide what belongs together:
paths does. Called by session.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from tokenize import detect_encoding

from podcov.errors import SourceFolderError
from podcov.git import hash_blob, list_known
from podcov.models import Unread
from podcov.paths import LocalFile

SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})
SUFFIXES = (".py", ".pyw")


def check_folders(folders: Sequence[str]) -> tuple[Path, ...]:
    """The source folders as real paths, without those that lie in another; SourceFolderError if
    one is missing."""
    for folder in folders:
        if not Path(folder).is_dir():
            raise SourceFolderError(
                f"Source folder {folder} does not exist (looked in {Path.cwd()}).",
                "Name the folder that holds the sources the image was built from: --source DIR",
            )
    real = dict.fromkeys(Path(folder).resolve() for folder in folders)
    return tuple(one for one in real if not any(other in one.parents for other in real))


def read_files(folders: Sequence[Path]) -> tuple[tuple[LocalFile, ...], tuple[Unread, ...]]:
    """Every Python file under the folders, each once; and what could not be read there."""
    found: dict[Path, LocalFile] = {}
    unread: list[OSError] = []
    for folder in folders:
        known = list_known(folder)
        for path in _walk(folder, unread):
            if path not in found and _is_regular(path, unread):
                _take(found, path, folder, known is None or path in known, unread)
    return tuple(found.values()), _named(unread)


def read_named(paths: Iterable[str]) -> tuple[tuple[LocalFile, ...], tuple[Unread, ...]]:
    """Those of the files that are here; and those that are and could not be read."""
    found: dict[Path, LocalFile] = {}
    unread: list[OSError] = []
    for path in sorted(paths):
        if os.path.isfile(path):
            _take(found, Path(path), Path("/"), True, unread)
    return tuple(found.values()), _named(unread)


def part_readable(paths: Iterable[str]) -> tuple[tuple[str, ...], tuple[Unread, ...]]:
    """The files whose text a report can show, and the others: coverage.py would stop at those."""
    readable: list[str] = []
    unread: list[Unread] = []
    for path in paths:
        if reason := _why_unreadable(path):
            unread.append(Unread(_printable(path), reason))
        else:
            readable.append(path)
    return tuple(readable), tuple(unread)


def _why_unreadable(path: str) -> str:
    try:
        path.encode()  # coverage.py's data file has names in UTF-8
        if os.path.exists(path) and not os.path.isfile(path):
            return "no regular file"
        content = Path(path).read_bytes()
        content.decode(detect_encoding(BytesIO(content).readline)[0])
    except OSError as problem:
        return problem.strerror or str(problem)
    except (SyntaxError, ValueError) as problem:
        return str(problem)
    return ""


def _walk(folder: Path, unread: list[OSError]) -> Iterator[Path]:
    for here, inner, names in os.walk(folder, onerror=unread.append):
        inner[:] = sorted(name for name in inner if _is_source(here, name))
        for name in sorted(names):
            if name.endswith(SUFFIXES):
                yield Path(here, name)


def _is_regular(path: Path, unread: list[OSError]) -> bool:
    """No link, whose target is found at its own place, and no pipe."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError as problem:
        unread.append(problem)
        return False


def _is_source(here: str, name: str) -> bool:
    hidden = name.startswith(".") or name in SKIPPED
    return not hidden and not os.path.exists(os.path.join(here, name, "pyvenv.cfg"))


def _take(
    found: dict[Path, LocalFile], path: Path, folder: Path, known: bool, unread: list[OSError]
) -> None:
    try:
        content = path.read_bytes()
    except OSError as problem:
        unread.append(problem)
        return
    blobs = {hash_blob(content), hash_blob(content.replace(b"\r\n", b"\n"))}
    found[path] = LocalFile(str(path), str(path.relative_to(folder)), frozenset(blobs), known)


def _named(unread: Iterable[OSError]) -> tuple[Unread, ...]:
    return tuple(
        Unread(_printable(str(problem.filename)), problem.strerror or str(problem))
        for problem in unread
    )


def _printable(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")
