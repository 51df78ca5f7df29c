"""Rewritten code marks the lines it runs, whatever the source looks like.

Runs under every interpreter (tests/process/test_every_interpreter.py), so it is written in the
Python of 3.8 and uses the standard library and pytest only.
"""

from __future__ import annotations

import ast
import gc
import sys
from typing import Any

import pytest
from podcov_agent.binding import bind
from support.rewriting import (  # noqa: F401
    BASE,
    Marks,
    form_of_probes,
    rewrite,
    run,
)

LINES = {
    "statements": ("a = 1\nb = 2; c = 3\n\nd = (a +\n  b)\n", {1, 2, 4}),
    "docstring of a module": ('"""doc\nmore"""\na = 1\n', {1, 3}),
    "only a docstring": ('"""doc"""\n', {1}),
    "an empty file": ("", set()),
    "only a comment": ("# nothing\n", set()),
    "future imports": (
        '"""doc"""\nfrom __future__ import division\n'
        "from __future__ import annotations; a = 1\nb = 2\n",
        {1, 2, 3, 4},
    ),
    "a function that nobody calls": ("def f():\n  return 1\n", {1}),
    "a function": ('def f():\n  "doc"\n  return 1\nf()\n', {1, 3, 4}),
    "a class": ('class C:\n  "doc"\n  a = 1\n  def f(self): return 1\n', {1, 2, 3, 4}),
    "if and else": ("if 0 or []:\n  a = 1\nelse:\n  b = 2\n", {1, 4}),
    "elif": (
        "x = 2\nif x == 1:\n  a = 1\nelif x == 2:\n  b = 2\nelif x == 3:\n  pass\n",
        {1, 2, 4, 5},
    ),
    "one line of everything": (
        "for i in [1]: a = i; b = i\nif i: c = 1\nwhile i: i = 0\n",
        {1, 2, 3},
    ),
    "a loop with else": ("for i in []:\n  a = 1\nelse:\n  b = 2\n", {1, 4}),
    "an exception": (
        "try:\n  1 / 0\n  a = 1\nexcept KeyError:\n  b = 1\nexcept (\n  ZeroDivisionError\n) as e:"
        "\n  c = 1\nexcept ValueError:\n  d = 1\nelse:\n  f = 1\nfinally:\n  g = 1\n",
        {1, 2, 4, 6, 9, 15},
    ),
    "a bare except": ("try:\n  1 / 0\nexcept:\n  a = 1\n", {1, 2, 3, 4}),
    "a bare except that is not reached": ("try:\n  a = 1\nexcept:\n  a = 2\n", {1, 2}),
    "with": (
        "import io\nwith io.StringIO() as a, \\\n     io.StringIO() as b:\n  c = 1\n",
        {1, 2, 4},
    ),
    "decorators": (
        "def d(*a): return lambda f: f\n@d(1)\n@d(\n  2)\ndef f(a=1,\n      b=2):\n  return a\n",
        {1, 2, 3, 5},
    ),
    "a decorator that raises": (
        "def d(*a): 1 / 0\ntry:\n  @str\n  @d()\n  @d()\n  def f(): pass\n"
        "except ZeroDivisionError: pass\n",
        {1, 2, 3, 4, 7},
    ),
    "declarations leave no code": ("a = 1\ndef f():\n  global a\n  a = 2\nf()\n", {1, 2, 4, 5}),
    "a line continued to the next": ("a = 1; \\\nb = 2\n", {1, 2}),
}


@pytest.mark.parametrize("form", list(LINES))
def test_the_lines_that_run_are_marked(form: str) -> None:
    source, lines = LINES[form]
    assert run(source)[1].lines == lines


@pytest.mark.skipif(sys.version_info < (3, 10), reason="match is new in 3.10")
def test_a_case_is_marked_when_it_is_tried() -> None:
    source = """\
    def f(x):
        match x:
            case 1:
                return 1
            case [a, b] if a > b:
                return 2
            case _:
                return 3
    f([1, 2])
    """
    assert run(source)[1].lines == {1, 2, 3, 5, 7, 8, 9}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="except* is new in 3.11")
def test_except_star_is_marked_when_it_is_tried() -> None:
    source = """\
    try:
        raise ExceptionGroup("g", [ValueError()])
    except* KeyError:
        a = 1
    except* ValueError:
        b = 1
    """
    names, marks = run(source)
    assert marks.lines == {1, 2, 3, 5, 6}
    assert names["b"] == 1


def test_asserts_that_the_compiler_drops_are_not_marked() -> None:
    source = "assert 1\nassert 1; a = 1\n"
    assert run(source, optimize=0)[1].lines == {1, 2}
    assert run(source, optimize=1)[1].lines == {2}


def test_a_body_on_the_line_of_its_def_is_marked_by_each_call() -> None:
    """A generation that begins after the import has the line only if the body marks it."""
    names, marks = run("def f(): return 1\n")
    marks.lines.clear()
    names["f"]()
    assert marks.lines == {1}


def test_the_map_has_a_place_for_every_line_in_every_interpreter() -> None:
    """Line ends of all kinds count, and so does a last line without one."""
    for source in (b"a = 1\n", b"a = 1", b"a\r\nb\rc\n", b"", b"\x0c\na=1"):
        assert rewrite(source, "m.py").slots > source.count(b"\n") + source.count(b"\r\n") * 0 + 1
    assert rewrite(b"a = 1\r\nb = 2\r\n", "m.py").slots == 4
    assert rewrite(b"a = 1\rb = 2\r", "m.py").slots == 4


@pytest.mark.parametrize(
    ("source", "value"),
    [
        (b"\xef\xbb\xbfa = '\xc3\xa9'\n", "\xe9"),
        (b"# coding: latin-1\na = '\xe9'\n", "\xe9"),
        (b"\n# -*- coding: cp1252 -*-\r\na = '\x80'\r\n", "\u20ac"),
        (b"a = 1\r\nif a:\r\n\ta = 2\r\n", 2),
        (b"\x0ca = 1\n\x0c\nif a:\n\x0c    a = 2\n", 2),
        (b"a = '''x\r\ny'''", "x\ny"),
        (b"a = 5 #\\\n", 5),
        (b"a = '\\ud800'\n", "\ud800"),
        (b"if 1:\n    a = 1", 1),
    ],
)
def test_encodings_and_line_ends(source: bytes, value: object) -> None:
    marks = Marks()
    rewritten = rewrite(source, "m.py")
    names: dict[str, Any] = {}
    exec(bind(rewritten.code, marks, BASE), names)
    assert names["a"] == value
    assert marks.lines == statement_lines_of(source)
    assert rewritten.slots > max(marks.lines)


def statement_lines_of(source: bytes) -> set[int]:
    return {n.lineno for n in ast.walk(ast.parse(source)) if isinstance(n, ast.stmt)}


@pytest.mark.parametrize(
    "source", [b"x = (\n", b"a = 1\0\n", b"# coding: nowhere\n", b"return\n", b"\xff"]
)
def test_what_does_not_compile_raises_what_compile_raises(source: bytes) -> None:
    """With the file's own name."""
    with pytest.raises((SyntaxError, ValueError)) as theirs:
        compile(source, "m.py", "exec", dont_inherit=True)
    with pytest.raises(theirs.type) as ours:
        rewrite(source, "m.py")
    assert str(ours.value) == str(theirs.value)


def test_a_long_chain_of_elif_needs_no_recursion_of_ours() -> None:
    """It is rewritten, or the compiler says why not."""
    chain = "if x == 0: pass\n" + "".join(f"elif x == {i}: y = {i}\n" for i in range(1, 800))
    assert run("x = 700\n" + chain)[0]["y"] == 700


def test_an_expression_that_only_the_parser_gets_through() -> None:
    """RecursionError is the answer, and the process lives."""
    source = b"a = " + b"+".join([b"a"] * 120_000) + b"\n"
    with pytest.raises((RecursionError, MemoryError)):
        rewrite(source, "m.py")


def test_a_tree_that_somebody_makes_meanwhile_does_no_harm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CPython 3.11 and 3.12 may fail then; a second attempt does not."""
    plain, first = compile, [True]

    def disturb(phase: str, info: object) -> None:
        (lambda: ast.parse("a = 1"))()

    def disturbed_once(*args: Any) -> Any:
        if not first:
            return plain(*args)
        first.clear()
        gc.callbacks.append(disturb)
        try:
            return plain(*args)
        finally:
            gc.callbacks.remove(disturb)

    monkeypatch.setattr("podcov_agent.rewrite.compile", disturbed_once, raising=False)
    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        assert run("a = [1]\nb = [2]\n" * 20)[1].lines == set(range(1, 41))
    finally:
        gc.set_threshold(*threshold)
