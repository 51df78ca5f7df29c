"""Random compound statements in each other, and whole programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from support.generated import patterns
from support.generated.definitions import definition
from support.generated.expressions import condition, expression
from support.generated.statements import jump, jumps, one_line, simple
from support.generated.writer import DEEPEST, Place, Writer, indent

TYPES = ("KeyError", "Exception", "(KeyError,\n        IndexError)", "ValueError", "BaseException")


@st.composite
def programs(draw: Callable[[Any], Any], minor: int) -> str:
    """A program for Python 3.`minor`."""
    w = Writer(draw, minor)
    head = w.pick(([], [], ["'doc'"], ["'''doc\n'''"], ["from __future__ import annotations"]))
    blocks = [block(w, Place()) for _ in range(w.count(1, 3))]
    return "\n".join([*head, *(line for lines in blocks for line in lines), ""])


def block(w: Writer, place: Place) -> list[str]:
    """One to three statements."""
    most = 3 if w.left > 0 else 1
    return [line for _ in range(w.count(1, most)) for line in statement(w, place)]


def statement(w: Writer, place: Place) -> list[str]:
    """A statement that is allowed in this place."""
    w.left -= 1
    if place.depth >= DEEPEST or w.left < 0 or not w.count(0, 2):
        return jump(w, place) if jumps(w, place) and w.chance() else simple(w, place)
    kinds = (decision, loop, handled, function, closing, context, function, match, group, function)
    since = {match: 10, group: 11}
    known = [kind for kind in kinds if w.minor >= since.get(kind, 0)]
    return w.pick(known)(w, place)


def body(w: Writer, place: Place, **changes: Any) -> list[str]:
    """What stands below a colon."""
    return indent(block(w, place.inside(**changes)))


def suite(w: Writer, place: Place, head: str, **changes: Any) -> list[str]:
    """A header with what follows its colon, on the same line or below."""
    if w.rarely():
        return [f"{head} {one_line(w, place.inside(**changes))}"]
    return [head + w.pick(("", "", "  # said")), *body(w, place, **changes)]


def decision(w: Writer, place: Place) -> list[str]:
    out = suite(w, place, f"if {condition(w, place)}:")
    for _ in range(w.count(0, 2)):
        out += suite(w, place, f"elif {condition(w, place)}:")
    return out + (suite(w, place, "else:") if w.chance() else [])


def loop(w: Writer, place: Place) -> list[str]:
    heads = ["for i in range(2):", "while c():", "while True:", "for i, j in [(1,\n    2)]:"]
    heads += ["while c() \\\n    and c():", "for x, *y in ((1, 2),): ", "for box.one in (1, 2):"]
    heads += ["async for i in numbers():", "async for (i) in \\\n  numbers():"] * place.awaits
    if w.rarely():
        return [f"{w.pick(heads[:2])} {one_line(w, place.inside(loop=True))}"]
    out = [w.pick(heads), "    if c(): log('again')", *body(w, place, loop=True)]
    return out + (suite(w, place, "else:") if w.chance() else [])


def handled(w: Writer, place: Place) -> list[str]:
    out = suite(w, place, "try:")
    for _ in range(w.count(1, 2)):
        kind = w.pick(types(w))
        head = f"except {kind}{'' if kind.endswith(', IndexError') else w.pick(('', ' as e'))}:"
        again = w.rarely()
        out += [head, *body(w, place), "    raise"] if again else suite(w, place, head)
    if w.rarely():
        out += suite(w, place, "except:")
    out += suite(w, place, "else:") if w.chance() else []
    return out + (suite(w, place, "finally:") if w.chance() else [])


def types(w: Writer) -> tuple[str, ...]:
    bare = w.since(14, "KeyError, IndexError")
    return (*TYPES, "(c() and KeyError or\n        OSError)", "nowhere", *bare)


def closing(w: Writer, place: Place) -> list[str]:
    return suite(w, place, "try:") + suite(w, place, "finally:")


def context(w: Writer, place: Place) -> list[str]:
    kind = "async with" if place.awaits and w.chance() else "with"
    value = expression(w, place)
    more = ["", " as x", f", \\\n     Swallow({value}) as x", " as (x)", " as box.one"]
    managers = f"Swallow(){w.pick(more)}"
    if w.minor >= 10 and w.rarely():
        managers = f"(Swallow() as x,\n    Swallow({value}) as y,\n)"
    return suite(w, place, f"{kind} {managers}:")


def match(w: Writer, place: Place) -> list[str]:
    out = [f"match {w.pick(patterns.SUBJECTS)}:"]
    for _ in range(w.count(1, 3)):
        out += indent(suite(w, place, f"case {patterns.pattern(w)}{patterns.guard(w)}:"))
    final = f"case {patterns.last(w)}:"
    return out + (indent(suite(w, place, final)) if w.chance() else [])


def group(w: Writer, place: Place) -> list[str]:
    raised = "raise ExceptionGroup('g', [KeyError(), ValueError()])"
    out = ["try:", *(indent([raised]) if w.chance() else body(w, place))]
    for name in w.pick((("KeyError",), ("KeyError", "(ValueError,\n    OSError)"), ("Exception",))):
        head = f"except* {name}{w.pick(('', ' as e'))}:"
        out += [head, *body(w, place, loop=False, returns=False)]
    out += suite(w, place, "else:") if w.rarely() else []
    return out + (suite(w, place, "finally:") if w.chance() else [])


def function(w: Writer, place: Place) -> list[str]:
    return definition(w, place, body)
