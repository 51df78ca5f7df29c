"""Random programs do the same and report the same statements, rewritten and under coverage.py.

PODCOV_GENERATED sets the number of programs; a nightly run wants thousands.
"""

from __future__ import annotations

import ast
import builtins
import os
import re
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import pytest
from coverage import Coverage
from coverage.parser import PythonParser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from podcov.branches import Branches, Parsed, Ran
from podcov_agent.binding import bind
from podcov_agent.rewrite import rewrite
from podcov_agent.sidecar.lines import read_exits

EXAMPLES = int(os.environ.get("PODCOV_GENERATED", "200"))
STEPS = 300
"""A program is stopped after so many decisions; so every loop ends."""


class Stop(BaseException):
    """Ends a program that has run long enough."""


GROUP = getattr(builtins, "BaseExceptionGroup", Stop)  # of 3.11
ENDS = (Exception, Stop, GROUP)
"""How a program may end; `except*` wraps a Stop into a group."""


class Swallow:
    """A context manager, in both kinds, that swallows some errors."""

    def __enter__(self) -> int:
        return 1

    def __exit__(self, kind: Any, *error: object) -> bool:
        return kind is KeyError

    async def __aenter__(self) -> int:
        return 1

    async def __aexit__(self, kind: Any, *error: object) -> bool:
        return kind is KeyError


async def numbers() -> Any:
    for n in range(2):
        yield n


def drive(coroutine: Any) -> object:
    """Run a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")


class World:
    """What a program sees: pseudo-random decisions and a log."""

    def __init__(self, seed: int) -> None:
        self.state = seed
        self.left = STEPS
        self.log: list[object] = []

    def decide(self) -> bool:
        self.left -= 1
        if self.left < 0:
            raise Stop
        self.state = (self.state * 1103515245 + 12345) % 2**31
        return bool(self.state >> 16 & 1)

    def names(self) -> dict[str, Any]:
        return {
            "__name__": "generated",
            "c": self.decide,
            "log": self.log.append,
            "Swallow": Swallow,
            "numbers": numbers,
            "drive": drive,
            "deco": lambda f: f,
        }


def indent(lines: list[str]) -> list[str]:
    return ["    " + line for line in lines]


as_many_as_asked = settings(
    max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)

ERRORS = ("KeyError", "ValueError", "(KeyError,\n        IndexError)", "Exception")
SIMPLE = (
    "log(1)",
    "x = 1; log(x)",
    "pass",
    "x = [i for i in range(3)\n    if i]",
    "log((lambda:\n    2)())",
    "'text'",
    "assert c() or 1",
    "x: int = 3",
    "raise KeyError",
    "raise ValueError(\n    1)",
    "if c(): log(3)",
    "for i in (1, 2): log(i)",
    "log(\n    4 if c() else\n    5)",
    "{}[1]",
    "x = (1, 'podcov')",
    "del nowhere",
)


@st.composite
def blocks(draw: Callable[[Any], Any], depth: int = 0, context: str = "") -> list[str]:
    """Some statements. `context` has "l" in a loop, "f" in a function, "a" in an async one."""
    out: list[str] = []
    for _ in range(draw(st.integers(1, 2))):
        kinds = [simple, simple]
        if depth < 3:
            kinds += [branch, loop, handled, context_manager, function, klass]
            kinds += [match] if sys.version_info >= (3, 10) else []
            kinds += [group] if sys.version_info >= (3, 11) and context.strip("l") == "" else []
            kinds += [awaiting] if "a" in context else []
        kinds += [jump] if context else []
        out += draw(st.sampled_from(kinds))(draw, depth + 1, context)
    return out


def inner(draw: Any, depth: int, context: str) -> list[str]:
    block: list[str] = draw(blocks(depth, context))
    return indent("\n".join(block).split("\n"))


def simple(draw: Any, depth: int, context: str) -> list[str]:
    return [draw(st.sampled_from(SIMPLE))]


def jump(draw: Any, depth: int, context: str) -> list[str]:
    ways = ["break", "continue"] if "l" in context else []
    ways += ["return", "return c()"] if set("fag") & set(context) else []
    ways += ["yield 1", "log((yield))"] if "g" in context else []
    return (
        [f"if c(): {draw(st.sampled_from(ways))}"]
        if draw(st.booleans())
        else [draw(st.sampled_from(ways))]
    )


def branch(draw: Any, depth: int, context: str) -> list[str]:
    test = draw(st.sampled_from(["c()", "c() and c()", "0", "1", "not c()", "__debug__"]))
    out = [f"if {test}:", *inner(draw, depth, context)]
    for _ in range(draw(st.integers(0, 2))):
        out += ["elif c():", *inner(draw, depth, context)]
    return out + (["else:", *inner(draw, depth, context)] if draw(st.booleans()) else [])


def loop(draw: Any, depth: int, context: str) -> list[str]:
    heads = ["for i in range(2):", "while c():", "while True:", "for i, j in [(1,\n    2)]:"]
    heads += ["async for i in numbers():"] if "a" in context else []
    body = inner(draw, depth, context + "l")
    out = [draw(st.sampled_from(heads)), "    if c(): log('again')", *body]
    return out + (["else:", *inner(draw, depth, context)] if draw(st.booleans()) else [])


def handled(draw: Any, depth: int, context: str) -> list[str]:
    out = ["try:", *inner(draw, depth, context)]
    handlers = draw(st.integers(0, 2))
    for _ in range(handlers):
        named = draw(st.sampled_from(["", " as e"]))
        out += [f"except {draw(st.sampled_from(ERRORS))}{named}:", *inner(draw, depth, context)]
    if handlers and draw(st.booleans()):
        out += ["except Exception:" if draw(st.booleans()) else "except:"]
        out += [*inner(draw, depth, context), *(["    raise"] if draw(st.booleans()) else [])]
    if handlers and draw(st.booleans()):
        out += ["else:", *inner(draw, depth, context)]
    if not handlers or draw(st.booleans()):
        out += ["finally:", *inner(draw, depth, context.replace("l", ""))]
    return out


def group(draw: Any, depth: int, context: str) -> list[str]:
    out = ["try:", *indent(["raise ExceptionGroup('g', [KeyError(), ValueError()])"])]
    out += ["except* KeyError:", *inner(draw, depth, "")]
    return [*out, "except* (ValueError,", "         OSError) as e:", *inner(draw, depth, "")]


def context_manager(draw: Any, depth: int, context: str) -> list[str]:
    kind = "async with" if "a" in context and draw(st.booleans()) else "with"
    more = draw(st.sampled_from(["", " as w", ", \\\n     Swallow() as w"]))
    return [f"{kind} Swallow(){more}:", *inner(draw, depth, context)]


def function(draw: Any, depth: int, context: str) -> list[str]:
    kind, call = draw(
        st.sampled_from(
            [("f", "f()"), ("g", "list(f())"), ("g", "next(f(), 0)"), ("a", "drive(f())")]
        )
    )
    out = ["@deco", "@deco"][: draw(st.integers(0, 2))]
    out += ["async def f():" if kind == "a" else "def f(a=1,\n        b=2):"]
    out += ["    'doc'"] if draw(st.booleans()) else []
    out += inner(draw, depth, kind) + (["    yield 9"] if kind == "g" else [])
    return [*out, f"log({call})" if draw(st.booleans()) else call]


def klass(draw: Any, depth: int, context: str) -> list[str]:
    doc = ["    'doc'"] if draw(st.booleans()) else []
    return ["class C:", *doc, *inner(draw, depth, "")]


def awaiting(draw: Any, depth: int, context: str) -> list[str]:
    return ["async def h():", "    return c()", "log([await h(),", "     await h()])"]


def match(draw: Any, depth: int, context: str) -> list[str]:
    out = [f"match {draw(st.sampled_from(['c()', '(c(), 1)', '{1: c()}']))}:"]
    cases = ["True", "False | 1", "(True, x)", "[False,\n      y]", "{1: z}", "w if c()"]
    for _ in range(draw(st.integers(1, 3))):
        out += [f"    case {draw(st.sampled_from(cases))}:", *indent(inner(draw, depth, context))]
    last = ["    case _:", *indent(inner(draw, depth, context))]
    return out + (last if draw(st.booleans()) else [])


class Marks:
    def __init__(self) -> None:
        self.lines: set[int] = set()

    def __setitem__(self, index: int, value: int) -> None:
        self.lines.add(index)


def outcome(code: Any, seed: int) -> tuple[list[str], str]:
    """The log of a run, and how it ended."""
    world = World(seed)
    try:
        exec(code, world.names())
    except ENDS as error:
        return [repr(entry) for entry in world.log], repr(error)
    return [repr(entry) for entry in world.log], ""


def compiles(source: str) -> bool:
    try:
        compile(source, "generated.py", "exec", dont_inherit=True)
    except SyntaxError:  # of a combination, such as `return 1` in an asynchronous generator
        return False
    return True


@as_many_as_asked
@given(blocks(), st.integers(0, 2**16))
@pytest.mark.filterwarnings("ignore")
def test_generated_programs_are_the_same_program(lines: list[str], seed: int) -> None:
    """Same log, same end, same statements."""
    source = "\n".join(lines) + "\n"
    if not compiles(source):
        return
    marks = Marks()
    ours = outcome(bind(rewrite(source.encode(), "generated.py").code, marks, 0), seed)
    theirs, traced = traced_outcome(source, seed)
    assert ours == theirs
    parser = PythonParser(text=source)
    parser.parse_source()
    we_say = parser.translate_lines(marks.lines) & parser.statements
    they_say = parser.translate_lines(traced) & parser.statements
    phantoms = they_say - we_say
    assert phantoms <= ends_of_finally(source), textwrap.indent(source, "  ")
    assert we_say == they_say - phantoms, textwrap.indent(source, "  ")


def ends_of_finally(source: str) -> set[int]:
    """The lines on which the tracer books, before 3.12, that an exception leaves a `finally`."""
    if sys.version_info >= (3, 12):
        return set()
    tries = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Try)]
    ends = [inner for node in tries if node.finalbody for inner in ast.walk(node.finalbody[-1])]
    return {inner.lineno for inner in ends if hasattr(inner, "lineno")}  # a case has a pattern's


@as_many_as_asked
@given(blocks(), st.integers(0, 2**16))
@pytest.mark.filterwarnings("ignore")
def test_generated_programs_take_the_same_branches(lines: list[str], seed: int) -> None:
    """Same log, same end, same branches, but for those that docs/equality.md names."""
    source = "\n".join(lines) + "\n"
    if not compiles(source) or "except*" in source:
        return
    marks = Marks()
    made = rewrite(source.encode(), "generated.py", branches=True)
    ours = outcome(bind(made.code, marks, 0), seed)
    theirs, traced = traced_outcome(source, seed, branch=True)
    assert ours == theirs
    parser = parsed(source)
    possible = parser.arcs()
    we_say = Branches(source, lambda text: as_parsed(parsed(text))).arcs(ran(marks, made.exits))
    of_branches = {arc for arc in possible if sum(arc[0] == start for start, _ in possible) > 1}
    we_say = parser.translate_arcs(we_say) & of_branches
    they_say = parser.translate_arcs(traced) & of_branches
    only_ours = {line for line, _ in we_say - they_say}
    only_theirs = {line for line, target in they_say - we_say if target > 0}
    jumps = {n for n, text in enumerate(source.split("\n"), 1) if ONE_LINE_JUMP.search(text)}
    assert only_theirs <= jumps, textwrap.indent(source, "  ")
    assert only_ours <= jumps | lines_of_finally(source), textwrap.indent(source, "  ")


ONE_LINE_JUMP = re.compile(r"if c\(\): (break|continue|return)")


def lines_of_finally(source: str) -> set[int]:
    ends = [node.finalbody for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Try)]
    return {
        line
        for body in ends
        for statement in body
        for line in range(statement.lineno, (statement.end_lineno or 0) + 1)
    }


def parsed(text: str) -> PythonParser:
    parser = PythonParser(text=text)
    parser.parse_source()
    return parser


def as_parsed(parser: PythonParser) -> Parsed:
    return Parsed(parser.arcs(), parser.first_line)


def ran(marks: Marks, exits: str | None) -> Ran:
    """What the marks say, by the text of exits as it stands in the log."""
    meaning = read_exits(exits or "")
    assert meaning is not None
    names = meaning.names.split(",")
    taken = [names[index - meaning.first] for index in marks.lines if index >= meaning.first]
    return Ran(
        {index for index in marks.lines if index < meaning.first},
        {(int(name[:-1]), name.endswith("+")) for name in taken},
    )


def traced_outcome(source: str, seed: int, branch: bool = False) -> tuple[Any, set[Any]]:
    """The run of the plain program, and the lines, or arcs, that coverage.py's C tracer sees."""
    path = os.path.abspath("generated.py")
    tracer = Coverage(data_file=None, include=[path], config_file=False, branch=branch)
    code = compile(source, path, "exec", dont_inherit=True)
    tracer.start()
    try:
        ended = outcome(code, seed)
    finally:
        tracer.stop()
    data = tracer.get_data()
    return ended, set((data.arcs(path) if branch else data.lines(path)) or ())
