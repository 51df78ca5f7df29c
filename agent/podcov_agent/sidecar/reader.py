"""The containers' folders, read from outside: which sources there are and which lines have run.

Owns the only maps of the chunks in the sidecar, and the clearing of their bytes. Asks no process
for anything. A folder is other people's: whatever is odd in it (no log, torn records, a chunk of
another size, a log begun anew) is skipped and never raises. Called by `ledger`, under its lock.
"""

from __future__ import annotations

import json
import mmap
import os
import stat
from collections.abc import Iterable
from typing import TypedDict

from podcov_agent.contract import CHUNK_BYTES, SPOOL_CHUNK, SPOOL_LOG
from podcov_agent.record import Log, LogShrunkError, Place
from podcov_agent.sidecar.lines import Marks, Source, from_bytes, runs

_ZEROS = bytes(CHUNK_BYTES)
_OPEN = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY


class Note(TypedDict):
    """Something that is not measured: a slug and the particulars."""

    slug: str
    detail: str


class Interpreter(TypedDict):
    """An interpreter that is measured in a container."""

    python: str
    implementation: str
    agent: str


class _Chunk:
    """One mapped chunk and what was last seen in it."""

    def __init__(self, folder: int, name: str) -> None:
        """Raises OSError for what is no chunk: missing, a link, a pipe, another size."""
        descriptor = os.open(name, os.O_RDWR | _OPEN, dir_fd=folder)
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
            return
        for source, place in self._places:
            for begin, end in runs(marks.get(source, 0)):
                self._map[place.base + begin : place.base + end] = _ZEROS[begin:end]

    def _check(self) -> None:
        size = os.fstat(self._descriptor).st_size
        if size != CHUNK_BYTES:
            raise OSError(f"{size} bytes, expected {CHUNK_BYTES}")


class _Epoch:
    """A log and its chunks, as long as nobody begins the folder anew."""

    def __init__(self, identity: tuple[int, int]) -> None:
        self.identity = identity
        self.log = Log()
        self._chunks: dict[int, _Chunk] = {}
        self._waiting: list[tuple[Source, Place]] = []
        self._taken = 0
        self._frozen = False

    def look(self, folder: int, log: int) -> None:
        """Take in new records, and chunks that have appeared since."""
        if self._frozen:
            return
        try:
            self.log.read(log)
        except LogShrunkError:  # what is appended from now on is placed by other rules than ours
            self._frozen = True
            return
        for key, place in list(self.log.sources.items())[self._taken :]:
            self._waiting.append((Source(*key), place))
            self._taken += 1
        if self._waiting:
            self._waiting = [w for w in self._waiting if not self._put(folder, *w)]

    def _put(self, folder: int, source: Source, place: Place) -> bool:
        chunk = self._chunks.get(place.chunk)
        if chunk is None:
            try:
                chunk = _Chunk(folder, SPOOL_CHUNK % place.chunk)
            except OSError:
                return False  # nothing can be marked before the chunk is there
            self._chunks[place.chunk] = chunk
        chunk.place(source, place)
        return True

    def chunks(self) -> Iterable[_Chunk]:
        """Those that are mapped."""
        return self._chunks.values()


class Container:
    """One container's folder. Earlier epochs are kept: older processes go on marking them."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._epochs: list[_Epoch] = []

    def look(self) -> None:
        """Take in what is new in the folder."""
        try:
            folder = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | _OPEN)
        except OSError:
            return
        try:
            self._look_into(folder)
        finally:
            os.close(folder)

    def _look_into(self, folder: int) -> None:
        try:
            log = os.open(SPOOL_LOG, os.O_RDONLY | _OPEN, dir_fd=folder)
        except OSError:
            return
        try:
            status = os.fstat(log)
            if not stat.S_ISREG(status.st_mode):
                return
            identity = (status.st_dev, status.st_ino)
            if not self._epochs or self._epochs[-1].identity != identity:
                self._epochs.append(_Epoch(identity))
            self._epochs[-1].look(folder, log)
        except OSError:
            return
        finally:
            os.close(log)

    def read(self) -> dict[Source, int]:
        """The lines that the living bytes say; every source that is known is there."""
        out = dict.fromkeys(self.sources(), 0)
        for epoch in self._epochs:
            for chunk in epoch.chunks():
                for source, lines in chunk.read().items():
                    out[source] |= lines
        return out

    def clear(self, marks: dict[Source, int]) -> None:
        """Clear exactly the bytes of these lines."""
        for epoch in self._epochs:
            for chunk in epoch.chunks():
                chunk.clear(marks)

    def sources(self) -> list[Source]:
        """Every source that was ever recorded here, in the order of the log."""
        return list({Source(*key): None for epoch in self._epochs for key in epoch.log.sources})

    def notes(self) -> list[Note]:
        """The notes, as often as they were written."""
        found = (_strings(t, "slug", "detail") for e in self._epochs for t in e.log.notes.values())
        return [Note(slug=note[0], detail=note[1]) for note in found if note]

    def interpreters(self) -> list[Interpreter]:
        """The interpreters, each once."""
        names = ("python", "implementation", "agent")
        found = (_strings(t, *names) for e in self._epochs for t in e.log.infos.values())
        distinct = dict.fromkeys(tuple(info) for info in found if info)
        return [Interpreter(python=p, implementation=i, agent=a) for p, i, a in distinct]


class Spool:
    """All containers of the pod: the folders in one folder."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._containers: dict[str, Container] = {}

    def read(self) -> Marks:
        """The living lines of every container at this moment. May be changed by the caller."""
        self._look()
        return {name: container.read() for name, container in self._containers.items()}

    def clear(self, marks: Marks) -> None:
        """Clear exactly the bytes of these lines; used after a restart as well."""
        self._look()
        for name, sources in marks.items():
            if name in self._containers:
                self._containers[name].clear(sources)

    def sources(self) -> dict[str, list[Source]]:
        """The sources of each container, as of the last `read`."""
        return {name: container.sources() for name, container in self._containers.items()}

    def notes(self) -> dict[str, list[Note]]:
        """The notes of each container, as of the last `read`."""
        return {name: container.notes() for name, container in self._containers.items()}

    def interpreters(self) -> dict[str, list[Interpreter]]:
        """The interpreters of each container, as of the last `read`."""
        return {name: container.interpreters() for name, container in self._containers.items()}

    def _look(self) -> None:
        try:
            names = sorted(os.listdir(self._path))
        except OSError:
            names = []
        for name in names:
            path = os.path.join(self._path, name)
            if name not in self._containers and not name.startswith(".") and os.path.isdir(path):
                self._containers[name] = Container(path)
        for container in self._containers.values():
            container.look()


def _strings(text: str, *names: str) -> list[str] | None:
    """The values of these names in a JSON object; None where it is none or lacks one."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    if not isinstance(value, dict) or not all(isinstance(value.get(n), str) for n in names):
        return None
    return [value[name] for name in names]
