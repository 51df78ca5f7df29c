"""Random simple statements, some of them several on a line, or one on several lines."""

from __future__ import annotations

from support.generated.expressions import expression
from support.generated.writer import ASYNC_GENERATOR, Place, Writer

ERRORS = (
    "KeyError",
    "ValueError(\n    1)",
    "Stop",
    "IndexError('x') from None",
    "OSError from ValueError()",
)
FIXED = (
    "pass",
    "x = 1",
    "...",
    "'text'",
    "'''text\n  of two lines'''",
    "x: int",
    "import os.path, \\\n  sys",
    "from os import (path,\n  sep)",
    "(x,\n  *y) = 1, 2, 3",
    "log(__name__, \\\n  4)",
)
RISKY = (
    "del x",
    "del (x,\n  y)",
    "del box[1]",
    "x += 1",
    "import nowhere",
    "from os import nowhere",
    "x, y = 1,",
    "assert c()",
    "assert c(), \\\n    n()",
)
"""Most of these raise something, and so end a block."""

LAYOUT: tuple[tuple[str, ...], ...] = ((), (), (), ("",), ("# comment", ""))


def simple(w: Writer, place: Place) -> list[str]:
    """One or several simple statements: text of one or several lines."""
    text = statement(w, place)
    if w.rarely():
        text += w.pick(("; ", " ;", "; \\\n    ")) + statement(w, place)
    return [*w.pick(LAYOUT), text + w.pick(("", "", "", "  # said", ";"))]


def statement(w: Writer, place: Place) -> str:
    """A simple statement."""
    value = expression(w, place)
    if w.rarely():
        return w.pick((*RISKY, f"assert {value}", *(f"raise {error}" for error in ERRORS)))
    options = (
        f"log({value})",
        f"x = {value}",
        value,
        f"x = y = {value}",
        f"x, *y = {value},\\\n   2",
        f"x: int = {value}",
        f"box.one = {value}",
        f"box[\n  1] = {value}",
        f"x = y, x = {value}, 2",
    )
    return w.pick((*options, *FIXED, *w.since(12, "type T = \\\n  list[int]")))


def one_line(w: Writer, place: Place) -> str:
    """What may stand behind a colon."""
    options = ["pass", "log(1)", "x = c()", "log(1); log(2)", "raise KeyError", "x = 1; y = 2;"]
    return w.pick([*options, *jumps(w, place)])


def jumps(w: Writer, place: Place) -> list[str]:
    """The ways out of this place."""
    ways = ["break", "continue"] if place.loop else []
    if place.function and place.returns:
        ways += ["return"] if place.function == ASYNC_GENERATOR else ["return", "return c()"]
    return ways


def jump(w: Writer, place: Place) -> list[str]:
    """A way out of this place, mostly under a condition."""
    way = w.pick(jumps(w, place))
    if way == "return c()" and w.chance():
        way = f"return {expression(w, place)}"
    return [w.pick((way, f"if c(): {way}", f"if c():\n    {way}", f"log(9); {way}"))]
