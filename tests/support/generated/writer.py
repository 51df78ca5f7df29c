"""How a program is drawn: the choices, and what is allowed where a statement stands.

Called by the other modules of the grammar. Options stand in the order in which Hypothesis should
prefer them when it makes a failing program smaller: the simplest first.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
DEEPEST = 4
STATEMENTS = 25
"""A program has about so many statements; what comes later is simple."""

SYNC, GENERATOR, ASYNC, ASYNC_GENERATOR = "f", "g", "a", "ag"


@dataclass(frozen=True)
class Place:
    """Where a statement stands."""

    depth: int = 0
    loop: bool = False
    """`break` and `continue` are allowed."""
    function: str = ""
    """The kind of the function it is in, if it is in one."""
    returns: bool = True
    """`return` is allowed, if it is in a function: not inside `except*`."""
    outer: tuple[str, ...] = ()
    """Names that `nonlocal` may have."""

    @property
    def awaits(self) -> bool:
        """Whether `await` is allowed."""
        return self.function in (ASYNC, ASYNC_GENERATOR)

    def inside(self, **changes: Any) -> Place:
        """A block inside a statement that stands here."""
        return replace(self, depth=self.depth + 1, **changes)


class Writer:
    """One program in the making, for Python 3.`minor`."""

    def __init__(self, draw: Callable[[Any], Any], minor: int) -> None:
        self._draw = draw
        self.minor = minor
        self.left = STATEMENTS
        self._names = 0

    def pick(self, options: Sequence[T]) -> T:
        """One of them."""
        return options[self.count(0, len(options) - 1)]

    def chance(self) -> bool:
        """True or false."""
        return self.count(0, 1) == 1

    def rarely(self) -> bool:
        """True one time in twelve."""
        return self.count(0, 11) == 5  # an end of the range would come more often

    def count(self, least: int, most: int) -> int:
        """A number from `least` to `most`."""
        return int(self._draw(_numbers(least, most)))

    def name(self, prefix: str) -> str:
        """A name that nothing else has."""
        self._names += 1
        return f"{prefix}{self._names}"

    def since(self, minor: int, *options: T) -> tuple[T, ...]:
        """The options, for interpreters that know them."""
        return options if self.minor >= minor else ()


@functools.cache
def _numbers(least: int, most: int) -> st.SearchStrategy[int]:
    """Made once each: to make a strategy takes longer than to draw from it."""
    return st.integers(least, most)


def indent(lines: Sequence[str]) -> list[str]:
    """Each line one level deeper."""
    return ["    " + line for text in lines for line in text.split("\n")]
