"""All code objects of a program. In the Python of 3.8, with only the standard library."""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType


def codes(code: CodeType) -> Iterator[CodeType]:
    """The code object and all within, in the order of the source."""
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from codes(const)
