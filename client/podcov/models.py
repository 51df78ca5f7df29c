"""Owns the client's values: frozen, without behaviour beyond small derived facts.

Must not do I/O or know JSON. Made by discover and wire, joined by collect, read by everybody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from podcov.errors import PodcovError


@dataclass(frozen=True, slots=True)
class Target:
    """An agent to talk to: a pod, or an address."""

    key: str
    """What stays the same as long as the agent's data live: the pod's uid, or the URL."""
    name: str
    """How people call it: the pod's name, or the URL."""
    port: int
    namespace: str = ""
    url: str = ""
    """Where it answers without Kubernetes; empty for a pod."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A pod without an answer, and why."""

    name: str
    error: PodcovError


@dataclass(frozen=True, slots=True, order=True)
class Unread:
    """A local file or folder that could not be read, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """The pods found: to ask, unable to answer although they should, left out on purpose."""

    targets: tuple[Target, ...]
    failed: tuple[Failure, ...] = ()
    skipped: tuple[Failure, ...] = ()
    restarting: frozenset[str] = frozenset()
    """Keys of pods among the failed whose agent ran before: they have lines of then."""


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """What an agent does not measure, and why."""

    container: str
    slug: str
    detail: str
    reason: str
    remedy: str
    count: int = 1
    """How often it was written in one pod."""


def unite_notes(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Each once, sorted; where pods wrote one differently often, with the largest number."""
    return tuple({replace(note, count=0): note for note in sorted(notes)}.values())


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A kind of interpreter that is measured in a container."""

    python: str
    implementation: str


@dataclass(frozen=True, slots=True)
class ContainerHealth:
    """What one container has recorded so far."""

    name: str
    interpreters: tuple[Interpreter, ...]
    sources: int
    lines: int
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Health:
    """An agent's answer about itself."""

    target: Target
    version: str
    generation: int
    sessions: Mapping[str, int]
    containers: tuple[ContainerHealth, ...]
    own_notes: tuple[Note, ...] = ()
    """Those of no container."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """All of them."""
        return (*self.own_notes, *(note for box in self.containers for note in box.notes))


Exit = tuple[int, bool]
"""The line of a decision, and whether the exit leads into its body."""


@dataclass(frozen=True, slots=True)
class Exits:
    """The exits of decisions that were taken and that the lines do not tell."""

    taken: frozenset[Exit] = frozenset()
    startup: frozenset[Exit] = frozenset()


@dataclass(frozen=True, slots=True)
class Source:
    """A source file as the interpreter in the pod read it, and the lines that ran."""

    path: str
    blob: str
    """git's blob hash of its bytes, 40 hex digits."""
    lines: frozenset[int]
    startup: frozenset[int]
    exits: Exits | None = None
    """None: branches were not recorded."""


@dataclass(frozen=True, slots=True)
class Container:
    """The sources of one container."""

    name: str
    sources: tuple[Source, ...]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An agent's answer for an interval."""

    target: Target
    version: str
    start: int
    generation: int
    containers: tuple[Container, ...]
    own_notes: tuple[Note, ...] = ()
    """Those of no container."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The generation that began in one pod."""

    target: Target
    generation: int


@dataclass(frozen=True, slots=True)
class Interval:
    """A moment in all pods: in each the number of the generation that began then."""

    generations: Mapping[str, int]
    """Target key → generation. A pod that is not here and not `unknown` came later: all counts."""
    answered: tuple[Target, ...] = ()
    failed: tuple[Failure, ...] = ()
    unknown: frozenset[str] = field(default_factory=frozenset)
    """Keys of the pods that had run before and did not answer then."""


@dataclass(frozen=True, slots=True)
class Status:
    """Every pod's health, or why there is none."""

    answers: tuple[Health, ...]
    failed: tuple[Failure, ...]
    skipped: tuple[Failure, ...]
