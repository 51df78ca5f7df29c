"""Knows which installed packages are the user's own: installed from a local directory or from
version control, as `direct_url.json` (PEP 610) tells.

Reads a site-packages folder once, when it is first asked about. Called by scope only.
"""

from __future__ import annotations

import os
from os.path import join, realpath

from podcov_agent.flatjson import from_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator


class LocalInstalls:
    """What was found so far; folders are real paths."""

    __slots__ = ("_files", "_folders", "_roots")

    def __init__(self) -> None:
        self._files: dict[str, frozenset[str]] = {}
        self._folders: dict[str, frozenset[str]] = {}
        self._roots: dict[str, tuple[str, ...]] = {}

    def owns(self, folder: str, real: str) -> bool:
        """Was the file `real`, below the site-packages `folder`, installed by a local package?"""
        self._look_into(folder)
        return real in self._files[folder]

    def owns_in(self, folder: str, inner: str) -> bool:
        """Might `owns` say yes for a file right in `inner`, a folder below (with a slash)?"""
        self._look_into(folder)
        return inner in self._folders[folder]

    def editable_roots(self, folder: str) -> tuple[str, ...]:
        """Source folders, each with a slash at its end, of the editable installs in `folder`."""
        self._look_into(folder)
        return self._roots[folder]

    def _look_into(self, folder: str) -> None:
        if folder in self._files:
            return
        files: set[str] = set()
        roots: list[str] = []
        for info in _infos(folder):
            origin = _origin(info)
            directory, vcs = origin.get("dir_info"), origin.get("vcs_info")
            if isinstance(directory, dict) or isinstance(vcs, dict):
                files.update(join(folder, name) for name in _recorded(info))
            if isinstance(directory, dict) and directory.get("editable"):
                roots.append(join(realpath(_path_of(str(origin.get("url")))), ""))
        self._folders[folder] = frozenset(f[: f.rfind("/") + 1] for f in files)
        self._files[folder], self._roots[folder] = frozenset(files), tuple(roots)


def _infos(folder: str) -> Iterator[str]:
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        if name.endswith(".dist-info"):
            yield join(folder, name)


def _origin(info: str) -> dict[str, Any]:
    text = _read(join(info, "direct_url.json"))
    if not text:
        return {}
    try:
        origin = from_json(text)
    except ValueError:
        return {}
    return origin if isinstance(origin, dict) else {}


def _recorded(info: str) -> Iterator[str]:
    """The files of a package, relative to its site-packages: first column of a CSV file."""
    for row in _read(join(info, "RECORD")).splitlines():
        if row.startswith('"'):
            yield row[1:].partition('",')[0].replace('""', '"')
        else:
            yield row.partition(",")[0]


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "surrogateescape")
    except OSError:
        return ""


def _path_of(url: str) -> str:
    """The path in a file URL; urllib is too dear."""
    first, *rest = os.fsencode(url.partition("file://")[2]).split(b"%")
    return os.fsdecode(first + b"".join(map(_decoded, rest)))


def _decoded(part: bytes) -> bytes:
    """What stands behind a %, which may be a mere %."""
    try:
        return bytes.fromhex(part[:2].decode("ascii")) + part[2:]
    except ValueError:
        return b"%" + part
