"""The ended generations: small files in the sidecar's own folder, and nothing else.

A generation's file also carries the sessions as they stood when it ended, so that a turn is one
atomic write. `turn` writes `gen.pending`, lets the caller clear what was written down, and gives
the file its name; a pending file that is found later is finished first. Files are zlib'ed JSON of
the lines that ran; on a memory volume they cannot outlive the node any more than the map can, so
nothing is synced. Called by `ledger`, under its lock.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import zlib
from collections.abc import Callable
from typing import NamedTuple

from podcov_agent.sidecar.errors import GenerationMergedError, SpoolWriteFailedError
from podcov_agent.sidecar.lines import Marks, Source, unite
from podcov_agent.sidecar.retention import DEFAULT, Ended, Limits, Sessions, plan_merge

_NAME = re.compile(r"gen\.(\d+)-(\d+)\Z")
_PENDING = "gen.pending"
_TEMPORARY = ".tmp"
_CACHED_UNIONS = 4


class _Record(NamedTuple):
    """The content of a file."""

    first: int
    last: int
    sessions: Sessions
    marks: Marks


class Generations:
    """The folder of one sidecar. Not safe for threads: its owner holds a lock."""

    def __init__(self, folder: str, limits: Limits = DEFAULT) -> None:
        self._folder, self._limits = folder, limits
        self.sessions = Sessions()
        self._startup: Marks | None = None
        self._unions: dict[int, tuple[int, Marks]] = {}
        self._ended = self._find()
        if self._ended:
            self.sessions = self._load(self._ended[-1].name).sessions

    @property
    def current(self) -> int:
        """The number of the living generation."""
        return self._ended[-1].last + 1 if self._ended else 0

    def turn(self, marks: Marks, session: str | None, clear: Callable[[Marks], None]) -> None:
        """End the living generation with `marks`; `clear` is called once they are written down.

        Raises SpoolWriteFailedError before anything is cleared.
        """
        sessions = self.sessions
        if session is not None:
            sessions = sessions.move(session, self.current + 1, self._limits.sessions)
        marks = {c: {s: n for s, n in some.items() if n} for c, some in marks.items()}
        record = _Record(self.current, self.current, sessions, marks)
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
        """Finish a turn that was written down and then interrupted; nothing to do otherwise."""
        try:
            record = self._load(_PENDING)
        except FileNotFoundError:
            return
        self._finish(record, clear)

    def _finish(self, record: _Record, clear: Callable[[Marks], None]) -> None:
        """Clear what is written down, then give the file its name."""
        clear(record.marks)
        name = Ended(record.first, record.last, 0).name
        self._rename(_PENDING, name)
        self._ended.append(Ended(record.first, record.last, self._size(name)))
        self.sessions = record.sessions

    def startup(self) -> Marks:
        """The lines of generation 0, empty while it lives. The caller must not change them."""
        if self._startup is None and self._ended:
            self._startup = self._load(self._ended[0].name).marks
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
        if upto > end:
            upto, marks = start, {}
        for one in self._ended:
            if upto <= one.first < end:
                unite(marks, self._load(one.name).marks)
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
        ended: list[Ended] = []
        for first, last in spans:
            one = Ended(first, last, self._size(Ended(first, last, 0).name))
            if ended and last <= ended[-1].last:
                os.unlink(self._path(one.name))
            else:
                ended.append(one)
        return ended

    def _merge(self) -> None:
        starts = {start for _, start in self.sessions.starts}
        for group in plan_merge(self._ended, starts, self._limits):
            marks: Marks = {}
            for one in group:
                record = self._load(one.name)
                unite(marks, record.marks)
            whole = Ended(group[0].first, group[-1].last, 0)
            self._write(whole.name, _Record(whole.first, whole.last, record.sessions, marks))
            at = self._ended.index(group[0])
            self._ended[at : at + len(group)] = [whole._replace(size=self._size(whole.name))]
            for one in group:
                os.unlink(self._path(one.name))

    def _write(self, name: str, record: _Record) -> None:
        content = {
            "first": record.first,
            "last": record.last,
            "sessions": record.sessions.starts,
            "forgotten": record.sessions.forgotten,
            "marks": {
                container: [(path, blob, f"{lines:x}") for (path, blob), lines in sources.items()]
                for container, sources in record.marks.items()
            },
        }
        try:
            with open(self._path(name + _TEMPORARY), "wb") as file:
                file.write(zlib.compress(json.dumps(content).encode("ascii"), 1))
            self._rename(name + _TEMPORARY, name)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(self._path(name + _TEMPORARY))
            raise

    def _load(self, name: str) -> _Record:
        with open(self._path(name), "rb") as file:
            content = json.loads(zlib.decompress(file.read()))
        marks = {
            container: {Source(path, blob): int(digits, 16) for path, blob, digits in sources}
            for container, sources in content["marks"].items()
        }
        starts = tuple((name, start) for name, start in content["sessions"])
        sessions = Sessions(starts, content["forgotten"])
        return _Record(content["first"], content["last"], sessions, marks)

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)

    def _size(self, name: str) -> int:
        return os.stat(self._path(name)).st_size

    def _rename(self, old: str, new: str) -> None:
        os.replace(self._path(old), self._path(new))
