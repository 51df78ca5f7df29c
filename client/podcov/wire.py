"""Owns the shape of the agent's /v1 answers: JSON in, frozen values out.

Pure. Must not do I/O. Called by transport's users (session) with what transport decoded.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import TypedDict, TypeVar, cast

from podcov.contract import PROTOCOL, SIDECAR_NAME, VERSION
from podcov.errors import BadAnswerError, ProtocolDiffersError
from podcov.models import (
    Container,
    ContainerHealth,
    Exits,
    Health,
    Interpreter,
    Note,
    Snapshot,
    Source,
    Target,
    Turn,
)

Value = TypeVar("Value")
_BITS = tuple(tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256))


class NoteJson(TypedDict, total=False):
    """A note; only `slug` is always there."""

    slug: str
    detail: str
    reason: str
    remedy: str
    count: int


class OwnNotesJson(TypedDict, total=False):
    """What /v1/health and a snapshot say of the agent itself."""

    notes: list[NoteJson]


class InterpreterJson(TypedDict):
    """An interpreter."""

    python: str
    implementation: str


class ContainerHealthJson(TypedDict):
    """A container in /v1/health."""

    interpreters: list[InterpreterJson]
    sources: int
    lines: int
    notes: list[NoteJson]


class HealthJson(TypedDict):
    """GET /v1/health."""

    protocol: int
    version: str
    generation: int
    sessions: dict[str, int]
    containers: dict[str, ContainerHealthJson]


class TurnJson(TypedDict):
    """POST /v1/turn."""

    protocol: int
    generation: int


class BranchesJson(TypedDict):
    """The exits of a source: `12-,15+`; bit n of the numbits is the nth of them."""

    exits: str
    taken: str
    startup: str


class _SourceJson(TypedDict):
    path: str
    blob: str
    lines: str
    startup: str


class SourceJson(_SourceJson, total=False):
    """A source in a snapshot; `lines` and `startup` are base64 of numbits."""

    branches: BranchesJson


class ContainerJson(TypedDict):
    """A container in a snapshot."""

    sources: list[SourceJson]
    notes: list[NoteJson]


# "from" is no name a class body can hold.
SnapshotJson = TypedDict(
    "SnapshotJson",
    {
        "protocol": int,
        "version": str,
        "from": int,
        "generation": int,
        "containers": dict[str, ContainerJson],
    },
)


def read_health(target: Target, answer: Mapping[str, object]) -> Health:
    """The answer of /v1/health as a value; ProtocolDiffersError or BadAnswerError."""
    return _read(target, answer, _health)


def read_turn(target: Target, answer: Mapping[str, object]) -> Turn:
    """The answer of /v1/turn as a value; ProtocolDiffersError or BadAnswerError."""
    return _read(target, answer, _turn)


def read_snapshot(target: Target, answer: Mapping[str, object]) -> Snapshot:
    """The answer of /v1/snapshot as a value; ProtocolDiffersError or BadAnswerError."""
    return _read(target, answer, _snapshot)


def lines_of_numbits(text: str) -> frozenset[int]:
    """Line numbers of base64 numbits: bit n%8 of byte n//8 is line n."""
    data = base64.b64decode(text, validate=True)
    return frozenset(
        [place * 8 + bit for place, byte in enumerate(data) if byte for bit in _BITS[byte]]
    )


def _read(
    target: Target,
    answer: Mapping[str, object],
    parse: Callable[[Target, Mapping[str, object]], Value],
) -> Value:
    _check_protocol(target, answer)
    try:
        return parse(target, answer)
    except (LookupError, TypeError, ValueError, AttributeError, binascii.Error) as problem:
        raise BadAnswerError(
            f"The answer of {target.name} is not in the form of protocol {PROTOCOL}: "
            f"{type(problem).__name__}: {problem}.",
            "This is a defect of podcov: please report it with the output of `podcov status`.",
        ) from problem


def _check_protocol(target: Target, answer: Mapping[str, object]) -> None:
    seen = answer.get("protocol")
    if seen == PROTOCOL:
        return
    version = answer.get("version", "unknown")
    older = "client" if isinstance(seen, int) and seen > PROTOCOL else "agent"
    remedy = (
        f"Install the client of the same version: pip install podcov=={version}"
        if older == "client"
        else f"Upgrade the agent to {VERSION} (helm upgrade, then restart the workload)."
    )
    raise ProtocolDiffersError(
        f"The agent in {target.name} is version {version} and speaks protocol {seen}; "
        f"this client is version {VERSION} and speaks protocol {PROTOCOL}.",
        remedy,
    )


def _health(target: Target, answer: Mapping[str, object]) -> Health:
    body = cast(HealthJson, answer)
    return Health(
        target=target,
        version=body["version"],
        generation=body["generation"],
        sessions=dict(body["sessions"]),
        containers=tuple(
            ContainerHealth(
                name=name,
                interpreters=tuple(
                    Interpreter(item["python"], item["implementation"])
                    for item in container["interpreters"]
                ),
                sources=container["sources"],
                lines=container["lines"],
                notes=_notes(name, container["notes"]),
            )
            for name, container in body["containers"].items()
        ),
        own_notes=_own_notes(answer),
    )


def _turn(target: Target, answer: Mapping[str, object]) -> Turn:
    return Turn(target, cast(TurnJson, answer)["generation"])


def _snapshot(target: Target, answer: Mapping[str, object]) -> Snapshot:
    body = cast(SnapshotJson, answer)
    return Snapshot(
        target=target,
        version=body["version"],
        start=body["from"],
        generation=body["generation"],
        containers=tuple(
            Container(
                name=name,
                sources=tuple(_source(item) for item in container["sources"]),
                notes=_notes(name, container["notes"]),
            )
            for name, container in body["containers"].items()
        ),
        own_notes=_own_notes(answer),
    )


def _source(item: SourceJson) -> Source:
    return Source(
        path=item["path"],
        blob=item["blob"],
        lines=lines_of_numbits(item["lines"]),
        startup=lines_of_numbits(item["startup"]),
        exits=_exits(item["branches"]) if "branches" in item else None,
    )


def _exits(item: BranchesJson) -> Exits:
    names = item["exits"].split(",") if item["exits"] else []
    known = [(int(name[:-1]), {"+": True, "-": False}[name[-1]]) for name in names]
    taken, startup = lines_of_numbits(item["taken"]), lines_of_numbits(item["startup"])
    return Exits(
        frozenset(known[number] for number in taken),
        frozenset(known[number] for number in startup),
    )


def _own_notes(answer: Mapping[str, object]) -> tuple[Note, ...]:
    return _notes(SIDECAR_NAME, cast(OwnNotesJson, answer).get("notes", []))


def _notes(container: str, items: list[NoteJson]) -> tuple[Note, ...]:
    return tuple(
        Note(
            container=container,
            slug=item["slug"],
            detail=item.get("detail", ""),
            reason=item.get("reason", ""),
            remedy=item.get("remedy", ""),
            count=item.get("count", 1),
        )
        for item in items
    )
