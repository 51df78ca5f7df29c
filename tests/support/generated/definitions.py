"""Random functions of every kind and classes, with what calls them."""

from __future__ import annotations

from collections.abc import Callable

from support.generated.expressions import expression
from support.generated.writer import (
    ASYNC,
    ASYNC_GENERATOR,
    GENERATOR,
    SYNC,
    Place,
    Writer,
    indent,
)

CALLS = {
    SYNC: ("{}()", "take({}(),\n  {}())"),
    GENERATOR: ("list({}())", "next({}(), 0)", "first({}())", "throw({}())", "send({}())", "{}()"),
    ASYNC: ("drive({}())", "cancel({}())", "{}().close()"),
    ASYNC_GENERATOR: (
        "drive(collect({}()))",
        "drive(first_of({}()))",
        "drive(throw_into({}()))",
        "cancel(collect({}()))",
    ),
}
"""What a function of each kind may be called by."""

DECORATORS = ("@deco", "@deco_with(1)", "@deco_with(\n    c(),\n  n())", "@deco  # said")
DOCS = ("'doc'", '"""doc\n    of two lines"""')

Body = Callable[..., list[str]]


def definition(w: Writer, place: Place, body: Body) -> list[str]:
    """A definition; `body` writes what is in it."""
    return w.pick((function, function, klass, one_line))(w, place, body)


def one_line(w: Writer, place: Place, body: Body) -> list[str]:
    value = expression(w, Place())
    return w.pick(
        (
            [f"def f(): return {value}", "log(f())"],
            ["def f(): yield 1; log(2); yield 3", "log(list(f()))"],
            ["async def f(): await pause(); return 1", "log(drive(f()))"],
            ["class C: x = 1; y = c()"],
            ["@deco", "def f(): log(1)", "f()"],
            ["f = lambda a=1, \\", "    *b: (a,", "  b)", "log(f(2, 3))"],
        )
    )


def function(w: Writer, place: Place, body: Body) -> list[str]:
    kind = w.pick(tuple(CALLS))
    name, cell = w.pick(("f", "g")), w.name("v")
    head = "async def" if kind in (ASYNC, ASYNC_GENERATOR) else "def"
    out = [*decorators(w), f"{head} {name}{generic(w)}{arguments(w, place)}:"]
    out += indent([w.pick(DOCS)]) if w.chance() else []
    out += indent([scope(w, place, cell)])
    inner = {"loop": False, "function": kind, "returns": True, "outer": (*place.outer, cell)}
    out += body(w, place, **inner)
    out += ["    yield 9"] if kind in (GENERATOR, ASYNC_GENERATOR) else []
    called = w.pick(CALLS[kind]).replace("{}", name)
    return [*out, w.pick((f"log({called})", called, f"x = {called}", "log(0)"))]


def scope(w: Writer, place: Place, cell: str) -> str:
    """What a function begins with: a variable of its own, and whose others it changes."""
    options = [f"{cell} = 0", f"global shared; {cell} = shared = 1"]
    if place.outer:
        other = w.pick(place.outer)
        options += [f"nonlocal {other}\n{cell} = {other} = 2", f"log({other}); {cell} = 3"]
    return w.pick(options)


def arguments(w: Writer, place: Place) -> str:
    default = expression(w, Place())
    plain = ("()", "(a=1,\n      b=2)", "(*a, **b)", "(a=1, /, *, b: int = 2) -> \\\n    None")
    return w.pick((*plain, f"(a={default})"))


def generic(w: Writer) -> str:
    """Type parameters."""
    if w.minor < 12 or not w.rarely():
        return ""
    return w.pick(("[T]", "[T: (int,\n  str), *U]", *w.since(13, "[T = int]")))


def decorators(w: Writer) -> list[str]:
    more = w.since(9, "@(lambda f:\n    f)")
    return [w.pick((*DECORATORS, *more)) for _ in range(w.pick((0, 0, 0, 1, 2, 3)))]


def klass(w: Writer, place: Place, body: Body) -> list[str]:
    bases = w.pick(("", "()", "(Box)", "(Box,\n   metaclass=Meta)", "(metaclass=Meta,\n  k=n())"))
    out = [*decorators(w), f"class C{generic(w)}{bases}:"]
    out += indent([w.pick(DOCS)]) if w.chance() else []
    out += body(w, place, loop=False, function="", returns=False)
    if w.chance():
        out += [
            "    def m(self,",
            "          a=1):",
            "        super().__init__()",
            "        return a",
        ]
        out += ["log(C().m())"]
    return out
