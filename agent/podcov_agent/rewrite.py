"""Turns source into code that marks each line it runs.

Pure: bytes in, code object out; no file is read and no name of the application is touched. Called
by `measure`, which imports it for the first source that the cache does not have.

Every statement is preceded by a probe (probes.py has its two forms). The compiler sees constants
in place of the map and of its lines; `binding` exchanges them in the finished code object. Because
the compiler makes the code, no interpreter can be crashed by it, and because the map is a constant
of the code, no name is added anywhere. Code that is not bound yet holds plain constants only, so
marshal can keep it.

Uses `_ast`, which is built into the interpreter, instead of `ast`, whose import costs milliseconds.
"""

from __future__ import annotations

import _ast
import _warnings
import sys

from podcov_agent.binding import MARK
from podcov_agent.branches import Exits
from podcov_agent.hidden import without_dead_locals
from podcov_agent.probes import STORES, at, constant, index, over

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, List, Tuple

    from podcov_agent.probes import Probes

    Block = List[_ast.stmt]
    Blocks = List[Tuple[Any, Block, bool]]

TREE_ATTEMPTS = 5
"""CPython up to 3.12 counts how deep a syntax tree is in one place for all threads, and raises
SystemError where the count was disturbed: another thread, or what the garbage collector called,
made a tree meanwhile. It hardly happens twice in a row."""

COMPILED_AS = "<podcov>"
"""The file name while compiling. The filter against repeated warnings names it, so that the filter
means nothing to any other thread. The finished code gets its real file name."""

BYTECODE_READERS = (b"numba", b"njit", b"taichi", b"torch")
"""A source that mentions one of these may hand its functions to a compiler that reads bytecode."""

PLAIN_DECORATORS = frozenset(
    (
        *("property", "setter", "getter", "deleter", "staticmethod", "classmethod"),
        *("abstractmethod", "wraps", "cache", "lru_cache", "cached_property", "dataclass"),
        *("contextmanager", "asynccontextmanager", "no_grad", "inference_mode", "fixture"),
        *("route", "get", "post", "put", "patch", "delete", "head", "options", "websocket"),
        *("middleware", "errorhandler", "exception_handler", "before_request", "after_request"),
        *("on_event", "command", "group", "task", "shared_task"),
    )
)
"""Last names of decorators that are known to leave bytecode alone, even in such a source."""

COMPILERS = frozenset(
    (
        *("jit", "njit", "generated_jit", "vectorize", "guvectorize", "stencil", "cfunc"),
        *("register_jitable", "compile", "script", "optimize", "kernel", "func"),
    )
)
"""Last names of what compiles a function that is handed to it: `fast = njit(slow)`."""

_DEFS = (_ast.FunctionDef, _ast.AsyncFunctionDef)
_DECLARATIONS = (_ast.Global, _ast.Nonlocal)


class Rewritten:
    """Code with placeholders, and the number of map bytes it needs: its last line + 1.

    `exits` says what the bytes after those of the lines mean; None: branches are not marked.
    """

    __slots__ = ("code", "exits", "slots")

    def __init__(self, code: CodeType, slots: int, exits: str | None = None) -> None:
        self.code = code
        self.slots = slots
        self.exits = exits


def rewrite(
    source: bytes,
    path: str,
    optimize: int = -1,
    probes: Probes = STORES,
    branches: bool = False,
) -> Rewritten:
    """Compile `source` so that it marks its lines, and `branches`; `optimize` as for `compile`.

    Raises what `compile` raises, and RecursionError for some expressions so deep that only the
    parser gets through them. Warnings are not given: loading the module has given them already.
    """
    for _ in range(TREE_ATTEMPTS - 1):
        try:
            return _rewrite(source, path, optimize, probes, branches)
        except SystemError:
            pass
    return _rewrite(source, path, optimize, probes, branches)


def _rewrite(source: bytes, path: str, optimize: int, probes: Probes, branches: bool) -> Rewritten:
    level = sys.flags.optimize if optimize < 0 else optimize
    try:
        with Hush():
            if sys.version_info < (3, 11):  # which crash where later ones raise RecursionError
                compile(source, COMPILED_AS, "exec", 0, True)
            tree: Any = compile(source, COMPILED_AS, "exec", _ast.PyCF_ONLY_AST, True)
            exits = Exits(probes, max(_count_lines(source), _end(tree)) + 1) if branches else None
            wary = any(word in source for word in BYTECODE_READERS)
            _mark(tree, probes, level, _handed_over(tree) if wary else None, exits)
            code = compile(tree, COMPILED_AS, "exec", 0, True, optimize)
    except SyntaxError as error:
        if error.filename == COMPILED_AS:
            error.filename = path
        raise
    code = _renamed(code, path)
    if exits is not None:
        return Rewritten(code, exits.slots, str(exits))
    return Rewritten(code, max(_count_lines(source), _last_line(code)) + 1)


class Hush:
    """Nothing that is compiled as COMPILED_AS warns inside the `with` block.

    `warnings.catch_warnings` would exchange the whole list under the feet of other threads. This
    puts one filter that means nothing to them into the list, and takes it out of the same list.
    """

    FILTER = ("ignore", None, Warning, COMPILED_AS, 0)

    def __enter__(self) -> None:
        module = sys.modules.get("warnings", _warnings)
        get_filters = getattr(module, "_get_filters", None)  # 3.14: those of the context, if any
        self.filters: list[Any] = get_filters() if get_filters else module.filters
        self.filters.insert(0, self.FILTER)

    def __exit__(self, *error: object) -> None:
        self.filters.remove(self.FILTER)


def _handed_over(tree: Any) -> frozenset[str]:
    """Names of the functions that are arguments of a call of COMPILERS."""
    names: set[str] = set()
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, _ast.Call) and _last_name(node) in COMPILERS:
            names.update(name for name in map(_last_name, node.args) if name)
        for field in node._fields:
            value = getattr(node, field, None)
            values = value if isinstance(value, list) else [value]
            todo.extend(child for child in values if isinstance(child, _ast.AST))
    return frozenset(names)


def _last_name(node: Any) -> str | None:
    """`c` of `c`, `b.c`, `b.c(...)` and `b.c(...)(...)`."""
    while isinstance(node, _ast.Call):
        node = node.func
    name: str | None = getattr(node, "attr", None) or getattr(node, "id", None)
    return name


def _mark(
    tree: Any, probes: Probes, level: int, wary: frozenset[str] | None, exits: Exits | None
) -> None:
    """Put the probes into `tree`. Not recursive: a chain of elif may nest a thousand deep."""
    todo: Blocks = [(tree, tree.body, False)]
    while todo:
        owner, block, spares = todo.pop()
        head = _head(owner, block)
        marked = block[:head] + _head_probes(owner, block[:head], probes)
        last = 0
        for statement in block[head:]:
            place = _first_place(statement)
            if place.lineno != last and not _leaves_no_code(statement, level):
                marked.append(probes.statement(place.lineno, place))
                last = place.lineno
            marked.append(statement)
            inner = _enter(statement, probes, wary, spares)
            if inner is not None:
                todo.extend(inner)
                last = 0
                if exits is not None and inner:
                    exits.mark(statement)
        block[:] = marked


def _head(owner: object, block: Block) -> int:
    """How many statements must stay first: a docstring, and imports from __future__."""
    head = 0
    if isinstance(owner, (_ast.Module, _ast.ClassDef, *_DEFS)) and block and _is_text(block[0]):
        head = 1
    if isinstance(owner, _ast.Module):
        for position, statement in enumerate(block):
            if isinstance(statement, _ast.ImportFrom) and statement.module == "__future__":
                head = position + 1
    return head


def _head_probes(owner: object, head: Block, probes: Probes) -> Block:
    """Probes for what stays first, right after it. A function's docstring never runs."""
    if isinstance(owner, _ast.ExceptHandler) and owner.type is None:
        return [probes.statement(owner.lineno, owner)]
    if isinstance(owner, _DEFS):
        return []
    return [probes.statement(s.lineno, head[-1]) for s in head]


def _is_text(statement: _ast.stmt) -> bool:
    value = statement.value if isinstance(statement, _ast.Expr) else None
    return isinstance(value, _ast.Constant) and isinstance(value.value, str)


def _first_place(statement: Any) -> Any:
    """The node where the statement begins: its first decorator, if it has any."""
    decorators = getattr(statement, "decorator_list", None)
    return decorators[0] if decorators else statement


def _leaves_no_code(statement: _ast.stmt, level: int) -> bool:
    kind = type(statement)
    return kind in _DECLARATIONS or (level > 0 and kind is _ast.Assert)


def _enter(
    statement: Any, probes: Probes, wary: frozenset[str] | None, spares: bool
) -> Blocks | None:
    """Mark what is no block in a compound statement, and return its blocks; None: it is simple.

    `wary` is not None: functions of these names, and decorated ones, may be compiled from their
    bytecode. `spares`: all functions here.
    """
    if hasattr(statement, "decorator_list"):
        spared = wary is not None and (
            statement.name in wary or not all(map(_is_plain, statement.decorator_list))
        )
        _mark_decorators(statement, probes)
        if not isinstance(statement, _DEFS):
            return [(statement, statement.body, spared)]
        return [] if spared or spares else [(statement, statement.body, False)]
    if hasattr(statement, "body"):
        fields = (getattr(statement, name, None) for name in ("body", "orelse", "finalbody"))
        inner = [(statement, block, spares) for block in fields if block]
        for handler in getattr(statement, "handlers", ()):
            if handler.type is not None:
                handler.type = _marked_before(handler.type, handler, probes)
            inner.append((handler, handler.body, spares))
        return inner
    if hasattr(statement, "cases"):
        cases = statement.cases
        statement.cases = [made for case in cases for made in (_probe_case(case, probes), case)]
        return [(case, case.body, spares) for case in cases]
    return None


def _is_plain(decorator: Any) -> bool:
    """Is this a decorator that is known not to read bytecode?"""
    return _last_name(decorator) in PLAIN_DECORATORS


def _marked_before(expression: Any, owner: Any, probes: Probes) -> Any:
    """`(PROBE, expression)[1]`, which numba follows, and `PROBE or expression` not."""
    pair = _ast.Tuple(
        elts=[probes.expression(owner.lineno, expression), expression], ctx=_ast.Load()
    )
    second = _ast.Subscript(
        value=over(pair, expression), slice=index(constant(1, expression)), ctx=_ast.Load()
    )
    return over(second, expression)


def _mark_decorators(statement: Any, probes: Probes) -> None:
    """After each decorator was evaluated, mark the next one's line, at last that of the `def`.

    A decorator becomes `(decorator, PROBE)[0]`.
    """
    decorators = statement.decorator_list
    following = [d.lineno for d in decorators[1:]] + [statement.lineno]
    for position, (decorator, line) in enumerate(zip(decorators, following)):
        probe = probes.expression(line, decorator)
        pair = _ast.Tuple(elts=[decorator, probe], ctx=_ast.Load())
        first = _ast.Subscript(
            value=over(pair, decorator), slice=index(constant(0, decorator)), ctx=_ast.Load()
        )
        decorators[position] = over(first, decorator)


def _probe_case(case: Any, probes: Probes) -> Any:
    """`case _ if PROBE: pass`: never taken; the real case follows it."""
    place = case.pattern
    wildcard = at(_ast.MatchAs(pattern=None, name=None), place)
    guard = probes.expression(place.lineno, place)
    return _ast.match_case(pattern=wildcard, guard=guard, body=[at(_ast.Pass(), place)])


def _renamed(code: CodeType, path: str) -> CodeType:
    kind_of_code = type(code)
    consts = tuple(_renamed(c, path) if type(c) is kind_of_code else c for c in code.co_consts)
    return without_dead_locals(code).replace(co_filename=path, co_consts=consts)


def _end(tree: Any) -> int:
    """The line where the last statement ends."""
    end: int = tree.body[-1].end_lineno if tree.body else 0
    return end


def _last_line(code: CodeType) -> int:
    """The last line that has a probe; 0 if there is none."""
    last = 0
    for const in code.co_consts:
        if type(const) is type(code):
            last = max(last, _last_line(const))
        elif type(const) is tuple and len(const) == 2 and const[0] == MARK:
            last = max(last, const[1])
    return last


def _count_lines(source: bytes) -> int:
    """At least as many as the parser sees; the same for every interpreter."""
    return source.count(b"\n") + source.count(b"\r") - source.count(b"\r\n") + 1
