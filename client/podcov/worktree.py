"""Owns reading the local source folders: every Python file with its content's hashes.

Skips environments and caches. Must not decide what belongs together: paths does. Called by session.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from podcov.errors import SourceFolderError
from podcov.git import hash_blob, list_known
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


def read_files(folders: Sequence[Path]) -> tuple[LocalFile, ...]:
    """Every Python file under the folders, each once."""
    found: dict[Path, LocalFile] = {}
    for folder in folders:
        known = list_known(folder)
        for path in _walk(folder):
            if path not in found:
                found[path] = _read(path, folder, known is None or path in known)
    return tuple(found.values())


def read_named(paths: Iterable[str]) -> tuple[LocalFile, ...]:
    """Those of the files that are here."""
    return tuple(
        _read(Path(path), Path("/"), True) for path in sorted(paths) if os.path.isfile(path)
    )


def _walk(folder: Path) -> Iterator[Path]:
    for here, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if _is_source(here, name))
        for name in sorted(names):
            path = Path(here, name)
            if name.endswith(SUFFIXES) and path.is_file() and not path.is_symlink():
                yield path


def _is_source(here: str, name: str) -> bool:
    hidden = name.startswith(".") or name in SKIPPED
    return not hidden and not os.path.exists(os.path.join(here, name, "pyvenv.cfg"))


def _read(path: Path, folder: Path, known: bool) -> LocalFile:
    content = path.read_bytes()
    blobs = {hash_blob(content), hash_blob(content.replace(b"\r\n", b"\n"))}
    return LocalFile(str(path), str(path.relative_to(folder)), frozenset(blobs), known)
