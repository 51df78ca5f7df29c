"""Code kept between the processes of a container, in the spool's `code` folder.

Each file holds one marshalled value under a key that names all it depends on, with a checksum.
It is written under another name first, so it is whole or not there, and only its writer's user
reads it. A volume that is nearly full gets no more of them: the map needs the room. `measure` and
`boot` keep code here; nothing else may write to that folder.
"""

from __future__ import annotations

import marshal
import os
from _thread import get_ident

from podcov_agent.binding import REWRITER, STORE
from podcov_agent.boot import INTERPRETER, checksum, load_kept
from podcov_agent.contract import SPOOL_CODE
from podcov_agent.errors import is_ours

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

LIMIT_BYTES = 64 << 20
"""The folder may grow to this; whoever starts with a fuller one adds nothing."""

RESERVE_BYTES = 256 << 20
"""Code is kept on a volume that has this much left, or half of itself: the map needs the rest."""

_open, _close, _write, _rename, _unlink = os.open, os.close, os.write, os.rename, os.unlink
_mkdir, _chmod, _scandir, _statvfs = os.mkdir, os.chmod, os.scandir, os.statvfs
_getpid, _geteuid = os.getpid, os.geteuid
_dumps = marshal.dumps

UNNUMBERED = -1


class Kept:
    """Rewritten code: its lines are numbered from `base` in the map, which is still a placeholder.

    With `base` UNNUMBERED, the code is packed: the map in C puts all in at any base.
    `blob`: git's hash of the source; `slots`: how many bytes of the map it takes; `exits`: what
    those after the lines mean, if branches are marked.
    """

    __slots__ = ("base", "blob", "code", "exits", "slots")

    def __init__(
        self, code: CodeType, slots: int, base: int, blob: str, exits: str | None = None
    ) -> None:
        self.code = code
        self.slots = slots
        self.base = base
        self.blob = blob
        self.exits = exits


class Cache:
    """Code with probes of one form, not bound to a map yet, of the sources of one container.

    Code with marks of `branches` is kept beside code without.
    """

    def __init__(
        self,
        spool: str,
        form: str = STORE,
        branches: bool = False,
        limit_bytes: int = LIMIT_BYTES,
    ) -> None:
        self._folder = os.path.join(spool, SPOOL_CODE)
        self._form = f"{INTERPRETER} {REWRITER} {form}{' branches' if branches else ''}"
        self._limit_bytes = limit_bytes
        self._used_bytes: int | None = None

    def load(self, path: str, stamp: str) -> Kept | None:
        """The code of the source with this stamp, compiled as `path`; None: not here."""
        kept = load_kept(*self._name_and_key(path, stamp))
        return None if kept is None else Kept(**kept)

    def store(self, path: str, stamp: str, kept: Kept) -> None:
        """Keep it, if there is room."""
        if self._used_bytes is None:
            self._used_bytes = _bytes_in(self._folder)
        if self._used_bytes < self._limit_bytes:
            value = {name: getattr(kept, name) for name in Kept.__slots__}
            self._used_bytes += keep(*self._name_and_key(path, stamp), value)

    def _name_and_key(self, path: str, stamp: str) -> tuple[str, str]:
        head = f"{self._form} {path}"
        mark = checksum(head.encode("utf-8", "surrogateescape"))
        name = f"{mark.hex()}.{INTERPRETER}.{_geteuid()}"
        return f"{self._folder}/{name}", f"{head} {stamp}"


def keep(name: str, key: str, value: dict[str, Any]) -> int:
    """Write `value` for `boot.load_kept`. The bytes written; 0 if that is impossible."""
    body = _dumps(value)
    data = key.encode("utf-8", "surrogateescape") + b"\n" + checksum(body) + b"\n" + body
    temporary = f"{name}.{_getpid()}.{get_ident()}.tmp"
    folder = os.path.dirname(name)
    try:
        if not _has_room(os.path.dirname(folder)):
            return 0
        _make(folder)
        return len(data) if _write_whole(temporary, name, data) else 0
    except OSError as error:
        if not is_ours(error):
            raise
        return 0


def _has_room(folder: str) -> bool:
    volume = _statvfs(folder)
    free = volume.f_bavail * volume.f_frsize
    return free > RESERVE_BYTES or volume.f_bavail * 2 > volume.f_blocks


def _make(folder: str) -> None:
    try:
        _mkdir(folder)
        _chmod(folder, 0o1777)  # every user of the container adds files, nobody removes another's
    except FileExistsError:
        pass


def _write_whole(temporary: str, name: str, data: bytes) -> bool:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    fd = _open(temporary, flags, 0o600)
    try:
        whole = _write(fd, data) == len(data)
    except OSError:
        whole = False
    finally:
        _close(fd)
    if whole:
        _rename(temporary, name)
    else:
        _unlink(temporary)
    return whole


def _bytes_in(folder: str) -> int:
    try:
        with _scandir(folder) as entries:
            return sum([entry.stat(follow_symlinks=False).st_size for entry in entries])
    except OSError:
        return 0
