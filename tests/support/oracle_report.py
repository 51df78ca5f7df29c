"""Compares, as coverage.py reports them, the statements that it saw with those that we saw.

Run by `oracle`, imported by `generated.runner`: in the interpreter under test, beside its
coverage.py; Python of 3.8. Its input is
{"data": coverage's data file, "ours": {path: {"lines": [line], "exits": [[line, entered]]}},
"scratch": folder, "branches": the client's module, or null}, and its output
{path: {"statements": n, "covered": n, "only_coverage": [line], "only_ours": [line],
"branches": n, "only_coverage_took": [[line, target]], "only_ours_took": [[line, target]]}}.
"""

import ast
import functools
import json
import os
import runpy
import sys

import coverage
from coverage import Coverage, CoverageData
from coverage.parser import PythonParser
from coverage.python import get_python_source


def main():
    """Files of which neither saw a line, or that are gone, are left out."""
    asked = json.load(sys.stdin)
    theirs = Coverage(data_file=asked["data"], config_file=False)
    theirs.load()
    ours = Coverage(data_file=our_data(asked), config_file=False)
    ours.load()
    data = theirs.get_data()
    seen = {path for path in data.measured_files() if data.lines(path)}
    seen |= {path for path, ran in asked["ours"].items() if ran["lines"]}
    report = {path: compare(theirs, ours, path) for path in seen if os.path.exists(path)}
    json.dump(report, sys.stdout)


def our_data(asked):
    """What we saw as a data file of coverage's."""
    path = os.path.join(asked["scratch"], "ours.coverage")
    data = CoverageData(path)
    data.erase()
    fill(data, asked["ours"], asked["branches"])
    data.write()
    return path


def fill(data, ours, branches):
    """Put what we saw into coverage's data; `branches`: the client's module, or null."""
    if branches:
        client = load(branches)
        data.add_arcs({name: our_arcs(client, name, ran) for name, ran in ours.items()})
    else:
        data.add_lines({name: ran["lines"] for name, ran in ours.items()})


@functools.lru_cache(None)
def load(path):
    return runpy.run_path(path)


def our_arcs(client, path, ran):
    """The arcs as the client makes them, with this interpreter's coverage.py."""

    def parse(text):
        parser = PythonParser(text=text or "\n")
        parser.parse_source()
        arcs = [arc for arc in parser.arcs() if is_branch(*arc)]
        return client["Parsed"](arcs, parser.first_line)

    if not os.path.exists(path):
        return set()
    exits = {(line, entered) for line, entered in ran["exits"]}
    taken = client["Branches"](get_python_source(path), parse)
    return taken.arcs(client["Ran"](set(ran["lines"]), exits))


def compare(theirs, ours, path):
    """The executed statements, and the branches not taken, of one file on both sides."""
    executed, missing_branches = [], []
    for side in (theirs, ours):
        analysis = side._analyze(path)
        executed.append(set(analysis.statements) - set(analysis.missing))
        missing_branches.append(missing(path, analysis))
    return {
        "statements": len(analysis.statements),
        "covered": len(executed[0]),
        "only_coverage": sorted(executed[0] - executed[1]),
        "only_ours": sorted(executed[1] - executed[0]),
        "branches": analysis.numbers.n_branches,
        "only_coverage_took": sorted(missing_branches[1] - missing_branches[0]),
        "only_ours_took": sorted(missing_branches[0] - missing_branches[1]),
    }


def missing(path, analysis):
    """The arcs of branches that were not taken."""
    arcs = {(a, b) for a, targets in analysis.missing_branch_arcs().items() for b in targets}
    if coverage.version_info[:3] >= (7, 6, 2):
        return arcs
    lines = {line for node in ast.walk(ast.parse(get_python_source(path))) for line in heads(node)}
    return {(a, b) for a, b in arcs if a in lines and is_branch(a, b)}


def heads(node):
    """The line of a decision: before 7.6.2, others counted as branches too."""
    return [node.lineno] if isinstance(node, (ast.If, ast.For, ast.AsyncFor, ast.While)) else []


def is_branch(line, target):
    """Before 7.6.2, the end of a lambda or comprehension counted too."""
    return coverage.version_info[:3] >= (7, 6, 2) or target != -line


if __name__ == "__main__":
    main()
