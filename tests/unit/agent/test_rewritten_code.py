"""Rewritten code is the same program: names, constants, facts of code objects, positions.

Runs under every interpreter (tests/process/test_every_interpreter.py), so it is written in the
Python of 3.8 and uses the standard library and pytest only.
"""

from __future__ import annotations

import ast
import dis
import functools
import sys
from types import CodeType
from typing import Any

import pytest
from podcov_agent.binding import MARK, bind
from podcov_agent.hidden import without_dead_locals
from support.codes import codes
from support.rewriting import (  # noqa: F401
    Marks,
    compiles,
    corpus,
    form_of_probes,
    plain,
    read,
    rewrite,
    run,
)


def test_docstrings_stay_and_none_appears() -> None:
    source = """\
    'm'
    def f():
        "f"
    def g(): pass
    def h():
        a = "no doc"
    class C:
        "c"
    k = lambda: 1
    """
    for optimize in (0, 1):
        names, _ = run(source, optimize=optimize)
        docs = [names[n].__doc__ for n in ("f", "g", "h", "C", "k")]
        assert [names["__doc__"], *docs] == ["m", "f", None, None, "c", None]
    names, _ = run(source, optimize=2)
    assert [names[n].__doc__ for n in ("f", "g", "h", "C")] == [None, None, None, None]


def test_future_imports_keep_their_effect() -> None:
    names, _ = run("'doc'\nfrom __future__ import annotations\ndef f(a: nowhere): pass\n")
    assert names["f"].__annotations__ == {"a": "nowhere"}


def test_our_own_future_imports_are_not_inherited() -> None:
    names, _ = run("def f(a: 1 + 1): pass\n")
    assert names["f"].__annotations__ == {"a": 2}


def test_no_name_appears_in_the_application() -> None:
    names, _ = run("def f():\n  a = 1\n  return dict(locals())\nclass C:\n  b = 2\n")
    assert set(names) - {"__builtins__"} == {"__name__", "f", "C"}
    assert names["f"]() == {"a": 1}
    assert {n for n in vars(names["C"]) if not n.startswith("__")} == {"b"}


def test_constants_that_look_like_placeholders_stay_what_they_are() -> None:
    source = """\
    a = ("podcov", 0), (("podcov",), 1), ("podcov", 1)
    b = "podcov" in {"podcov"}
    c = [x for x in {"podcov"}]
    def f(x=("podcov", 2)): return x, (1, 2), (True, 2), (1.0, 2), 1 in {1, 2}
    """
    names, _ = run(source)
    assert names["a"] == (("podcov", 0), (("podcov",), 1), ("podcov", 1))
    assert (names["b"], names["c"]) == (True, ["podcov"])
    assert repr(names["f"]()) == "(('podcov', 2), (1, 2), (True, 2), (1.0, 2), True)"


def test_binding_twice_shares_nothing() -> None:
    """One kept code serves several maps."""
    code = rewrite(b"def f():\n  return 1\nf()\n", "m.py").code
    first, second = Marks(0), Marks(1000)
    bound = bind(code, first, 0)
    exec(bind(code, second, 1000), {})
    assert (first.lines, second.lines) == (set(), {1, 2, 3})
    exec(bound, {})
    assert first.lines == {1, 2, 3}


def test_bound_code_is_hashable() -> None:
    """Libraries put code objects into sets."""
    names, _ = run("def f():\n  return 1\n")
    assert names["f"].__code__ in {names["f"].__code__}


@pytest.fixture(scope="module")
def pairs() -> list[tuple[CodeType, CodeType]]:
    """Plain and rewritten code objects of the corpus, one beside the other."""
    out = []
    for path in filter(compiles, corpus()):
        theirs = list(codes(plain(read(path), path)))
        ours = list(codes(rewrite(read(path), path).code))
        assert [c.co_name for c in ours] == [c.co_name for c in theirs], path
        out += list(zip(theirs, ours))  # noqa: B905 (strict is new in 3.10)
    assert len(out) > 500
    return out


FACTS = ("co_name", "co_filename", "co_firstlineno", "co_varnames", "co_freevars", "co_cellvars")
COUNTS = ("co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_nlocals", "co_flags")


@pytest.mark.parametrize("fact", FACTS + COUNTS)
def test_code_objects_keep_their_facts(pairs: list[tuple[CodeType, CodeType]], fact: str) -> None:
    """Names, cells, flags and first lines are what the plain compiler makes, but for `hidden`'s."""
    expected = [(getattr(without_dead_locals(a), fact), a) for a, _ in pairs]
    made = [getattr(b, fact) for _, b in pairs]
    different = [(a, b) for (wanted, a), b in zip(expected, made) if wanted != b]  # noqa: B905
    assert different == []


def test_only_one_name_is_ever_looked_up_by_a_probe(pairs: list[tuple[CodeType, CodeType]]) -> None:
    assert {n for a, b in pairs for n in set(b.co_names) - set(a.co_names)} <= {"__setitem__"}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="columns are new in 3.11")
def test_every_instruction_has_its_position(pairs: list[tuple[CodeType, CodeType]]) -> None:
    """A traceback can point at the same places; probes have no width and so point nowhere."""
    for theirs, ours in pairs:
        lost = positions(theirs, CANNOT_RAISE) - positions(ours)
        added = positions(ours, CANNOT_RAISE) - positions(theirs)
        wide = {p for p in added if (p[0], p[2]) != (p[1], p[3])} - jumps(theirs.co_filename)
        assert (lost, wide) == (set(), set()), theirs


@functools.lru_cache(None)
def jumps(path: str) -> set[Any]:
    """Positions of pass, break and continue, which the compiler may leave without instructions."""
    found = (n for n in ast.walk(ast.parse(read(path))) if type(n) in JUMPS)
    return {(n.lineno, n.end_lineno, n.col_offset, n.end_col_offset) for n in found}


JUMPS = (ast.Pass, ast.Break, ast.Continue)
CANNOT_RAISE = (
    *("NOP", "JUMP", "EXTENDED_ARG", "POP", "PUSH", "COPY", "SWAP", "RETURN"),
    *("LOAD_CONST", "LOAD_FAST", "STORE_FAST", "DELETE_FAST"),
)
"""The compiler drops these, joins them, or books them on a neighbouring line, as it sees fit."""


def positions(code: CodeType, but: tuple[str, ...] = ()) -> set[Any]:
    found = dis.get_instructions(code)
    places = {i.positions for i in found if not i.opname.startswith(but)}
    return {p for p in places if p and None not in p}


def test_every_statement_has_a_probe() -> None:
    """Whatever the compiler makes code for can be marked."""
    for path in filter(compiles, corpus()):
        source = read(path).split(b"\n")
        missing = statement_lines(path) - marked_lines(rewrite(read(path), path, 0).code)
        missing = {n for n in missing if b"# only coverage:" not in source[n - 1]}  # booked there
        assert missing == set(), path


def statement_lines(path: str) -> set[int]:
    tree = ast.parse(read(path))
    documented = (ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {
        id(n.body[0])
        for n in ast.walk(tree)
        if isinstance(n, documented) and ast.get_docstring(n) is not None
    }
    alive = {
        line for code in codes(plain(read(path), path)) for _, line in dis.findlinestarts(code)
    }
    return {
        n.lineno
        for n in ast.walk(tree)
        if isinstance(n, (ast.stmt, ast.excepthandler))
        and not isinstance(n, (ast.Global, ast.Nonlocal))
        and id(n) not in docs
        and alive.intersection(range(n.lineno, (n.end_lineno or 0) + 1))
    }


def marked_lines(code: CodeType) -> set[int]:
    ours = [c for each in codes(code) for c in each.co_consts if type(c) is tuple and len(c) == 2]
    return {c[1] for c in ours if c[0] == MARK}


def test_getsource_finds_the_source(tmp_path: Any) -> None:
    import inspect

    path = str(tmp_path / "m.py")
    source = "def deco(f): return f\n\n@deco\ndef f():\n    '''doc'''\n    return 1\n"
    with open(path, "w") as file:
        file.write(source)
    names, _ = run(source, path)
    assert inspect.getsource(names["f"]) == source[source.index("@deco") :]
