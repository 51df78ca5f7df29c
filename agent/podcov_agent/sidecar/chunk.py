"""One chunk of the shared map: what has run in it, and the clearing of its bytes.

Owns the only map of a chunk in the sidecar. Never writes a byte that it did not see as 1. Called
by `reader`.
"""

from __future__ import annotations

import mmap
import os
import re
import stat

from podcov_agent.contract import CHUNK_BYTES
from podcov_agent.record import Place
from podcov_agent.sidecar.lines import Source, from_bytes, to_bytes

SAFELY = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
"""How to open names in other people's folders: no link is followed, no pipe is waited for."""

_ZEROS = bytes(CHUNK_BYTES)
_RUNS = re.compile(rb"\x01+").finditer


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
            self._map = mmap.mmap(descriptor, CHUNK_BYTES)
        except BaseException:
            os.close(descriptor)
            raise
        self._places: list[tuple[Source, Place]] = []
        self._seen = _ZEROS
        self._lines: dict[Source, int] = {}

    def place(self, source: Source, place: Place) -> None:
        """From now on `source` is read here."""
        self._places.append((source, place))

    def read(self) -> dict[Source, int]:
        """The lines of every source placed here. The caller must not change them.

        Only pieces that differ from the last copy are unpacked. A source is unpacked at its first
        time in any case: its bytes may have been in the copy before its record was in the log.
        """
        try:
            self._check()
        except OSError:  # touching a truncated map would be the end of the sidecar
            return self._lines
        copy, seen, lines = self._map[:], self._seen, self._lines
        if copy == seen and len(lines) == len(self._places):
            return lines
        for source, place in self._places:
            begin, end = place.base, place.base + place.slots
            piece = copy[begin:end]
            if source not in lines or piece != seen[begin:end]:
                lines[source] = from_bytes(piece)
        self._seen = copy
        return lines

    def clear(self, marks: dict[Source, int]) -> None:
        """Write 0 to exactly the bytes of these lines, and to no byte beside them."""
        try:
            self._check()
        except OSError:
            self._lines = {}  # nothing can run here any more, and what ran is written down
            return
        for source, place in self._places:
            lines = marks.get(source, 0)
            if lines:
                for run in _RUNS(to_bytes(lines)):
                    begin, end = run.span()
                    self._map[place.base + begin : place.base + end] = bytes(end - begin)

    def _check(self) -> None:
        size = os.fstat(self._descriptor).st_size
        if size != CHUNK_BYTES:
            raise OSError(f"{size} bytes, expected {CHUNK_BYTES}")
