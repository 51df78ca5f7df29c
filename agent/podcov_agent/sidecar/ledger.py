"""What ran, and when: the living bytes and the ended generations under one lock.

Owns the order of a turn: read, write down, clear. Does no HTTP and knows no format of an answer.
Called by `api` from many threads.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from podcov_agent.contract import DEFAULT_SESSION
from podcov_agent.errors import GENERATION_DAMAGED
from podcov_agent.sidecar.errors import (
    BadValueError,
    SessionForgottenError,
    SpoolWriteFailedError,
)
from podcov_agent.sidecar.generations import Generations
from podcov_agent.sidecar.lines import Exits, Source, count, divide, unite
from podcov_agent.sidecar.reader import Interpreter, Note, Spool


@dataclass(frozen=True)
class Branches:
    """The exits of a source's decisions: bit n of the two integers is the nth of `names`."""

    names: str
    taken: int
    startup: int


@dataclass(frozen=True)
class Snapshot:
    """The lines of an interval; `end` is None when it reaches up to now."""

    start: int
    end: int | None
    generation: int
    containers: dict[str, dict[Source, tuple[int, int]]]
    """Container -> source -> (lines of the interval, lines of `startup`)."""
    notes: dict[str, list[Note]]
    branches: dict[str, dict[Source, Branches]] = field(default_factory=dict)
    """The same of the exits, for sources whose branches are recorded."""
    damaged: list[Note] = field(default_factory=list)
    """What is lost of the past, of all containers."""


@dataclass(frozen=True)
class ContainerHealth:
    """What is known of one container."""

    interpreters: list[Interpreter]
    sources: int
    lines: int
    """Distinct lines that have run since the container's first process."""
    notes: list[Note]


@dataclass(frozen=True)
class Health:
    """What is known of the pod."""

    generation: int
    sessions: dict[str, int]
    containers: dict[str, ContainerHealth]
    damaged: list[Note] = field(default_factory=list)
    """What is lost of the past, of all containers."""


class Ledger:
    """One per sidecar. Every method may be called from any thread."""

    def __init__(self, spool: Spool, generations: Generations) -> None:
        """Finishes a turn that the death of an earlier sidecar interrupted."""
        self._spool, self._generations = spool, generations
        self._lock = threading.Lock()
        generations.recover(spool.clear)

    def turn(self, session: str | None = None) -> int:
        """End the living generation and return the number of the next; `session` then starts there.

        Raises SpoolWriteFailedError, and no line is lost.
        """
        with self._lock:
            self._finish_turn()
            self._generations.turn(self._spool.read(), session, self._spool.clear)
            return self._generations.current

    def session_start(self, session: str) -> int:
        """Where the session's interval begins: 0 for a name that never was used.

        Raises SessionForgottenError when that cannot be known.
        """
        with self._lock:
            sessions = self._generations.sessions
        start = sessions.as_dict().get(session)
        if start is None and sessions.forgotten and session != DEFAULT_SESSION:
            raise SessionForgottenError(f"session {session!r} is not among the sessions used last")
        return start or 0

    def snapshot(self, start: int, end: int | None = None) -> Snapshot:
        """The lines of generations `start <= g < end`; without `end`, up to this moment.

        Raises BadValueError for an interval that lies ahead or backwards, GenerationMergedError
        for one whose boundaries are no longer known, SpoolWriteFailedError while a turn cannot be
        finished.
        """
        with self._lock:
            self._finish_turn()
            current = self._generations.current
            if not 0 <= start <= current or (end is not None and not start <= end <= current):
                wanted = f"from={start} to={'now' if end is None else end}"
                raise BadValueError(f"{wanted} is no interval of the generations 0 to {current}")
            marks = self._spool.read()
            if end is not None:
                marks = {name: dict.fromkeys(known, 0) for name, known in marks.items()}
            unite(marks, self._generations.union(start, end))
            startup = self._generations.startup()
            notes, exits = self._spool.notes(), self._spool.exits()
            damaged = self._damaged()
        apart = {
            name: _apart(known, startup.get(name, {}), exits.get(name, {}))
            for name, known in marks.items()
        }
        lines = {name: some for name, (some, _) in apart.items()}
        branches = {name: some for name, (_, some) in apart.items()}
        return Snapshot(start, end, current, lines, notes, branches, damaged)

    def health(self) -> Health:
        """What is known of the pod at this moment."""
        everything = self.snapshot(0)
        with self._lock:
            sessions = self._generations.sessions.as_dict()
            interpreters = self._spool.interpreters()
        return Health(
            everything.generation,
            {DEFAULT_SESSION: 0, **sessions},
            {
                name: ContainerHealth(
                    interpreters.get(name, []),
                    len(sources),
                    sum(count(lines) for lines, _ in sources.values()),
                    everything.notes.get(name, []),
                )
                for name, sources in everything.containers.items()
            },
            everything.damaged,
        )

    def _finish_turn(self) -> None:
        """If one could not give its file a name: its lines are cleared and in no generation yet."""
        try:
            self._generations.recover(self._spool.clear)
        except OSError as error:
            doing = f"finishing generation {self._generations.current}"
            raise SpoolWriteFailedError.because(error, doing) from None

    def _damaged(self) -> list[Note]:
        return [
            Note(slug=GENERATION_DAMAGED, detail=f"{name}: {why}")
            for name, why in sorted(self._generations.damaged.items())
        ]


def _apart(
    known: dict[Source, int], startup: dict[Source, int], meaning: dict[Source, Exits]
) -> tuple[dict[Source, tuple[int, int]], dict[Source, Branches]]:
    """One container's lines and exits, which stand in the same marks."""
    lines: dict[Source, tuple[int, int]] = {}
    branches: dict[Source, Branches] = {}
    for source, marks in known.items():
        exits = meaning.get(source)
        ran, taken = divide(marks, exits)
        ran_early, taken_early = divide(startup.get(source, 0), exits)
        lines[source] = (ran, ran_early)
        if exits is not None:
            branches[source] = Branches(exits.names, taken, taken_early)
    return lines, branches
