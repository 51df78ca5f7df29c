"""Reads coverage data with the coverage of the interpreter that runs it, and prints what it holds.

`python read_data.py dumps|sqlite < bytes`. Runs on Python 3.8 and coverage 6.2 as well. It also
compares with a data object that this coverage made itself of the same lines.
"""

import json
import os
import sys
import tempfile

from coverage.sqldata import CoverageData


def contents(data):
    """Path -> context -> sorted lines."""
    found = {}
    for path in data.measured_files():
        found[path] = {}
        for context in data.measured_contexts():
            data.set_query_context(context)
            found[path][context] = sorted(data.lines(path) or [])
        data.set_query_contexts(None)
    return found


def load(kind, content, folder):
    """The data object of these bytes."""
    if kind == "dumps":
        data = CoverageData(no_disk=True)
        data.loads(content)
        return data
    path = os.path.join(folder, ".coverage")
    with open(path, "wb") as file:
        file.write(content)
    data = CoverageData(path)
    data.read()
    return data


def remake(found):
    """The same lines, recorded through this coverage's own interface, dumped and loaded."""
    data = CoverageData(no_disk=True)
    for path, contexts in found.items():
        for context, lines in contexts.items():
            data.set_context(context)
            data.add_lines({path: lines})
        data.touch_file(path)
    again = CoverageData(no_disk=True)
    again.loads(data.dumps())
    return again


def main(kind):
    """Print what the bytes on stdin hold."""
    with tempfile.TemporaryDirectory() as folder:
        data = load(kind, sys.stdin.buffer.read(), folder)
        found = contents(data)
        merged = CoverageData(os.path.join(folder, "merged"))
        merged.update(data)
        merged.update(remake(found))
        answer = {
            "contents": found,
            "equal": contents(remake(found)) == found,
            "merged": contents(merged) == found,
            "has_arcs": data.has_arcs(),
            "contexts": sorted(data.measured_contexts()),
        }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
