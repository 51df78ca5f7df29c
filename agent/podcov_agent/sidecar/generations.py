"""The ended generations: small files in the sidecar's own folder, and nothing else.

A generation's file also carries the sessions as they stood when it ended, so that a turn is one
atomic write. `turn` writes `gen.pending`, lets the caller clear what was written down, and gives
the file its name; a pending file that is found later is finished first. On a memory volume files
cannot outlive the node any more than the map can, so nothing is synced. A file that cannot be read
costs what is in it and nothing else: it counts as a generation in which nothing ran, and `damaged`
names it. Called by `ledger`, under its lock.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable
from dataclasses import replace

from podcov_agent.sidecar import archive
from podcov_agent.sidecar.errors import GenerationMergedError, SpoolWriteFailedError
from podcov_agent.sidecar.lines import Marks, unite
from podcov_agent.sidecar.retention import DEFAULT, Ended, Limits, Sessions, plan_merge

_NAME = re.compile(r"gen\.(\d+)-(\d+)\Z")
_PENDING = "gen.pending"
_ASIDE = "damaged."
_TEMPORARY = ".tmp"
_CACHED_UNIONS = 4


class Generations:
    """The folder of one sidecar. Not safe for threads: its owner holds a lock."""

    def __init__(self, folder: str, limits: Limits = DEFAULT) -> None:
        self._folder, self._limits = folder, limits
        self.damaged: dict[str, str] = {}
        """Name of a file that cannot be read -> why."""
        self._startup: Marks | None = None
        self._unions: dict[int, tuple[int, Marks]] = {}
        self._ended = self._find()
        self.sessions = self._last_sessions()

    @property
    def current(self) -> int:
        """The number of the living generation."""
        return self._ended[-1].last + 1 if self._ended else 0

    def turn(self, marks: Marks, session: str | None, clear: Callable[[Marks], None]) -> None:
        """End the living generation with `marks`; `clear` is called once they are written down.

        Raises SpoolWriteFailedError: nothing is cleared, or `recover` finishes the turn.
        """
        sessions = self.sessions
        if session is not None:
            sessions = sessions.move(session, self.current + 1, self._limits.sessions)
        marks = {c: {s: n for s, n in some.items() if n} for c, some in marks.items()}
        record = archive.Record(self.current, self.current, sessions, marks)
        try:
            os.makedirs(self._folder, 0o700, exist_ok=True)
            self._write(_PENDING, record)
            self._finish(record, clear)
        except OSError as error:
            doing = f"writing down generation {self.current}"
            raise SpoolWriteFailedError.because(error, doing) from None
        with contextlib.suppress(OSError):  # no room to merge: the files that are there stay valid
            self._merge()

    def recover(self, clear: Callable[[Marks], None]) -> None:
        """Finish a turn that was written down and then interrupted; nothing to do otherwise.

        One that cannot be read is put aside: nobody knows which of its lines were cleared.
        """
        try:
            record = self._decode(_PENDING)
        except FileNotFoundError:
            return
        except archive.DamagedError as error:
            aside = f"{_ASIDE}{self.current}"
            self._rename(_PENDING, aside)
            self.damaged[aside] = str(error)
            return
        self._finish(record, clear)

    def _finish(self, record: archive.Record, clear: Callable[[Marks], None]) -> None:
        """Clear what is written down, then give the file its name."""
        clear(record.marks)
        name = Ended(record.first, record.last, 0).name
        self._rename(_PENDING, name)
        self._ended.append(Ended(record.first, record.last, self._size(name)))
        self.sessions = record.sessions

    def startup(self) -> Marks:
        """The lines of generation 0, empty while it lives. The caller must not change them."""
        if self._startup is None and self._ended:
            self._startup = self._load(self._ended[0]).marks
        return self._startup or {}

    def union(self, start: int, end: int | None = None) -> Marks:
        """The lines of the ended generations `start <= g < end`. The caller must not change them.

        Raises GenerationMergedError when a boundary is not known.
        """
        end = self.current if end is None else end
        known = {one.first for one in self._ended} | {self.current}
        for boundary in (start, end):
            if boundary not in known:
                raise GenerationMergedError(f"generation {boundary} was merged with its neighbours")
        upto, marks = self._unions.pop(start, (start, {}))
        if upto > end or upto not in known:  # not known: merged with what came after it
            upto, marks = start, {}
        for one in self._ended:
            if upto <= one.first < end:
                unite(marks, self._load(one).marks)
        self._unions[start] = (end, marks)
        while len(self._unions) > _CACHED_UNIONS:
            del self._unions[next(iter(self._unions))]
        return marks

    def _find(self) -> list[Ended]:
        """The ended generations in order; what an interrupted merge left behind is removed."""
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return []
        spans = sorted(
            ((int(m[1]), int(m[2])) for m in map(_NAME.match, names) if m),
            key=lambda span: (span[0], -span[1]),
        )
        for name in names:
            if name.endswith(_TEMPORARY):
                self._remove(name)
        self.damaged = {name: "put aside" for name in names if name.startswith(_ASIDE)}
        ended: list[Ended] = []
        for first, last in spans:
            one = Ended(first, last, self._size(Ended(first, last, 0).name))
            begins = ended[-1].last + 1 if ended else 0
            if last < begins:
                self._remove(one.name)
                continue
            if begins < first:
                ended.append(Ended(begins, first - 1, 0))
                self.damaged[ended[-1].name] = "missing"
            ended.append(one)
        return ended

    def _last_sessions(self) -> Sessions:
        """The sessions as the newest readable file has them."""
        for lost, one in enumerate(reversed(self._ended)):
            record = self._load(one)
            if one.name not in self.damaged:  # what moved in a file that is lost was known once
                return replace(record.sessions, forgotten=True) if lost else record.sessions
        return Sessions(forgotten=bool(self._ended))

    def _merge(self) -> None:
        starts = {start for _, start in self.sessions.starts}
        for one in self._ended:
            if one.name in self.damaged:  # it stays alone, so that it is named for ever
                starts |= {one.first, one.last + 1}
        for group in plan_merge(self._ended, starts, self._limits):
            marks: Marks = {}
            for one in group:
                record = self._load(one)
                unite(marks, record.marks)
            if any(one.name in self.damaged for one in group):
                self._merge()  # it was not known when the plan was made
                break
            whole = Ended(group[0].first, group[-1].last, 0)
            self._write(whole.name, archive.Record(whole.first, whole.last, record.sessions, marks))
            at = self._ended.index(group[0])
            self._ended[at : at + len(group)] = [whole._replace(size=self._size(whole.name))]
            for one in group:
                os.unlink(self._path(one.name))

    def _write(self, name: str, record: archive.Record) -> None:
        try:
            with open(self._path(name + _TEMPORARY), "wb") as file:
                file.write(archive.encode(record))
            self._rename(name + _TEMPORARY, name)
        except OSError:
            self._remove(name + _TEMPORARY)
            raise

    def _load(self, one: Ended) -> archive.Record:
        """What ended there; nothing where the file cannot be read, which is remembered."""
        if one.name not in self.damaged:
            try:
                return self._decode(one.name)
            except (OSError, archive.DamagedError) as error:
                self.damaged[one.name] = str(error)
        return archive.Record(one.first, one.last, Sessions(), {})

    def _decode(self, name: str) -> archive.Record:
        """The content of a file. Raises OSError, archive.DamagedError."""
        with open(self._path(name), "rb") as file:
            return archive.decode(file.read())

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)

    def _size(self, name: str) -> int:
        return os.stat(self._path(name)).st_size

    def _remove(self, name: str) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self._path(name))

    def _rename(self, old: str, new: str) -> None:
        os.replace(self._path(old), self._path(new))
