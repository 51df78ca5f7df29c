"""Owns what marks mean for branches: lines and exits in, coverage.py's arcs out. Pure.

A decision is an `if`, a loop, a `case`, or a definition on one line; coverage.py knows it as a line
with more than one arc.
The agent tells which lines ran, and of each decision those exits that lines do not tell: into a
body on the decision's own line, and past a decision without `else`. Where an exit leads to is said
by coverage.py's own parser, which is handed in: covdata owns it. Called by collection.

Runs in Python 3.8 too, where a test holds it against coverage.py's tracer.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    Arc = tuple[int, int]
    Arcs = frozenset[Arc]

LOOPS = (ast.For, ast.AsyncFor, ast.While)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Parsed(NamedTuple):
    """What coverage.py's parser says of a text."""

    arcs: Collection[Arc]
    """(from, to): all there can be; `to` is negative where a function, class or module ends."""
    first_line: Callable[[int], int]
    """The line where the statement begins that this line is in."""


class Ran(NamedTuple):
    """What ran of a source."""

    lines: Collection[int]
    exits: Collection[tuple[int, bool]]
    """Lines of decisions with an exit that was taken: True into the body, False past it."""


class Decision(NamedTuple):
    """A line with two exits."""

    line: int
    body: Sequence[ast.stmt]
    other: Sequence[ast.AST]
    """What follows if the body does not: the `else`, or the pattern of the next `case`."""
    node: ast.AST


class Branches:
    """The branches of one text."""

    def __init__(self, text: str, parse: Callable[[str], Parsed]) -> None:
        """Raises SyntaxError, and what `parse` raises."""
        self._parsed = parse(text)
        targets = _targets(self._parsed.arcs)
        first = self._parsed.first_line
        found = [d for d in _decisions(ast.parse(text)) if len(targets[first(d.line)]) > 1]
        vague = [d for d in found if self._is_vague(d, targets)]
        passed = _targets(parse(_without_bodies(text, vague)).arcs) if vague else {}
        self._ways = [(d, *self._divide(d, targets, passed)) for d in found]

    def arcs(self, ran: Ran) -> Arcs:
        """The arcs of the decisions that were taken, and (n, n) for every line n that ran.

        An exception may come between an exit and the line it leads to, so that must have run, too.
        A loop's line has run, although it may have had its mark before a turn.
        """
        first = self._parsed.first_line
        reached = {first(line) for line in ran.lines}
        arcs = {(line, line) for line in ran.lines}
        for decision, entered, passed in self._ways:
            start = first(decision.line)
            targets = entered if _was_entered(decision, ran) else set()
            if _was_passed(decision, ran):
                targets = targets | passed
            arcs.update((start, t) for t in targets if t < start or t in reached)
        return frozenset(arcs)

    def _is_vague(self, decision: Decision, targets: Mapping[int, set[int]]) -> bool:
        """Whether the lines of the targets do not show which of them is in the body."""
        if decision.other or isinstance(decision.node, DEFINITIONS):
            return False
        return not self._within(decision.body, targets, decision)

    def _divide(
        self,
        decision: Decision,
        targets: Mapping[int, set[int]],
        passed: Mapping[int, set[int]],
    ) -> tuple[set[int], set[int]]:
        """(targets in the body, targets past it)"""
        start = self._parsed.first_line(decision.line)
        if isinstance(decision.node, DEFINITIONS):
            ending = {-self._parsed.first_line(_place(decision.node))} & targets[start]
            return ending, targets[start] - ending
        inside = self._within(decision.body, targets, decision)
        outside = self._within(decision.other, targets, decision)
        if not inside and not outside:
            outside = passed.get(start, set()) & targets[start]
        inside = inside or targets[start] - outside
        return inside, outside or targets[start] - inside

    def _within(
        self, nodes: Sequence[ast.AST], targets: Mapping[int, set[int]], decision: Decision
    ) -> set[int]:
        if not nodes:
            return set()
        first = self._parsed.first_line
        begin, end = first(_place(nodes[0])), _end(nodes[-1])
        return {t for t in targets[first(decision.line)] if begin <= t <= end}


def _targets(arcs: Iterable[Arc]) -> Mapping[int, set[int]]:
    found: Mapping[int, set[int]] = defaultdict(set)
    for start, target in arcs:
        found[start].add(target)
    return found


def _decisions(tree: ast.AST) -> Iterator[Decision]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.If, *LOOPS)):
            yield Decision(node.lineno, node.body, node.orelse, node)
        elif isinstance(node, DEFINITIONS):
            yield Decision(node.lineno, node.body, (), node)
        for case, following in _cases(node):
            other = [following.pattern] if following else []
            yield Decision(case.pattern.lineno, case.body, other, case)


def _cases(node: ast.AST) -> Iterator[tuple[ast.match_case, ast.match_case | None]]:
    cases = getattr(node, "cases", ())
    return zip(cases, [*cases[1:], None])  # noqa: B905 (Python 3.8)


def _place(node: Any) -> int:
    """The line where a node begins: that of its first decorator, if it has any."""
    decorators = getattr(node, "decorator_list", None)
    line: int = (decorators[0] if decorators else node).lineno
    return line


def _end(node: Any) -> int:
    line: int = node.end_lineno
    return line


def _was_entered(decision: Decision, ran: Ran) -> bool:
    if isinstance(decision.node, ast.ClassDef):
        return decision.line in ran.lines
    if (decision.line, True) in ran.exits:
        return True
    begins_below = decision.body[0].lineno != decision.line
    return begins_below and any(_place(statement) in ran.lines for statement in decision.body)


def _was_passed(decision: Decision, ran: Ran) -> bool:
    if isinstance(decision.node, DEFINITIONS):
        return decision.line in ran.lines  # it was defined, or it could not have run
    if (decision.line, False) in ran.exits:
        return True
    return any(_place(node) in ran.lines for node in decision.other)


def _without_bodies(text: str, decisions: Iterable[Decision]) -> str:
    """The text with `pass` for the bodies of these decisions, and with as many lines."""
    lines = [line.encode() for line in text.split("\n")]
    for decision in decisions:
        begin, end = decision.body[0], decision.body[-1]
        last = end.end_lineno or end.lineno
        rest = lines[last - 1][end.end_col_offset :]
        lines[begin.lineno - 1] = lines[begin.lineno - 1][: begin.col_offset] + b"pass" + rest
        lines[begin.lineno : last] = [b""] * (last - begin.lineno)
    return b"\n".join(lines).decode()
