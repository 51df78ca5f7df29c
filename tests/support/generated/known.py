"""Where coverage.py errs in a program, or cannot see: the rows of docs/equality.md and
docs/branches.md, by name.

Each rule says where in a program its row can apply, so that a difference anywhere else is one that
nobody knows. Called by `runner` in the interpreter under test; in the Python of 3.8.
"""

import sys

from support.generated import places

MINOR = sys.version_info[1]
ALL = range(8, 99)

LINES_ONLY_COVERAGE = {
    "end of finally": (places.finally_ends, range(8, 12)),
    "end of try": (places.try_ends, (9,)),
    "else of async for": (places.async_for_elses, (9,)),
    "end of with": (places.with_ends, (9,)),
    "end of except as": (places.handler_ends, (8, 9)),
    "end of case": (places.case_ends, (10,)),
    "end of a dead block": (places.dead_ends, (8, 9)),
    "without code": (places.without_code, (8, 9)),
    "end over several lines": (places.ends_over_lines, (8, 9)),
}
LINES_ONLY_OURS = {
    "jump": (places.bare_jumps, (8, 9)),
    "without code": (places.without_code, (8, 9)),
    "copied to break": (places.copied_to_break, range(14, 99)),
    "x: int ends finally": (places.annotations_that_end_finally, (10, 11)),
}

ENTERED_AMID = "entered amid"
"""Which lines those are, is told by a trace of each instruction."""
WITHOUT_LINE_EVENT = (8, 9)
LOSES_FRAMES = (11,)
"""There the C tracer takes one frame for another, after a coroutine was resumed by throw()."""

BRANCHES_ONLY_COVERAGE = {
    "code behind a jump": (places.jumps_with_code_behind, ALL),
    "passing through a with": (places.with_ends_passed_through, range(10, 99)),
    "one-line jump": (places.one_line_jumps, ALL),
    "generic function on one line": (places.one_line_generics, range(12, 99)),
}
"""Lines where such a branch begins."""
RAISED = {"raised in the test": (lambda tree: (), ALL)}
"""A branch out of the function or module."""

BRANCHES_ONLY_OURS = {
    "one-line jump": (places.one_line_jumps, ALL),
    "past the end of finally": (places.finally_ends, ALL),
    "end of case": (places.case_ends, (10,)),
    "end of an annotated class": (places.annotated_class_ends, range(14, 99)),
    "except*": (places.star_handlers, ALL),
    "frame lost": (places.decisions_if_cancelled, LOSES_FRAMES),
}


NOT_ANALYSED = {"known": {"coverage.py's parser fails": 1}}
"""The whole report, where it has no idea of the branches."""


def explain(report, tree, first_line, ran):
    """Take what is known out of a report of `oracle_report`; {name of the row: how often}.

    `first_line` tells where the statement begins that a line is in; `ran` runs the program once
    more, and tells which lines began, and which had an instruction run.
    """
    found = {}

    def take(key, rules, applies):
        for name, (rule, on) in rules.items():
            if report[key] and MINOR in on:
                lines = set(map(first_line, rule(tree)))
                known = [difference for difference in report[key] if applies(difference, lines)]
                report[key] = [each for each in report[key] if each not in known]
                found[name] = found.get(name, 0) + len(known)

    take("only_coverage", LINES_ONLY_COVERAGE, lambda line, lines: line in lines)
    take("only_ours", LINES_ONLY_OURS, lambda line, lines: line in lines)
    take("only_coverage_took", RAISED, lambda arc, _: arc[1] < 0)
    take("only_coverage_took", LINES_ONLY_COVERAGE, lambda arc, lines: lines & set(arc))
    take("only_coverage_took", BRANCHES_ONLY_COVERAGE, lambda arc, lines: arc[0] in lines)
    take("only_ours_took", LINES_ONLY_OURS, lambda arc, lines: arc[1] in lines)
    take("only_ours_took", BRANCHES_ONLY_OURS, lambda arc, lines: arc[0] in lines)
    if MINOR in WITHOUT_LINE_EVENT + LOSES_FRAMES and (
        report["only_ours"] or report["only_coverage"]
    ):
        began, entered = (set(map(first_line, lines)) for lines in ran())
        unseen = entered.intersection(report["only_ours"])
        phantoms = entered.intersection(report["only_coverage"]) - began
        report["only_ours"] = [line for line in report["only_ours"] if line not in unseen]
        report["only_coverage"] = [each for each in report["only_coverage"] if each not in phantoms]
        found[ENTERED_AMID] = len(unseen | phantoms)
    return {name: count for name, count in found.items() if count}
