"""Where the exits of a decision are marked, in so far as the marks of lines do not tell.

A decision is an `if` (or `elif`), a loop, or a `case`. It has two exits: into its body (+), and
past it (-). Whoever finds the first line of a body, of an `else` or of the next `case` marked,
knows that the exit to it was taken. So only these exits have a byte of the map of their own:

- `+` where the body begins on the line of the decision: `if x: return`
- `-` where there is no `else`, or no further `case`
- either, where the body or the `else` has nothing but `global` and `nonlocal`

A function on one line, `def f(): return 1`, counts as a decision to coverage.py, because running it
leaves its line in another way than defining it; so its body has a `+`.

Pure: nodes in, nodes changed, and a text that says what each byte means (docs/protocol.md). It
depends on nothing but the syntax: all versions of Python count a source's exits alike. `rewrite`
calls it for each statement whose lines are marked.
"""

from __future__ import annotations

import _ast

from podcov_agent.probes import at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from podcov_agent.probes import Probes

ENTERED = "+"
PASSED = "-"

_DEFS = (_ast.FunctionDef, _ast.AsyncFunctionDef)
_DECLARATIONS = (_ast.Global, _ast.Nonlocal)
_LOOPS = (_ast.For, _ast.AsyncFor, _ast.While)


class Exits:
    """The exits of one source: the byte of number n is byte `first` + n of the source's."""

    def __init__(self, probes: Probes, first: int) -> None:
        self._probes = probes
        self._first = first
        self._names: list[str] = []

    @property
    def slots(self) -> int:
        """How many bytes of the map the source takes, with its lines."""
        return self._first + len(self._names)

    def __str__(self) -> str:
        return f"{self._first}:{','.join(self._names)}"

    def mark(self, statement: Any) -> None:
        """Put probes at the exits of a statement that `rewrite` has entered already."""
        if isinstance(statement, (_ast.If, *_LOOPS)):
            if not isinstance(getattr(statement, "test", None), _ast.Constant):
                self._mark_body(statement.lineno, statement)
                if _is_silent(statement.orelse):
                    probe = self._probe(statement.lineno, PASSED, statement)
                    statement.orelse.insert(0, probe)
        elif isinstance(statement, _DEFS):
            self._mark_body(statement.lineno, statement)
        elif hasattr(statement, "cases"):
            self._mark_cases(statement)

    def _mark_cases(self, match: Any) -> None:
        cases = match.cases[1::2]  # the others are the probes of their lines
        for case in cases:
            self._mark_body(case.pattern.lineno, case)
        if not _always_matches(cases[-1]):
            place = cases[-1].pattern
            wildcard = at(_ast.MatchAs(pattern=None, name=None), place)
            probe = self._probe(place.lineno, PASSED, place)
            match.cases.append(_ast.match_case(pattern=wildcard, guard=None, body=[probe]))

    def _mark_body(self, line: int, owner: Any) -> None:
        first = owner.body[0]
        if first.lineno == line or _is_silent(owner.body):
            after = 1 if _is_constant(first) else 0  # it may be a docstring, which must stay first
            owner.body.insert(after, self._probe(line, ENTERED, first))

    def _probe(self, line: int, way: str, place: Any) -> _ast.stmt:
        index = self.slots
        self._names.append(f"{line}{way}")
        return self._probes.statement(index, place)


def _is_silent(block: list[Any]) -> bool:
    """Has it no statement that has a mark of its line?"""
    return all(isinstance(statement, _DECLARATIONS) for statement in block)


def _is_constant(statement: Any) -> bool:
    return isinstance(statement, _ast.Expr) and isinstance(statement.value, _ast.Constant)


def _always_matches(case: Any) -> bool:
    """Would the compiler refuse another case after this one?"""
    pattern = case.pattern
    while pattern is not None:
        if isinstance(pattern, _ast.MatchOr):
            pattern = pattern.patterns[-1]
        elif isinstance(pattern, _ast.MatchAs):
            pattern = pattern.pattern
        else:
            return False
    return case.guard is None
