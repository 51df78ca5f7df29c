"""The shared map of a container's lines, as the application's process sees it.

The only file that touches the spool's log and chunks there. It keeps no descriptor, takes no lock
and starts nothing; every failure is a NotMeasuredError. `measure` asks it for places.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident
from errno import EDQUOT, ENOSPC
from mmap import mmap
from stat import S_ISREG

from podcov_agent import errors, record
from podcov_agent.contract import (
    CHUNK_BYTES,
    MAP_NATIVE,
    MAP_PYTHON,
    SPOOL_CHUNK,
    SPOOL_LOG,
    VERSION,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Private copies: a test of the application may replace these while its code is being imported.
_open, _close, _write, _dup = os.open, os.close, os.write, os.dup
_fstat, _fchmod, _link, _unlink = os.fstat, os.fchmod, os.link, os.unlink
_listdir, _getpid, _pread = os.listdir, os.getpid, os.pread

_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW
_NOTES_LIMIT = 500
_FULL = (ENOSPC, EDQUOT)


class Map(mmap):
    """The bytes of one chunk, fit to be a constant of a code object.

    Hashable by identity, as jinja2 and others put code objects into sets. Pickled by value, with
    the function that holds it, it arrives as an empty dict: `{}[line] = 1` works everywhere.
    """

    anchor: object = None

    def __reduce_ex__(self, protocol: object) -> tuple[type[dict[int, int]], tuple[()]]:
        return (dict, ())

    def __copy__(self) -> Map:
        return self

    def __deepcopy__(self, memo: object) -> Map:
        return self


class Spool:
    """A container's folder. One per process; a forked child goes on with its parent's.

    `native` is the module written in C, whose maps are taken instead of `Map`.
    """

    def __init__(self, folder: str, native: Any = None) -> None:
        self._folder = folder
        self._native = native
        self._log = record.Log()
        self._chunks: dict[int, Any] = {}

    def place(self, path: str, blob: str, slots: int, exits: str | None = None) -> tuple[Any, int]:
        """(map, base) of a source: line n has run once byte `base + n` is 1. NotMeasuredError.

        `exits` says what the bytes after the lines mean, if branches are marked.
        """
        if slots > CHUNK_BYTES or len(exits or "") > record.LONGEST_EXITS:
            what = "lines" if exits is None else "lines and branches"
            detail = f"{path}: {slots - 1} {what}, at most {CHUNK_BYTES - 1}"
            raise errors.NotMeasuredError(errors.TOO_MANY_LINES, detail)
        try:
            place = self._log.sources.get((path, blob)) or self._register(path, blob, slots, exits)
            if place.slots < slots:
                raise OSError(0, f"recorded with {place.slots} bytes, {slots} are needed")
            return self._chunk(place.chunk), place.base
        except OSError as error:
            slug = errors.SPOOL_FULL if error.errno in _FULL else errors.SPOOL_UNUSABLE
            raise errors.NotMeasuredError(slug, f"{path}: {error}") from None

    def note(self, slug: str, detail: str) -> None:
        """Say in the log, once, what is not measured and why, if the log can be written."""
        text = record.to_json({"slug": slug, "detail": detail})
        try:
            fd = self._open_log()
            try:
                self._log.read(fd)
                notes = self._log.notes
                if len(notes) < _NOTES_LIMIT and text not in notes.values():
                    _append(fd, record.encode(record.NOTE, text))
            finally:
                _close(fd)
        except OSError:
            pass

    def announce(self) -> None:
        """Say in the log, once per container, that an interpreter like this one is measured."""
        python = "%d.%d.%d" % sys.version_info[:3]  # noqa: UP031 (of a slice)
        fields = {"python": python, "implementation": sys.implementation.name, "agent": VERSION}
        fields["map"] = MAP_PYTHON if self._native is None else MAP_NATIVE
        line = record.encode(record.INTERPRETER, record.to_json(fields))
        fd = self._open_log()
        try:
            if line not in _pread(fd, 4096, 0):  # announced at the log's start, as a rule
                self._log.read(fd)
                if record.to_json(fields) not in self._log.infos.values():
                    _append(fd, line)
        finally:
            _close(fd)

    def _register(self, path: str, blob: str, slots: int, exits: str | None) -> record.Place:
        fd = self._open_log()
        try:
            self._log.read(fd)
            if (path, blob) not in self._log.sources:
                data = record.encode(record.SOURCE, blob, slots, path)
                if exits is not None:
                    data += record.encode(record.BRANCHES, blob, exits, path)
                _append(fd, data)
                self._log.read(fd)
            return self._log.sources[path, blob]
        except KeyError:
            raise OSError(0, "the record does not appear in the log") from None
        finally:
            _close(fd)

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
            chunk = self._chunks.setdefault(number, _map_chunk(name, self._native))
        return chunk


def _append(fd: int, data: bytes) -> None:
    if _write(fd, data) != len(data):
        raise OSError(ENOSPC, "the log took only a part of a record")


def _open_to_all(fd: int) -> None:
    """Whatever the umask: the sidecar and other processes of the container may have other uids."""
    try:  # noqa: SIM105 (contextlib is not imported here)
        _fchmod(fd, 0o666)
    except PermissionError:
        pass


def _map_chunk(name: str, native: Any) -> Any:
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
        return map_descriptor(fd) if native is None else native.map_descriptor(fd, CHUNK_BYTES)
    finally:
        _close(fd)


def _create_chunk(name: str) -> None:
    """A chunk gets its name when all its zeros are written: a full volume says so here, by ENOSPC.

    A file that is only as long as a chunk would kill the application later, by SIGBUS.
    """
    temporary = f"{name}.{_getpid()}.{get_ident()}.tmp"
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


def map_descriptor(fd: int) -> Map:
    """A shared map of the chunk open at `fd`. It keeps no descriptor, and it is never freed.

    Before 3.13 an mmap duplicates the descriptor and closes that number when it is freed. An
    application that closes all descriptors, as daemons do, would get the number for a file of its
    own and then lose that file. So the number is closed at once, and the map anchored for ever.
    """
    if sys.version_info >= (3, 13):
        chunk = Map(fd, CHUNK_BYTES, trackfd=False)
    else:
        guess = _dup(fd)  # the lowest free number, which mmap takes next
        _close(guess)
        chunk = Map(fd, CHUNK_BYTES)
        _close_duplicate(fd, guess)
    _anchor(chunk)
    return chunk


def _close_duplicate(fd: int, guess: int) -> None:
    if _is_same_file(fd, guess):
        _close(guess)
        return
    for name in _listdir("/proc/self/fd"):  # another thread took the number in between
        if int(name) != fd and _is_same_file(fd, int(name)):
            _close(int(name))
            return


def _is_same_file(fd: int, other: int) -> bool:
    try:
        a, b = _fstat(fd), _fstat(other)
    except OSError:
        return False
    return (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino)


def _anchor(chunk: Map) -> None:
    """Make `chunk` immortal: a cycle through a code object, which the collector does not enter."""
    code = _anchor.__code__
    chunk.anchor = code.replace(co_consts=(*code.co_consts, chunk))
