"""Random patterns of `match` (3.10)."""

from __future__ import annotations

from support.generated.writer import Writer

SUBJECTS = (
    "n()",
    "c()",
    "(c(), n())",
    "c(), n()",
    "{1: c(), 2: n()}",
    "box",
    "[1,\n  n(), 2]",
    "'text'",
)
LITERALS = (
    "1",
    "0",
    "True",
    "False",
    "None",
    "'text'",
    "-1",
    "2 | 3",
    "Box.one",
    "int()",
    "bool()",
)
DEEPEST = 2


def pattern(w: Writer, depth: int = 0) -> str:
    """A pattern that may fail to match, or else has the guard to say so."""
    if depth >= DEEPEST or not w.chance():
        return w.pick((*LITERALS, "_", w.name("p")) if depth else LITERALS)
    a, b, gap = pattern(w, depth + 1), pattern(w, depth + 1), w.pick(("", "\n  "))
    fresh = w.name("p")
    return w.pick(
        (
            f"[{a},{gap}{b}]",
            f"({a},{gap}{b})",
            f"[{a}, *{fresh}]",
            f"[*_,{gap}{a}]",
            f"{{1: {a}}}",
            f"{{1: {a},{gap}**{fresh}}}",
            f"Box(one={a})",
            f"Box({gap}{a}, {b})",
            f"(int() |{gap}str()) as {fresh}",
            f"str({fresh})",
        )
    )


def guard(w: Writer) -> str:
    """What may stand behind a pattern."""
    return w.pick(("", "", " if c()", " if (c() and\n     c())", " if not n()"))


def last(w: Writer) -> str:
    """A pattern that always matches."""
    return w.pick(("_", w.name("p"), f"(1 | _) as {w.name('p')}", f"(_\n  as {w.name('p')})"))
