"""Sets of line numbers, as one integer each: bit n is line n.

Pure. Everybody in the sidecar holds lines this way: unions are `|`, and coverage.py's numbits are
the integer's bytes. Where branches are recorded, the bits after those of the lines are exits: they
are stored, united and cleared like lines, and `divide` takes the two apart for an answer. Called by
the reader, the generations and the answers.
"""

from __future__ import annotations

from typing import NamedTuple

from podcov_agent.contract import CHUNK_BYTES

_DIGITS_OF_SLOTS = len(str(CHUNK_BYTES))
_DIGITS = bytes(ord("1") if byte == 1 else ord("0") for byte in range(256))
_BYTES = bytes(1 if byte == ord("1") else 0 for byte in range(256))


class Source(NamedTuple):
    """A source as the log names it: real path in the container and git blob hash."""

    path: str
    blob: str


Marks = dict[str, dict[Source, int]]
"""Container -> source -> lines."""


class Exits(NamedTuple):
    """What a source's B record says: exit n is bit `first` + n; their names, comma separated."""

    first: int
    names: str


def read_exits(text: str) -> Exits | None:
    """The text of a B record; None if it cannot be read, or speaks of bytes that no chunk has."""
    first, colon, names = text.partition(":")
    if not (colon and first.isascii() and first.isdigit() and len(first) <= _DIGITS_OF_SLOTS):
        return None
    return Exits(int(first), names)


def divide(marks: int, exits: Exits | None) -> tuple[int, int]:
    """(lines, exits) in the marks of one source."""
    if exits is None:
        return marks, 0
    return marks & ((1 << exits.first) - 1), marks >> exits.first


def from_bytes(piece: bytes) -> int:
    """The lines of a piece of the map: byte n is 1 once line n has run; any other value is none."""
    return int(piece[::-1].translate(_DIGITS), 2)


def to_bytes(lines: int) -> bytes:
    """The piece of the map that has these lines and no other: the inverse of `from_bytes`."""
    return bin(lines)[:1:-1].encode("ascii").translate(_BYTES)


def numbits(lines: int) -> bytes:
    """coverage.py's form: bit n % 8 of byte n // 8 is line n; empty for no line."""
    return lines.to_bytes((lines.bit_length() + 7) >> 3, "little")


def count(lines: int) -> int:
    """How many lines there are."""
    return bin(lines).count("1")


def add(known: dict[Source, int], more: dict[Source, int]) -> None:
    """Add the lines of `more` to `known`, which is changed."""
    for source, lines in more.items():
        if lines:
            others = known.get(source)
            known[source] = others | lines if others else lines


def unite(into: Marks, more: Marks) -> None:
    """Add the lines of every container of `more` to `into`, which is changed."""
    for container, sources in more.items():
        add(into.setdefault(container, {}), sources)
