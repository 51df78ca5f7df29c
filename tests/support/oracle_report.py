"""Compares, as coverage.py reports them, the statements that it saw with those that we saw.

Run by `oracle` in the interpreter under test, beside its coverage.py; Python of 3.8. Its input is
{"data": coverage's data file, "ours": {path: lines}, "scratch": folder}, and its output
{path: {"statements": n, "covered": n, "only_coverage": [line], "only_ours": [line]}}.
"""

import json
import os
import sys

from coverage import Coverage, CoverageData


def main():
    """Files of which neither saw a line, or that are gone, are left out."""
    asked = json.load(sys.stdin)
    theirs = Coverage(data_file=asked["data"], config_file=False)
    theirs.load()
    ours = Coverage(data_file=our_data(asked), config_file=False)
    ours.load()
    data = theirs.get_data()
    seen = {path for path in data.measured_files() if data.lines(path)}
    seen |= {path for path, lines in asked["ours"].items() if lines}
    report = {path: compare(theirs, ours, path) for path in seen if os.path.exists(path)}
    json.dump(report, sys.stdout)


def our_data(asked):
    """Our lines as a data file of coverage's."""
    path = os.path.join(asked["scratch"], "ours.coverage")
    data = CoverageData(path)
    data.erase()
    data.add_lines(asked["ours"])
    data.write()
    return path


def compare(theirs, ours, path):
    """The executed statements of one file on both sides."""
    executed = []
    for side in (theirs, ours):
        _, statements, _, missing, _ = side.analysis2(path)
        executed.append(set(statements) - set(missing))
    return {
        "statements": len(statements),
        "covered": len(executed[0]),
        "only_coverage": sorted(executed[0] - executed[1]),
        "only_ours": sorted(executed[1] - executed[0]),
    }


main()
