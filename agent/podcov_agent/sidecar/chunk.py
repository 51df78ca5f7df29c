"""One chunk of the shared map: what has run in it, and the clearing of its bytes.

Owns the only map of a chunk in the sidecar. Never writes a byte that it did not see as 1. Called
by `reader`.
"""

from __future__ import annotations

import functools
import mmap
import os
import re
import stat
from typing import Any, Protocol

import podcov_agent
from podcov_agent.contract import CHUNK_BYTES
from podcov_agent.nativemap import load_native
from podcov_agent.record import Place
from podcov_agent.sidecar.lines import Source, from_bytes, numbits, to_bytes

SAFELY = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
"""How to open names in other people's folders: no link is followed, no pipe is waited for."""

_BITS_BYTES = CHUNK_BYTES // 8
_ZEROS = bytes(_BITS_BYTES)
_RUNS = re.compile(rb"\x01+").finditer


class _Mapped(Protocol):
    """The bytes of a chunk, as bits."""

    def bits(self) -> bytes:
        """Bit n % 8 of byte n / 8 is set where byte n of the chunk is 1."""

    def clear(self, bits: bytes) -> None:
        """Write 0 to the bytes whose bits are set, and to no byte beside them."""


class _PythonMap:
    """The same as the map in C, where that does not load. It takes some ten times as long."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._map = mmap.mmap(descriptor, size)

    def bits(self) -> bytes:
        return from_bytes(self._map[:]).to_bytes(_BITS_BYTES, "little")

    def clear(self, bits: bytes) -> None:
        for run in _RUNS(to_bytes(int.from_bytes(bits, "little"))):
            begin, end = run.span()
            self._map[begin:end] = bytes(end - begin)


class Chunk:
    """One mapped chunk and what was last seen in it."""

    def __init__(self, folder: int, name: str) -> None:
        """Raises OSError for what is no chunk: missing, a link, a pipe, another size."""
        descriptor = os.open(name, os.O_RDWR | SAFELY, dir_fd=folder)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError("no regular file")
            self._descriptor = descriptor
            self._check()
            self._map = _map(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._places: dict[Source, tuple[int, int, int]] = {}
        self._seen = _ZEROS
        self._lines: dict[Source, int] = {}
        self._cleared: dict[Source, int] = {}  # since it was last seen
        self._new = False

    def place(self, source: Source, place: Place) -> None:
        """From now on `source` is read here."""
        begin, end = place.base // 8, -(-(place.base + place.slots) // 8)  # bases are aligned
        self._places[source] = begin, end, (1 << place.slots) - 1
        self._new = True

    def read(self) -> dict[Source, int]:
        """The lines of every source placed here. The caller must not change them.

        Only pieces that differ from the last copy are unpacked. A source is unpacked at its first
        time in any case: its bytes may have been in the copy before its record was in the log.
        """
        try:
            self._check()
        except OSError:  # touching a truncated map would be the end of the sidecar
            return {s: n & ~self._cleared.get(s, 0) for s, n in self._lines.items()}
        bits, seen, lines = self._map.bits(), self._seen, self._lines
        self._cleared = {}
        if bits == seen and not self._new:
            return lines
        for source, (begin, end, own) in self._places.items():
            piece = bits[begin:end]
            if piece != seen[begin:end] or (self._new and source not in lines):
                found = int.from_bytes(piece, "little")
                lines[source] = found if found <= own else found & own
        self._seen, self._new = bits, False
        return lines

    def clear(self, marks: dict[Source, int]) -> None:
        """Write 0 to the bytes of these lines that were seen here.

        After a restart nothing was seen yet: then all that are in `marks`, which was written down
        before the bytes were to be cleared.
        """
        try:
            self._check()
        except OSError:
            self._lines = {}  # nothing can run here any more, and what ran is written down
            return
        bits = bytearray(_BITS_BYTES)
        for source, lines in marks.items():
            place = self._places.get(source)
            if place is None:
                continue
            begin, end, own = place
            known = self._lines.get(source)
            if lines == known:
                bits[begin:end] = self._seen[begin:end]  # as a rule: no need to pack them again
            else:
                packed = numbits(lines & (own if known is None else known))
                bits[begin : begin + len(packed)] = packed
        self._map.clear(bytes(bits))
        self._cleared = marks

    def _check(self) -> None:
        size = os.fstat(self._descriptor).st_size
        if size != CHUNK_BYTES:
            raise OSError(f"{size} bytes, expected {CHUNK_BYTES}")


def _map(descriptor: int) -> _Mapped:
    module = _native()
    mapped: _Mapped = (module.map_descriptor if module else _PythonMap)(descriptor, CHUNK_BYTES)
    return mapped


@functools.cache
def _native() -> Any:
    return load_native(os.path.dirname(podcov_agent.__file__))
