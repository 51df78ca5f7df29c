"""Random expressions, many of them over several lines.

Each is text in parentheses or brackets of its own, so that it can stand anywhere and break lines.
"""

from __future__ import annotations

from collections.abc import Callable

from support.generated.writer import GENERATOR, Place, Writer

ATOMS = ("1", "c()", "n()", "'text'", "None", "(0, 'podcov')", "...")
BREAKS = (" ", "\n    ", " # why\n  ")
DEEPEST = 2

Form = Callable[[Writer, Place, int], str]


def expression(w: Writer, place: Place, depth: int = 0) -> str:
    """An expression that is allowed in this place."""
    if depth >= DEEPEST or not w.chance():
        return w.pick(ATOMS)
    forms = [*FORMS, *w.since(12, nested_fstring), *w.since(14, template)]
    forms += [awaited, async_comprehension] if place.awaits else []
    forms += [yielded] if place.function in (GENERATOR, "ag") else []
    forms += [yield_from] if place.function == GENERATOR else []
    return w.pick(forms)(w, place, depth + 1)


def condition(w: Writer, place: Place) -> str:
    """What an `if` or `while` may ask; mostly something that is not always the same."""
    if not w.chance():
        return "c()"
    forms: tuple[Form, ...] = (operands, negation, comparison, walrus, constant, conditional)
    return w.pick(forms)(w, place, 1)


def constant(w: Writer, place: Place, depth: int) -> str:
    return w.pick(("1", "0", "True", "False", "None", "__debug__", "not 1", "''", "()"))


def negation(w: Writer, place: Place, depth: int) -> str:
    return f"not {expression(w, place, depth)}"


def operands(w: Writer, place: Place, depth: int) -> str:
    word, gap = w.pick(("and", "or")), w.pick(BREAKS)
    return f"({expression(w, place, depth)} {word}{gap}{expression(w, place, depth)})"


def comparison(w: Writer, place: Place, depth: int) -> str:
    gap = w.pick(BREAKS)
    return w.pick((f"(n() <{gap}n())", f"(0 < n() <{gap}n() < 3)", f"(n() in{gap}(1, 2))"))


def conditional(w: Writer, place: Place, depth: int) -> str:
    a, b, gap = expression(w, place, depth), expression(w, place, depth), w.pick(BREAKS)
    return f"({a}{gap}if c() else{gap}{b})"


def walrus(w: Writer, place: Place, depth: int) -> str:
    return f"(w :={w.pick(BREAKS)}{expression(w, place, depth)})"


def display(w: Writer, place: Place, depth: int) -> str:
    a, b, gap = expression(w, place, depth), expression(w, place, depth), w.pick(BREAKS)
    return w.pick((f"[{a},{gap}{b}]", f"({a},{gap}*[{b}])", f"{{1: {a},{gap}**{{2: {b}}}}}"))


def call(w: Writer, place: Place, depth: int) -> str:
    a, b, gap = expression(w, place, depth), expression(w, place, depth), w.pick(BREAKS)
    return w.pick(
        (f"take({gap}{a}, {b})", f"take(*[{a}],{gap}**{{'k': {b}}})", f"take(k={gap}{a})")
    )


def item(w: Writer, place: Place, depth: int) -> str:
    a, gap = expression(w, place, depth), w.pick(BREAKS)
    found = (f"[{a}, 2, 3, 4][{gap}n()]", f"(box{gap}.one)", f"box[{gap}{a}]")
    return w.pick(
        (f"[{a}, 2][{gap}n()]", f"{{1: {a}}}[{gap}1]", "(None).two") if w.rarely() else found
    )


def arithmetic(w: Writer, place: Place, depth: int) -> str:
    gap = w.pick(BREAKS)
    right = (f"(n() +{gap}n())", "-n()", f"(n(){gap}* 'x')")
    return w.pick((f"(1 /{gap}n())", f"(n(){gap}+ 'x')") if w.rarely() else right)


def anonymous(w: Writer, place: Place, depth: int) -> str:
    inner = expression(w, Place(), depth)
    gap = w.pick(BREAKS)
    return w.pick(
        (f"(lambda:{gap}{inner})()", f"(lambda q={inner}:{gap}q)()", f"(lambda: {inner})")
    )


def comprehension(w: Writer, place: Place, depth: int) -> str:
    gap, other = w.pick(BREAKS), w.pick(BREAKS)
    head = f"for i in range(3){other}if c()"
    return w.pick(
        (
            f"[i{gap}{head}]",
            f"{{i{gap}{head}}}",
            f"{{i:{gap}c() {head}}}",
            f"list(i{gap}{head})",
            f"[[j {head}] for j in{gap}range(2)]",
            f"[i for j in (1, 2) if j{gap}{head}]",
            f"next(i{gap}for i in range(3) if i > 1)",
        )
    )


def fstring(w: Writer, place: Place, depth: int) -> str:
    a, b = w.pick(ATOMS[:3]), w.pick(ATOMS[:3])
    return w.pick(
        (
            f'f"{{{a}}} and {{{b}!r:>{{n()}}}}"',
            f'f"""\n{{{a}}}\n  {{\n{b}\n}} end"""',
            f'("text"\n  f"{{{a}}}"\n  f"{{{b}=}}")',
        )
    )


def nested_fstring(w: Writer, place: Place, depth: int) -> str:
    return f'f"{{ {expression(w, Place(), depth)} }} {{f"{{c()}}"}}"'


def template(w: Writer, place: Place, depth: int) -> str:
    return f't"{{ {expression(w, Place(), depth)} }}"'


def awaited(w: Writer, place: Place, depth: int) -> str:
    return w.pick(("(await pause())", "(await\n pause())", "[await pause(),\n  await pause()]"))


def async_comprehension(w: Writer, place: Place, depth: int) -> str:
    gap = w.pick(BREAKS)
    return w.pick(
        (f"[i{gap}async for i in numbers() if c()]", f"{{await pause(){gap}for i in (1,)}}")
    )


def yielded(w: Writer, place: Place, depth: int) -> str:
    return w.pick(("(yield)", f"(yield{w.pick(BREAKS[:2])}{expression(w, place, depth)})"))


def yield_from(w: Writer, place: Place, depth: int) -> str:
    return w.pick(("(yield from (1, 2))", "(yield from\n  (c() for i in (1, 2)))"))


FORMS: tuple[Form, ...] = (
    *(operands, negation, comparison, conditional, walrus, display, call, item, arithmetic),
    *(anonymous, comprehension, fstring),
)
