"""Marks become coverage.py's arcs: of each decision the exit that was taken, and where it leads."""

import pytest
from coverage.parser import PythonParser
from podcov.branches import Branches, Parsed, Ran


def parse(text: str) -> Parsed:
    parser = PythonParser(text=text)
    parser.parse_source()
    return Parsed(parser.arcs(), parser.first_line)


def taken(text: str, lines: set[int], *exits: tuple[int, bool]) -> set[tuple[int, int]]:
    """The arcs of decisions that were taken."""
    arcs = Branches(text, parse).arcs(Ran(lines, set(exits)))
    assert {(line, line) for line in lines} <= arcs
    return {(a, b) for a, b in arcs if a != b}


IF = "def f(x):\n    if x:\n        a = 1\n    return x\n"
RETURN = "def f(x):\n    if x: return foo(\n        1)  # one\n    return x\n"
ELSE = "def f(x):\n    if x: y = 1\n    else:\n        y = 2\n    return y\n"
LAST = "def f(x):\n    for i in x:\n        if i: continue\n        if x: break\n"
MULTI = "def f(x):\n    if (x or\n            x): return 1\n    return 2\n"
DECORATED = "def f(x):\n    while x:\n        @x\n        def g(): pass\n    return 2\n"
ONE_LINE = "@deco\ndef f(x): return 1\nf(2)\n"


@pytest.mark.parametrize(
    ("text", "lines", "exits", "arcs"),
    [
        (IF, {1, 2, 3, 4}, [], {(2, 3)}),
        (IF, {1, 2, 4}, [(2, False)], {(2, 4)}),
        (IF, {1, 2}, [], set()),
        (RETURN, {1, 2}, [(2, True)], {(2, -1)}),
        (RETURN, {1, 2, 4}, [(2, False)], {(2, 4)}),
        (ELSE, {1, 2, 5}, [(2, True)], {(2, 5)}),
        (ELSE, {1, 2, 4, 5}, [], {(2, 4)}),
        (LAST, {1, 2, 3}, [(3, True)], {(2, 3), (3, 2)}),
        (LAST, {1, 2, 3, 4}, [(3, False), (4, False)], {(2, 3), (3, 4), (4, 2)}),
        (LAST, {1, 2, 3, 4}, [(4, True)], {(2, 3), (4, -1)}),
        (LAST, {1, 2}, [(2, False)], {(2, -1)}),
        (MULTI, {1, 2, 3}, [], {(2, -1)}),
        (MULTI, {1, 2, 4}, [(2, False)], {(2, 4)}),
        (DECORATED, {1, 2, 3, 4, 5}, [(2, False)], {(2, 3), (2, 5), (4, 2)}),
        (ONE_LINE, {1, 2, 3}, [], {(2, 3)}),
        (ONE_LINE, {1, 2, 3}, [(2, True)], {(2, 3), (2, -1)}),
        ("class C: x = 1\ny = 2\n", {1, 2}, [], {(1, -1), (1, 2)}),
    ],
)
def test_an_exit_leads_where_coverage_says(
    text: str, lines: set[int], exits: list[tuple[int, bool]], arcs: set[tuple[int, int]]
) -> None:
    """Where lines do not show which way is the body's, a parse without the body does."""
    assert taken(text, lines, *exits) == arcs


FINALLY = """\
try:
    f()
finally:
    for i in g():
        i()
h()
"""


def test_an_exception_may_come_before_the_line_that_an_exit_leads_to() -> None:
    """The loop was passed, but what follows it did not run, and must not be said to have run."""
    assert taken(FINALLY, {1, 2, 4, 5}, (4, False)) == {(4, 5)}
    assert taken(FINALLY, {1, 2, 4, 5, 6}, (4, False)) == {(4, 5), (4, 6)}


def test_a_loop_has_run_if_an_exit_leads_back_to_it() -> None:
    """Its mark may have been cleared by a turn while it runs."""
    assert taken("def f(x):\n    while x:\n        if x():\n            y\n", {3}, (3, False)) == {
        (2, 3),
        (3, 2),
    }


MATCH = """\
def f(x):
    match x:
        case 1: return 1
        case (2 |
              3):
            y = 2
        case [_]: y = 3
    return y
"""


@pytest.mark.parametrize(
    ("lines", "exits", "arcs"),
    [
        ({2, 3}, [(3, True)], {(3, -1)}),
        ({2, 3, 4, 6, 8}, [], {(3, 4), (4, 6)}),
        ({2, 3, 4, 7, 8}, [(7, True)], {(3, 4), (4, 7)}),
        ({2, 3, 4, 7, 8}, [(7, False)], {(3, 4), (4, 7)}),
    ],
)
def test_a_case_leads_into_its_body_or_to_the_next(
    lines: set[int], exits: list[tuple[int, bool]], arcs: set[tuple[int, int]]
) -> None:
    """The last one here has one way on: both its exits lead to the line after the match."""
    assert taken(MATCH, lines, *exits) == arcs


@pytest.mark.parametrize("text", ["", "\n", "x = 1\n", "def f():\n    'é'; return 1\n"])
def test_a_text_without_decisions_has_lines_only(text: str) -> None:
    """Also an empty one, as most `__init__.py` are."""
    assert taken(text or "\n", set()) == set()
