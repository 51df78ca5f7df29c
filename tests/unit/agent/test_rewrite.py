"""Rewritten code marks the lines it runs and is otherwise the same program.

Runs under every interpreter (tests/process/test_every_interpreter.py), so it is written in the
Python of 3.8 and uses the standard library and pytest only.
"""

from __future__ import annotations

import ast
import dis
import functools
import glob
import marshal
import os
import sys
import sysconfig
import textwrap
import threading
import traceback
import warnings
from collections.abc import Iterator
from types import CodeType
from typing import Any

import podcov_agent.rewrite
import pytest
from podcov_agent.binding import MARK, bind
from podcov_agent.probes import NATIVES, STORES
from podcov_agent.rewrite import Rewritten

BASE = 64
PROGRAMS = os.path.join(os.path.dirname(__file__), "../../process/programs")

FORM: list[Any] = [STORES]
"""The form of probes that is being tested."""


@pytest.fixture(autouse=True, scope="module", params=[STORES, NATIVES], ids=["store", "native"])
def form(request: Any) -> None:
    """Everything here holds for both forms."""
    FORM[0] = request.param


def rewrite(source: bytes, path: str, optimize: int = -1) -> Rewritten:
    return podcov_agent.rewrite.rewrite(source, path, optimize, FORM[0])


class Line:
    """What the map in C has for each line."""

    def __init__(self, marks: Marks, index: int) -> None:
        self.marks, self.index = marks, index

    def __neg__(self) -> Line:
        self.marks[self.index] = 1
        return self

    def __contains__(self, number: int) -> bool:
        self.marks[self.index] = 1
        return False

    def __bool__(self) -> bool:
        return False


class Marks:
    """A map that remembers the lines marked in it."""

    @property
    def fill(self) -> Any:
        """Only maps with an object for each line have this method."""
        if FORM[0] is STORES:
            raise AttributeError("fill")
        return self._fill

    def _fill(self, consts: tuple[Any, ...], mark: Any, base: int) -> tuple[Any, ...]:
        ours = [type(c) is tuple and len(c) == 2 and c[0] == mark for c in consts]
        return tuple(Line(self, base + c[1]) if our else c for our, c in zip(ours, consts))  # noqa: B905

    def __init__(self, base: int = BASE) -> None:
        self.base = base
        self.lines: set[int] = set()

    def __setitem__(self, index: int, value: int) -> None:
        assert value == 1
        self.lines.add(index - self.base)


def run(source: str, path: str = "m.py", optimize: int = -1) -> tuple[dict[str, Any], Marks]:
    """Execute rewritten source that has been through the cache; its names, and its marks."""
    marks = Marks()
    rewritten = rewrite(textwrap.dedent(source).encode(), path, optimize)
    code = bind(marshal.loads(marshal.dumps(rewritten.code)), marks, BASE)
    names: dict[str, Any] = {"__name__": "m"}
    exec(code, names)
    return names, marks


def codes(code: CodeType) -> Iterator[CodeType]:
    """The code object and all within, in the order of the source."""
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from codes(const)


def plain(source: str, path: str = "m.py") -> CodeType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compile(source, path, "exec", dont_inherit=True)


# What is marked ---------------------------------------------------------------------------------

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


# The same program -------------------------------------------------------------------------------


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


def corpus() -> list[str]:
    """Our programs, and every eighth module of this standard library."""
    library = sorted(glob.glob(os.path.join(sysconfig.get_paths()["stdlib"], "*.py")))[::8]
    return sorted(glob.glob(os.path.join(PROGRAMS, "*.py"))) + library


def compiles(path: str) -> bool:
    """Programs may be for later versions."""
    try:
        plain(read(path), path)
    except SyntaxError:
        return False
    return True


def read(path: str) -> Any:
    with open(path, "rb") as file:
        return file.read()


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
    """Names, cells, flags and first lines are what the plain compiler makes."""
    different = [(a, getattr(b, fact)) for a, b in pairs if getattr(a, fact) != getattr(b, fact)]
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
        missing = statement_lines(path) - marked_lines(rewrite(read(path), path, 0).code)
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


RAISING = """\
import functools
def deco(f):
    return f
class C:
    @deco
    @functools.wraps(
        int)
    def m(self, x):
        try:
            return {}[x]
        except KeyError as e:
            raise ValueError("a",
                             "b") from e
def f(n):
    if n == 1:
        C().m(
            n)
    elif n == 2: [i for i in
                  (1, 0) if 1 / i]
    elif n == 3:
        try:
            raise OSError
        except nowhere:
            pass
    elif n == 4:
        @deco
        @nowhere
        @deco
        def g(): pass
    elif n == 5:
        @deco
        @deco(1,
              2)
        class D: pass
    elif n == 6:
        next(x for x in [1]
             if x.y)
    elif n == 7:
        assert n == 8, \\
            "no"
    elif n == 8:
        try:
            raise OSError
        except 1:
            pass
    elif n == 9:
        with C() as c:
            pass
    elif n == 10:
        @deco
        def broken(a=1 / 0,
                   b=2): pass
"""


def trace_of(code: CodeType, n: int) -> str:
    names: dict[str, Any] = {"__name__": "m"}
    try:
        exec(code, names)
        names["f"](n)
    except Exception:
        return traceback.format_exc()
    raise AssertionError("it did not raise")


@pytest.mark.parametrize("n", range(1, 11))
def test_tracebacks_are_equal(n: int, tmp_path: Any) -> None:
    """To the marks under the failing expression, where the version shows them."""
    path = str(tmp_path / "m.py")
    with open(path, "w") as file:
        file.write(RAISING)
    ours = bind(rewrite(RAISING.encode(), path).code, Marks(), BASE)
    assert trace_of(ours, n) == trace_of(plain(RAISING, path), n)


def events_of(code: CodeType) -> list[tuple[str, str, int]]:
    """What a debugger sees."""
    seen: list[tuple[str, str, int]] = []

    def trace(frame: Any, event: str, argument: object) -> Any:
        if frame.f_code.co_filename == "m.py":
            seen.append((event, frame.f_code.co_name, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        exec(code, {"__name__": "m", "print": lambda *a: None})
    finally:
        sys.settrace(before)
    return seen


STEPS = """\
'doc'
from __future__ import annotations
def deco(f):
    return f
@deco
@deco
def f(n):
    'doc'
    for i in range(n):
        if i == 1:
            continue
        try:
            1 / (i - 2)
        except (KeyError, ZeroDivisionError): pass
        finally:
            n = 0
    while n < 2: n += 1
    return [i for i in range(2)]
class C:
    'doc'
    a = 1
f(4)
"""


def test_a_debugger_takes_the_same_steps() -> None:
    """Line, call, return and exception events come in the same order.

    (One difference is left: a statement whose first line holds no code, `return [` alone, is a
    step of its own on 3.12 and later.)
    """
    ours = bind(rewrite(STEPS.encode(), "m.py").code, Marks(), BASE)
    assert events_of(ours) == events_of(plain(STEPS))


# Sources of every kind --------------------------------------------------------------------------


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


def test_warnings_are_not_repeated() -> None:
    """The module was loaded before: each warning was given then, or turned into an error."""
    source = b"a = 1\nb = a is 1\nc = '\\d'\nassert (b, 'always true')\nd = [1] (2) if 0 else 0\n"
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        before, copy = warnings.filters, list(warnings.filters)
        rewrite(source, "m.py")
        assert (warnings.filters is before, warnings.filters) == (True, copy)
    assert seen == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rewrite(source, "m.py")


def test_other_threads_keep_their_warnings_while_we_compile() -> None:
    """Each of their warnings is shown although the filter is in the list all the time."""
    source = b"a = 1\nb = a is 1\n" * 50
    stop = threading.Event()

    def rewrite_on() -> None:
        while not stop.is_set():
            rewrite(source, "m.py")

    thread = threading.Thread(target=rewrite_on)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        before = list(warnings.filters)
        thread.start()
        try:
            for number in range(2000):
                warnings.warn(f"number {number}", UserWarning, stacklevel=1)
        finally:
            stop.set()
            thread.join()
        assert warnings.filters == before
    assert [str(w.message) for w in seen] == [f"number {n}" for n in range(2000)]


# Bytecode readers -------------------------------------------------------------------------------

NUMBA = """\
import functools
def njit(f): return f
class app:
    route = staticmethod(lambda f: f)
@njit
def fast(x):
    def inner():
        return x
    return inner()
@functools.lru_cache(None)
def cached(x):
    return x
@app.route
def view(x):
    return x
def helper(x):
    return x
@njit
class Jitted:
    a = 1
    def m(self):
        return 1
"""


def test_a_function_that_may_be_compiled_from_its_bytecode_stays_plain() -> None:
    """Its decorator line and those around it are marked; plain decorators change nothing."""
    names, marks = run(NUMBA)
    for name in ("fast", "cached", "view", "helper"):
        names[name](1)
    names["Jitted"]().m()
    assert not marks.lines & {7, 8, 9, 22}
    assert {5, 6, 12, 15, 17, 20, 21} <= marks.lines
    plain_names: dict[str, Any] = {}
    exec(plain(NUMBA), plain_names)
    assert names["fast"].__code__.co_code == plain_names["fast"].__code__.co_code


def test_a_function_that_is_handed_to_a_compiler_stays_plain() -> None:
    """By a call, with options or without. What is handed to anything else is measured."""
    names, marks = run(
        "def numba(f=None, **options): return f or numba\n"
        "jit = compile = numba\n"
        "def a(x):\n    return x\n"
        "def b(x):\n    return x\n"
        "def c(x):\n    return x\n"
        "fast = [jit(a), jit(nopython=True)(b), list(map(c, [1]))]\n"
    )
    for name in "abc":
        names[name](1)
    assert marks.lines & {4, 6, 8} == {8}


def test_the_same_decorators_mean_nothing_in_other_sources() -> None:
    names, marks = run(NUMBA.replace("njit", "deco"))
    names["fast"](1)
    assert {7, 8, 9} <= marks.lines


def test_getsource_finds_the_source(tmp_path: Any) -> None:
    import inspect

    path = str(tmp_path / "m.py")
    source = "def deco(f): return f\n\n@deco\ndef f():\n    '''doc'''\n    return 1\n"
    with open(path, "w") as file:
        file.write(source)
    names, _ = run(source, path)
    assert inspect.getsource(names["f"]) == source[source.index("@deco") :]
