"""The spool's log: what a record looks like, and where the order of the records puts each source.

Pure, apart from reading the descriptor it is given: it opens, writes and closes nothing. `linemap`
uses it in the application, the sidecar's reader on the other side; both compute the same places
from the same bytes. It is loaded for the first file that is measured, as crc32 is not built in.
"""

from __future__ import annotations

import os
from binascii import crc32

from podcov_agent.contract import (
    CHUNK_BYTES,
    RECORD_BRANCHES,
    RECORD_INTERPRETER,
    RECORD_NOTE,
    RECORD_SOURCE,
    SLOT_ALIGN,
)

_READ_BYTES = 1 << 18
_PREFIX_BYTES = 9  # eight hex digits and a blank
_pread = os.pread
_fstat = os.fstat


class LogShrunkError(OSError):
    """Somebody truncated the log: the places read from it may belong to other sources now."""


class Place:
    """Where a source's bytes are: line n is byte `base + n` of chunk number `chunk`.

    `slots` bytes are its own; `offset` is where its record begins in the log.
    """

    __slots__ = ("base", "chunk", "offset", "slots")

    def __init__(self, chunk: int, base: int, slots: int, offset: int) -> None:
        self.chunk = chunk
        self.base = base
        self.slots = slots
        self.offset = offset

    def __repr__(self) -> str:
        return f"Place(chunk={self.chunk}, base={self.base}, slots={self.slots})"


def encode(kind: object, *fields: object) -> bytes:
    """One record, to be appended by a single write.

    It begins with a newline, so that a torn record before it spoils nothing but itself.
    """
    body = " ".join([str(kind), *map(str, fields)])
    data = body.replace("\\", "\\\\").replace("\n", "\\n").encode("utf-8", "surrogateescape")
    return b"\n%08x %s\n" % (crc32(data), data)


def decode(line: bytes) -> str | None:
    """The body of a record, given without its newlines; None if the line is not a whole record."""
    data = line[_PREFIX_BYTES:]
    if not data or line[:_PREFIX_BYTES] != b"%08x " % crc32(data):
        return None
    parts = data.decode("utf-8", "surrogateescape").split("\\\\")
    return "\\".join([part.replace("\\n", "\n") for part in parts])


class Log:
    """What the log says so far. `read` takes in what was appended since.

    `sources` has the place of each (real path, git blob hash), and `exits` what the B record of
    such a source says; `notes` and `infos` have the JSON text of each N and I record by its offset.
    There is no lock: threads, signal handlers and a fork in the middle of `read` may all read at
    once, because a walk begins at a published position and gives the same result however often it
    is made.
    """

    def __init__(self) -> None:
        self.sources: dict[tuple[str, str], Place] = {}
        self.notes: dict[int, str] = {}
        self.infos: dict[int, str] = {}
        self.exits: dict[tuple[str, str], str] = {}
        self._position = (0, 0)  # offset of the first unread byte; first free byte of the map

    @property
    def chunks(self) -> int:
        """How many chunks the sources read so far need."""
        return -(-self._position[1] // CHUNK_BYTES)

    def read(self, fd: int) -> None:
        """Take in what was appended to the log open at `fd`. Raises LogShrunkError, OSError."""
        offset, free = self._position
        if _fstat(fd).st_size < offset:
            raise LogShrunkError(f"the log has {_fstat(fd).st_size} bytes, {offset} were read")
        while True:
            data = _pread(fd, _READ_BYTES, offset)
            end = data.rfind(b"\n") + 1
            if not end and len(data) == _READ_BYTES:
                end = _READ_BYTES  # no record is that long
            if not end:
                break
            free = self._take_lines(data[:end], offset, free)
            offset += end
            self._position = (offset, free)

    def _take_lines(self, data: bytes, offset: int, free: int) -> int:
        for line in data.split(b"\n"):
            if line:
                body = decode(line)
                if body is not None:
                    free = self._take(body, offset, free)
            offset += len(line) + 1
        return free

    def _take(self, body: str, offset: int, free: int) -> int:
        kind, _, rest = body.partition(" ")
        if kind == RECORD_SOURCE:
            return self._take_source(rest, offset, free)
        if kind == RECORD_NOTE:
            self.notes[offset] = rest
        elif kind == RECORD_INTERPRETER:
            self.infos[offset] = rest
        elif kind == RECORD_BRANCHES and rest.count(" ") > 1:
            blob, exits, path = rest.split(" ", 2)
            self.exits.setdefault((path, blob), exits)
        return free

    def _take_source(self, rest: str, offset: int, free: int) -> int:
        """The first record of a (path, blob) counts; its place follows from those before it."""
        try:
            blob, count, path = rest.split(" ", 2)
            slots = int(count)
        except ValueError:
            return free
        known = self.sources.get((path, blob))
        if not 0 < slots <= CHUNK_BYTES or (known is not None and known.offset < offset):
            return free
        if free % CHUNK_BYTES + slots > CHUNK_BYTES:
            free += CHUNK_BYTES - free % CHUNK_BYTES
        self.sources[path, blob] = Place(*divmod(free, CHUNK_BYTES), slots, offset)
        return free + -(-slots // SLOT_ALIGN) * SLOT_ALIGN
