"""A container's folder as its measured processes write it, without an application.

Owns the writing side in tests of the sidecar; records and places are the agent's own `record`.
Called by tests and benchmarks.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Iterable
from pathlib import Path

from podcov_agent import record
from podcov_agent.contract import (
    CHUNK_BYTES,
    RECORD_INTERPRETER,
    RECORD_NOTE,
    RECORD_SOURCE,
    SPOOL_CHUNK,
    SPOOL_LOG,
)

BLOB = "a" * 40


class Writer:
    """One measured process: it registers sources and marks their lines."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._log = record.Log()
        self._chunks: dict[int, mmap.mmap] = {}

    def register(self, path: str, slots: int = 100, blob: str = BLOB) -> tuple[mmap.mmap, int]:
        """The map and base of a source: line n is marked by `map[base + n] = 1`."""
        self.append(record.encode(RECORD_SOURCE, blob, slots, path))
        descriptor = os.open(self.folder / SPOOL_LOG, os.O_RDONLY)
        try:
            self._log.read(descriptor)
        finally:
            os.close(descriptor)
        place = self._log.sources[path, blob]
        return self._chunk(place.chunk), place.base

    def run(self, path: str, *lines: int, slots: int = 100, blob: str = BLOB) -> None:
        """Let these lines of a source run; it is registered if need be."""
        chunk, base = self.register(path, slots, blob)
        for line in lines:
            chunk[base + line] = 1

    def note(self, slug: str, detail: str) -> None:
        """Write a note."""
        self.append(record.encode(RECORD_NOTE, json.dumps({"slug": slug, "detail": detail})))

    def interpreter(self, python: str) -> None:
        """Write that an interpreter of this version is measured."""
        what = {"python": python, "implementation": "cpython", "agent": "0.1.0"}
        what["map"] = "native"
        self.append(record.encode(RECORD_INTERPRETER, json.dumps(what)))

    def append(self, data: bytes) -> None:
        """Append any bytes to the log in one write."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        descriptor = os.open(self.folder / SPOOL_LOG, flags, 0o666)
        try:
            os.write(descriptor, data)
        finally:
            os.close(descriptor)

    def _chunk(self, number: int) -> mmap.mmap:
        if number not in self._chunks:
            path = self.folder / (SPOOL_CHUNK % number)
            if not path.exists():
                temporary = path.with_suffix(f".{os.getpid()}.tmp")
                temporary.write_bytes(bytes(CHUNK_BYTES))
                try:
                    os.link(temporary, path)
                except FileExistsError:
                    pass  # another process was first: its chunk is as good
                finally:
                    temporary.unlink()
            with path.open("r+b") as file:
                self._chunks[number] = mmap.mmap(file.fileno(), CHUNK_BYTES)
        return self._chunks[number]


def lines_of(bits: int) -> set[int]:
    """The line numbers of the sidecar's integers."""
    return {number for number, digit in enumerate(bin(bits)[:1:-1]) if digit == "1"}


def bits_of(lines: Iterable[int]) -> int:
    """The sidecar's integer of these line numbers."""
    return sum(1 << line for line in set(lines))
