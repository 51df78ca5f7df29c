"""The containers' folders, read from outside: which sources there are and which lines have run.

Owns the folders, their logs and what became of them. Asks no process for anything. A folder is
other people's: whatever is odd in it (no log, torn records, a chunk of another size, a log begun
anew) is skipped and never raises. Called by `ledger`, under its lock.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TypedDict

from podcov_agent.contract import SPOOL_CHUNK, SPOOL_LOG
from podcov_agent.record import Log, LogShrunkError, Place
from podcov_agent.sidecar.chunk import SAFELY, Chunk
from podcov_agent.sidecar.lines import Exits, Marks, Source, add, read_exits


class Note(TypedDict):
    """Something that is not measured: a slug and the particulars."""

    slug: str
    detail: str


class Interpreter(TypedDict):
    """An interpreter that is measured in a container."""

    python: str
    implementation: str
    agent: str
    map: str


class _Epoch:
    """A log and its chunks, as long as nobody begins the folder anew."""

    def __init__(self, folder: int) -> None:
        """The log in the folder open at `folder`. Raises OSError: none, or no regular file.

        It stays open: nothing else can get its inode number while we compare with it.
        """
        self._descriptor = os.open(SPOOL_LOG, os.O_RDONLY | SAFELY, dir_fd=folder)
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            os.close(self._descriptor)
            raise OSError("the log is no regular file")
        self.log = Log()
        self._chunks: dict[int, Chunk] = {}
        self._waiting: list[tuple[Source, Place]] = []
        self.sources: list[Source] = []
        self._frozen = False

    def is_of(self, folder: int) -> bool:
        """Whether the folder's log is still this one."""
        named = os.stat(SPOOL_LOG, dir_fd=folder, follow_symlinks=False)
        return os.path.samestat(named, os.fstat(self._descriptor))

    def look(self, folder: int) -> None:
        """Take in new records, and chunks that have appeared since."""
        if self._frozen:
            return
        try:
            self.log.read(self._descriptor)
        except LogShrunkError:  # what is appended from now on is placed by other rules than ours
            self._frozen = True
            return
        if len(self.log.sources) > len(self.sources):
            for key, place in list(self.log.sources.items())[len(self.sources) :]:
                self.sources.append(Source(*key))
                self._waiting.append((self.sources[-1], place))
        if self._waiting:
            self._waiting = [w for w in self._waiting if not self._put(folder, *w)]

    def _put(self, folder: int, source: Source, place: Place) -> bool:
        chunk = self._chunks.get(place.chunk)
        if chunk is None:
            try:
                chunk = Chunk(folder, SPOOL_CHUNK % place.chunk)
            except OSError:
                return False  # nothing can be marked before the chunk is there
            self._chunks[place.chunk] = chunk
        chunk.place(source, place)
        return True

    def chunks(self) -> Iterable[Chunk]:
        """Those that are mapped."""
        return self._chunks.values()


class Container:
    """One container's folder. Earlier epochs are kept: older processes go on marking them."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._epochs: list[_Epoch] = []

    def look(self) -> None:
        """Take in what is new in the folder."""
        with contextlib.suppress(OSError):  # no folder, no log yet: nothing is measured here
            folder = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | SAFELY)
            try:
                if not self._epochs or not self._epochs[-1].is_of(folder):
                    self._epochs.append(_Epoch(folder))
                self._epochs[-1].look(folder)
            finally:
                os.close(folder)

    def read(self) -> dict[Source, int]:
        """The lines that the living bytes say; every source that is known is there."""
        out = dict.fromkeys(chain.from_iterable(epoch.sources for epoch in self._epochs), 0)
        for chunk in self._chunks():
            add(out, chunk.read())
        return out

    def clear(self, marks: dict[Source, int]) -> None:
        """Clear exactly the bytes of these lines."""
        for chunk in self._chunks():
            chunk.clear(marks)

    def _chunks(self) -> Iterator[Chunk]:
        return chain.from_iterable(epoch.chunks() for epoch in self._epochs)

    def exits(self) -> dict[Source, Exits]:
        """What the exits of each source mean whose branches are recorded."""
        told = chain.from_iterable(epoch.log.exits.items() for epoch in self._epochs)
        read = {Source(*key): read_exits(text) for key, text in told}
        return {source: exits for source, exits in read.items() if exits is not None}

    def notes(self) -> list[Note]:
        """The notes, as often as they were written."""
        found = (_strings(t, "slug", "detail") for e in self._epochs for t in e.log.notes.values())
        return [Note(slug=note[0], detail=note[1]) for note in found if note]

    def interpreters(self) -> list[Interpreter]:
        """The interpreters, each once."""
        names = ("python", "implementation", "agent", "map")
        found = (_strings(t, *names) for e in self._epochs for t in e.log.infos.values())
        distinct = dict.fromkeys(tuple(info) for info in found if info)
        return [Interpreter(python=p, implementation=i, agent=a, map=m) for p, i, a, m in distinct]


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

    def exits(self) -> dict[str, dict[Source, Exits]]:
        """What the exits mean, of each container's sources, as of the last `read`."""
        return {name: container.exits() for name, container in self._containers.items()}

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
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not all(isinstance(value.get(n), str) for n in names):
        return None
    return [value[name] for name in names]
