"""Which byte code Python would take for a source file: what `SourceLoader.get_code` decides.

Reads the head of the .pyc file and nothing else. Called by the import hook.
"""

from __future__ import annotations

import _imp
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

_HASH_BASED, _CHECKED = 1, 2
_hash_source = _imp.source_hash


def examine(path: str, status: stat_result) -> str:
    """CURRENT, ABSENT or FOREIGN, for the source file `path`, whose status is given. OSError."""
    try:
        with FileIO(cache_from_source(path)) as file:
            header = file.read(16)
    except (NotImplementedError, OSError):
        return ABSENT
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
