"""Which byte code Python would take for a source file: what `SourceLoader.get_code` decides.

Reads the head of the .pyc file and nothing else. Called by the import hook.
"""

from __future__ import annotations

import _imp
import os
import sys
from _frozen_importlib_external import MAGIC_NUMBER, cache_from_source
from _io import FileIO

CURRENT = "current"
"""There is a .pyc file of this very source, and Python takes it."""
ABSENT = "absent"
"""Python compiles the source, and may write a .pyc file."""
FOREIGN = "foreign"
"""Python takes a .pyc file without a check, and it is of another source."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import stat_result

_ANY = "any"
_places: dict[str, tuple[object, str, str]] = {}
"""Folder -> (sys.pycache_prefix, what stands before a module's name, and after it)."""

_open, _read, _close = os.open, os.read, os.close
_HASH_BASED, _CHECKED = 1, 2
_hash_source = _imp.source_hash


def examine(path: str, status: stat_result) -> str:
    """CURRENT, ABSENT or FOREIGN, for the source file `path`, whose status is given. OSError."""
    try:
        fd = _open(_place_of(path), os.O_RDONLY | os.O_CLOEXEC)
    except (NotImplementedError, OSError):
        return ABSENT
    try:
        header = _read(fd, 16)
    except OSError:  # it is a folder
        return ABSENT
    finally:
        _close(fd)
    flags = int.from_bytes(header[4:8], "little")
    if len(header) < 16 or header[:4] != MAGIC_NUMBER or flags > _HASH_BASED | _CHECKED:
        return ABSENT
    if not flags & _HASH_BASED:
        stamp = int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF
        seen = int.from_bytes(header[8:12], "little"), int.from_bytes(header[12:], "little")
        return CURRENT if seen == stamp else ABSENT
    with FileIO(path) as file:
        hashed = _hash_source(int.from_bytes(MAGIC_NUMBER, "little"), file.readall())
    if header[8:] == hashed:
        return CURRENT
    policy = _imp.check_hash_based_pycs
    checked = policy == "always" or (policy == "default" and flags & _CHECKED)
    return ABSENT if checked else FOREIGN


def _place_of(path: str) -> str:
    """As `cache_from_source`, which is asked once per folder: its answers differ in the name only.

    Raises NotImplementedError where there are no .pyc files.
    """
    folder, slash, name = path.rpartition("/")
    if not slash or name[-3:] != ".py" or name == ".py":
        return cache_from_source(path)
    prefix = getattr(sys, "pycache_prefix", None)
    known = _places.get(folder)
    if known is None or known[0] is not prefix:
        before, _, after = cache_from_source(f"{folder}/{_ANY}.py").rpartition(_ANY)
        known = _places[folder] = prefix, before, after
    return f"{known[1]}{name[:-3]}{known[2]}"
