"""The shared map of a container's lines, as the application's process sees it.

The only file that touches the spool's log and chunks there. It keeps no descriptor, takes no lock
and starts nothing; every failure is a NotMeasuredError. `measure` asks it for places.
"""

from __future__ import annotations

import os
import sys
from errno import EDQUOT, ENOSPC
from stat import S_ISREG

from podcov_agent import errors
from podcov_agent.contract import (
    CHUNK_BYTES,
    MAP_NATIVE,
    MAP_PYTHON,
    RECORD_BRANCHES,
    RECORD_EXITS_LIMIT,
    RECORD_INTERPRETER,
    RECORD_NOTE,
    RECORD_SOURCE,
    SPOOL_CHUNK,
    SPOOL_LOG,
    VERSION,
)
from podcov_agent.flatjson import to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from podcov_agent import record

# Private copies: a test of the application may replace these while its code is being imported.
_open, _close, _write = os.open, os.close, os.write
_fstat, _fchmod, _link, _unlink = os.fstat, os.fchmod, os.link, os.unlink
_getpid, _pread = os.getpid, os.pread

_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW
_NOTES_LIMIT = 500
_FULL = (ENOSPC, EDQUOT)


class Spool:
    """A container's folder. One per process; a forked child goes on with its parent's.

    `native` is the module written in C, whose maps are taken instead of those of `pymap`.
    """

    def __init__(self, folder: str, native: Any = None) -> None:
        self._folder = folder
        self._kind, self._maps = MAP_NATIVE, native
        if native is None:
            from podcov_agent import pymap  # not needed elsewhere, and mmap costs

            self._kind, self._maps = MAP_PYTHON, pymap
        self._log: record.Log | None = None
        self._chunks: dict[int, Any] = {}

    def place(self, path: str, blob: str, slots: int, exits: str | None = None) -> tuple[Any, int]:
        """(map, base) of a source: line n has run once byte `base + n` is 1. NotMeasuredError.

        `exits` says what the bytes after the lines mean, if branches are marked.
        """
        if slots > CHUNK_BYTES or len(exits or "") > RECORD_EXITS_LIMIT:
            what = "lines" if exits is None else "lines and branches"
            detail = f"{path}: {slots - 1} {what}, at most {CHUNK_BYTES - 1}"
            raise errors.NotMeasuredError(errors.TOO_MANY_LINES, detail)
        try:
            known = self._log and self._log.sources.get((path, blob))
            place = known or self._register(path, blob, slots, exits)
            if place.slots < slots:
                raise OSError(0, f"recorded with {place.slots} bytes, {slots} are needed")
            return self._chunk(place.chunk), place.base
        except OSError as error:
            if not errors.is_ours(error):
                raise
            slug = errors.SPOOL_FULL if error.errno in _FULL else errors.SPOOL_UNUSABLE
            raise errors.NotMeasuredError(slug, f"{path}: {error}") from None

    def note(self, slug: str, detail: str) -> None:
        """Say in the log, once, what is not measured and why, if the log can be written."""
        text = to_json({"slug": slug, "detail": detail})
        try:
            fd = self._open_log()
            try:
                notes = self._read(fd).notes
                if len(notes) < _NOTES_LIMIT and text not in notes.values():
                    _append(fd, (RECORD_NOTE, text))
            finally:
                _close(fd)
        except BaseException as error:
            if not errors.is_ours(error):
                raise

    def announce(self) -> None:
        """Say in the log, once per container, that an interpreter like this one is measured."""
        python = "%d.%d.%d" % sys.version_info[:3]  # noqa: UP031 (of a slice)
        fields = {"python": python, "implementation": sys.implementation.name, "agent": VERSION}
        fields["map"] = self._kind
        text = to_json(fields)
        fd = self._open_log()
        try:  # announced at the log's start, as a rule
            known = text.encode("ascii") in _pread(fd, 4096, 0)
            if not known and text not in self._read(fd).infos.values():
                _append(fd, (RECORD_INTERPRETER, text))
        finally:
            _close(fd)

    def _register(self, path: str, blob: str, slots: int, exits: str | None) -> record.Place:
        fd = self._open_log()
        try:
            if (path, blob) not in self._read(fd).sources:
                records: list[tuple[object, ...]] = [(RECORD_SOURCE, blob, slots, path)]
                if exits is not None:
                    records.append((RECORD_BRANCHES, blob, exits, path))
                _append(fd, *records)
            return self._read(fd).sources[path, blob]
        except KeyError:
            raise OSError(0, "the record does not appear in the log") from None
        finally:
            _close(fd)

    def _read(self, fd: int) -> record.Log:
        """What the log says now. Two threads may both begin one: each reads the same."""
        if self._log is None:
            from podcov_agent.record import Log  # late: a process may measure nothing

            self._log = Log()
        self._log.read(fd)
        return self._log

    def _open_log(self) -> int:
        name = os.path.join(self._folder, SPOOL_LOG)
        flags = os.O_RDWR | os.O_APPEND | os.O_NONBLOCK | _FLAGS
        try:
            return _open(name, flags)
        except FileNotFoundError:
            fd = _open(name, flags | os.O_CREAT, 0o666)
        _open_to_all(fd)
        return fd

    def _chunk(self, number: int) -> Any:
        chunk = self._chunks.get(number)
        if chunk is None:
            name = os.path.join(self._folder, SPOOL_CHUNK % number)
            chunk = self._chunks.setdefault(number, _map_chunk(name, self._maps))
        return chunk


def _append(fd: int, *records: tuple[object, ...]) -> None:
    """Add records, each a kind and its fields, by one write: they are whole, or none is there."""
    from podcov_agent.record import encode  # late, as above

    data = b"".join([encode(*record) for record in records])
    if _write(fd, data) != len(data):
        raise OSError(ENOSPC, "the log took only a part of a record")


def _open_to_all(fd: int) -> None:
    """Whatever the umask: the sidecar and other processes of the container may have other uids."""
    try:  # noqa: SIM105 (contextlib is not imported here)
        _fchmod(fd, 0o666)
    except PermissionError:
        pass


def _map_chunk(name: str, maps: Any) -> Any:
    flags = os.O_RDWR | os.O_NONBLOCK | _FLAGS
    try:
        fd = _open(name, flags)
    except FileNotFoundError:
        _create_chunk(name)
        fd = _open(name, flags)
    try:
        status = _fstat(fd)
        if status.st_size != CHUNK_BYTES or not S_ISREG(status.st_mode):
            raise OSError(0, f"{name} has {status.st_size} bytes, expected {CHUNK_BYTES}")
        return maps.map_descriptor(fd, CHUNK_BYTES)
    finally:
        _close(fd)


def _create_chunk(name: str) -> None:
    """A chunk gets its name when all its zeros are written: a full volume says so here, by ENOSPC.

    A file that is only as long as a chunk would kill the application later, by SIGBUS.
    """
    mine = object()  # threads, and a signal handler amid this, may be making the same chunk
    temporary = f"{name}.{_getpid()}.{id(mine)}.tmp"
    fd = _open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _FLAGS, 0o600)
    try:
        _open_to_all(fd)
        zeros = memoryview(bytes(CHUNK_BYTES))
        while zeros:
            zeros = zeros[_write(fd, zeros) :]
        _link(temporary, name)  # unlike rename, never replaces a chunk that others already use
    except FileExistsError:
        pass
    finally:
        _close(fd)
        _unlink(temporary)
