"""Which exits of decisions have a mark of their own, and what marks it.

Runs under every interpreter (tests/process/test_every_interpreter.py), so in Python of 3.8.
"""

import sys

import pytest
from podcov_agent.binding import bind
from podcov_agent.probes import NATIVES, STORES
from podcov_agent.rewrite import rewrite


class Marks:
    """A map that takes any index."""

    def __init__(self):
        self.ran = set()

    def __setitem__(self, index, value):
        self.ran.add(index)


class Native:
    """A map with an object for each byte, as the one in C."""

    def __init__(self):
        self.ran = set()

    def fill(self, consts, mark, base):
        made = []
        for const in consts:
            if type(const) is tuple and len(const) == 2 and const[0] == mark:
                const = Slot(self.ran, base + const[1])
            made.append(const)
        return made


class Slot:
    def __init__(self, ran, number):
        self.ran, self.number = ran, number

    def __neg__(self):
        self.ran.add(self.number)
        return self

    def __contains__(self, number):
        self.ran.add(self.number)
        return False

    def __bool__(self):
        return False


FORMS = [pytest.param(STORES, Marks, id="stores"), pytest.param(NATIVES, Native, id="native")]


def exits_of(source):
    """The names of the source's exits, in the order of their bytes."""
    text = rewrite(source.encode(), "/app/a.py", branches=True).exits
    first, _, names = text.partition(":")
    assert int(first) == len(source.splitlines()) + 2
    return names


def taken(source, probes, marks, **names):
    """The exits that a run of the source takes."""
    made = rewrite(source.encode(), "/app/a.py", probes=probes, branches=True)
    first, _, exits = made.exits.partition(":")
    linemap = marks()
    exec(bind(made.code, linemap, 0), names)
    known = exits.split(",")
    assert made.slots == int(first) + len(known)
    return {known[index - int(first)] for index in linemap.ran if index >= int(first)}


@pytest.mark.parametrize(
    ("source", "exits"),
    [
        ("if x:\n    y\n", "1-"),
        ("if x:\n    y\nelse:\n    z\n", ""),
        ("if x: y\nelse: z\n", "1+"),
        ("if x: y\n", "1+,1-"),
        ("if x:\n    y\nelif z:\n    y\n", "3-"),
        ("for x in y:\n    z\n", "1-"),
        ("for x in y:\n    z\nelse:\n    w\n", ""),
        ("while x: y\n", "1+,1-"),
        ("while True:\n    y\n", ""),
        ("if 0:\n    y\n", ""),
        ("async def f():\n    async for x in y:\n        z\n", "2-"),
        ("def f(): return 1\n", "1+"),
        ("def f():\n    return 1\n", ""),
        ("def f(a,\n      b): return 1\n", ""),
        ("class C: x = 1\n", ""),
        (
            "def f():\n    global x\n    if x:\n        global y\n    else:\n        global z\n",
            "3+,3-",
        ),
        ("if x:\n    assert y\n", "1-"),
        ("try:\n    x\nexcept A: y\nexcept B: z\n", ""),
        ("with x: y\n", ""),
        ("[a for a in b if a]\nf = lambda: 1 if f else 2\n", ""),
        ("x = 1\n", ""),
    ],
)
def test_an_exit_has_a_mark_where_lines_do_not_tell(source, exits):
    assert exits_of(source) == exits


@pytest.mark.skipif(sys.version_info < (3, 10), reason="match is of 3.10")
@pytest.mark.parametrize(
    ("cases", "exits"),
    [
        ("case 1:\n  y", "2-"),
        ("case 1: y", "2+,2-"),
        ("case 1: y\n case _: z", "2+,3+"),
        ("case 1:\n  y\n case z:\n  y", ""),
        ("case 1:\n  y\n case [1] | _:\n  y", ""),
        ("case 1:\n  y\n case (w as z):\n  y", ""),
        ("case 1:\n  y\n case z if z:\n  y", "4-"),
        ("case 1:\n  y\n case [_]:\n  y", "4-"),
    ],
)
def test_a_case_is_a_decision_and_the_last_one_may_always_match(cases, exits):
    assert exits_of("match x:\n " + cases + "\n") == exits


@pytest.mark.parametrize(("probes", "marks"), FORMS)
@pytest.mark.parametrize(
    ("body", "x", "exits"),
    [
        ("if x: return", 1, {"1+", "2+"}),
        ("if x: return", 0, {"1+", "2-"}),
        ("if x:\n        return", 0, {"2-"}),
        ("for i in range(x): pass", 2, {"2+", "2-"}),
        ("for i in range(x): break", 2, {"2+"}),
        ("while x:\n        x -= 1", 2, {"2-"}),
        ("for i in [x]:\n        raise KeyError", 2, set()),
        ("if x:\n        global y\n    else: return", 1, {"2+"}),
    ],
)
def test_an_exit_is_marked_when_it_is_taken(body, x, exits, probes, marks):
    source = "def f(x):\n    " + body + "\ntry:\n    f(X)\nexcept KeyError:\n    pass\n"
    assert taken(source, probes, marks, X=x) == exits - {"1+"}


@pytest.mark.parametrize(("probes", "marks"), FORMS)
def test_a_function_on_one_line_is_marked_when_it_is_called(probes, marks):
    source = "def f(): 'doc'\ndef g(): return 1\nassert f.__doc__ == 'doc'\n"
    assert taken(source, probes, marks) == set()
    assert taken(source + "f()\n", probes, marks) == {"1+"}


@pytest.mark.skipif(sys.version_info < (3, 10), reason="match is of 3.10")
@pytest.mark.parametrize(("probes", "marks"), FORMS)
@pytest.mark.parametrize(("x", "exits"), [(1, {"2+"}), (2, set()), (3, {"3-"})])
def test_a_match_is_passed_when_no_case_matched(x, exits, probes, marks):
    source = "match X:\n case 1: pass\n case 2:\n  pass\n"
    assert taken(source, probes, marks, X=x) == exits


def test_lines_are_marked_as_without_branches():
    """Branches only add bytes after those of the lines."""
    source = "for i in range(3):\n    if i: continue\n    j = i\n"
    ran = []
    for branches in (False, True):
        marks = Marks()
        made = rewrite(source.encode(), "/app/a.py", branches=branches)
        exec(bind(made.code, marks, 0), {})
        ran.append({index for index in marks.ran if index < 5})
    assert ran == [{1, 2, 3}, {1, 2, 3}]


def test_code_without_branches_is_what_it_was():
    """Nothing is added to what only lines are measured in."""
    source = b"if x:\n    y\n"
    made = rewrite(source, "/app/a.py")
    assert (made.exits, made.slots) == (None, 4)
    assert made.slots < rewrite(source, "/app/a.py", branches=True).slots


def test_a_source_of_a_bytecode_reader_keeps_its_decorated_functions():
    """Neither lines nor exits are marked in them."""
    source = "import numba\n@numba.njit\ndef f(x):\n    if x: return\nif f:\n    pass\n"
    assert exits_of(source) == "5-"


def test_a_chain_of_elif_is_not_walked_by_recursion():
    """As deep as the compiler itself can go."""
    chain = "".join(f"elif x == {n}:\n    y\n" for n in range(300))
    assert exits_of("if x:\n    y\n" + chain) == "601-"
