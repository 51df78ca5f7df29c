"""What marks a line: the forms of a probe, as parts of a syntax tree.

Pure: makes nodes and nothing else. `rewrite` decides where they stand, `binding` exchanges the
placeholders in them once the code is compiled, `hook` chooses the form that the map takes.

A probe never raises, has no width that a traceback could point at, and leaves nothing behind. As an
expression its value is false.
"""

from __future__ import annotations

import _ast
import sys

from podcov_agent.binding import MARK, MEMBERSHIP, NATIVE, NEGATION, STORE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Probes(Protocol):
        """A form of probes; `name` is STORE, NEGATION or MEMBERSHIP."""

        name: str

        def statement(self, line: int, place: Any) -> _ast.stmt:
            """A probe of `line`, before the node `place`."""

        def expression(self, line: int, place: Any) -> Any:
            """A probe where only an expression can stand."""


_JUMPS = (_ast.Pass, _ast.Break, _ast.Continue)


class Stores:
    """`MAP[line] = 1`: for a map that is a mutable sequence, as the one made of mmap is."""

    name = STORE

    def statement(self, line: int, place: Any) -> _ast.stmt:
        """`MAP[line] = 1`"""
        put = _put(place)
        target = _ast.Subscript(
            value=constant((MARK, 0), place, put),
            slice=index(constant((MARK, line), place, put)),
            ctx=_ast.Store(),
        )
        one = constant(1, place, put)
        probe: _ast.stmt = put(_ast.Assign([put(target, place)], one, type_comment=None), place)
        return probe

    def expression(self, line: int, place: Any) -> Any:
        """`MAP.__setitem__(line, 1)`, which is None."""
        method = _ast.Attribute(
            value=constant((MARK, 0), place), attr="__setitem__", ctx=_ast.Load()
        )
        args = [constant((MARK, line), place), constant(1, place)]
        return at(_ast.Call(func=at(method, place), args=args, keywords=[]), place)


class Negations:
    """`-LINE`: for the map in C, which has an object for each line, false, that marks itself.

    The compiler would fold the minus of a constant, but the placeholder is a tuple and has none.
    """

    name = NEGATION

    def statement(self, line: int, place: Any) -> _ast.stmt:
        """`-LINE`"""
        put = _put(place)
        probe: _ast.stmt = put(_ast.Expr(self._negation(line, place, put)), place)
        return probe

    def expression(self, line: int, place: Any) -> Any:
        """`-LINE`, which is the object itself, or 0 where the code was unpickled."""
        return self._negation(line, place, at)

    def _negation(self, line: int, place: Any, put: Any) -> Any:
        return put(_ast.UnaryOp(op=_ast.USub(), operand=constant((MARK, line), place, put)), place)


class Memberships:
    """`0 in LINE`: for the map in C on 3.14, where this is the quicker of the two.

    3.14 also hands functions to other interpreters within a process as their marshalled code, in
    which the object becomes an empty string of bytes, as it does where the code was unpickled.
    """

    name = MEMBERSHIP

    def statement(self, line: int, place: Any) -> _ast.stmt:
        """`0 in LINE`"""
        put = _put(place)
        probe: _ast.stmt = put(_ast.Expr(self._membership(line, place, put)), place)
        return probe

    def expression(self, line: int, place: Any) -> Any:
        """`0 in LINE`, which is False."""
        return self._membership(line, place, at)

    def _membership(self, line: int, place: Any, put: Any) -> Any:
        line_object = constant((MARK, line), place, put)
        return put(_ast.Compare(constant(0, place, put), [_ast.In()], [line_object]), place)


STORES, NEGATIONS, MEMBERSHIPS = Stores(), Negations(), Memberships()
FORMS: dict[str, Probes] = {STORE: STORES, NEGATION: NEGATIONS, MEMBERSHIP: MEMBERSHIPS}
NATIVES = FORMS[NATIVE]


def at(node: Any, place: Any) -> Any:
    """`node` at the first character of `place`, without any width."""
    node.lineno = node.end_lineno = place.lineno
    node.col_offset = node.end_col_offset = place.col_offset
    return node


def over(node: Any, place: Any) -> Any:
    """`node` at the very position of `place`, for tracebacks to show."""
    node.lineno, node.end_lineno = place.lineno, place.end_lineno
    node.col_offset, node.end_col_offset = place.col_offset, place.end_col_offset
    return node


def constant(value: Any, place: Any, put: Any = at) -> Any:
    """A constant, positioned by `put`."""
    return put(_ast.Constant(value=value, kind=None), place)


def index(node: Any) -> Any:
    """A subscript's index, which had a node of its own before 3.9."""
    if sys.version_info < (3, 9):
        return _ast.Index(value=node)
    return node


def _put(place: Any) -> Any:
    """How to position a statement's probe.

    A statement that is only a jump may lose its own instruction to the probe, and with it the place
    that a traceback of KeyboardInterrupt shows.
    """
    return over if type(place) in _JUMPS else at
