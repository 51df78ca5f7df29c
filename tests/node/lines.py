"""Owns executed lines as comparable values: module of the shop → lines of statements that ran.

Must not fetch anything. Called by the node tests.
"""

import base64
import threading
from collections.abc import Sequence
from pathlib import Path

import coverage
from coverage import CoverageData as CoverageData  # the tests open data files too

Lines = dict[str, set[int]]
"""Path relative to the source folder, as `shop/cart.py` → line numbers. Never an empty set."""


def in_data_file(data_file: Path, source: Path) -> Lines:
    """What a coverage data file says of the files below a local folder."""
    data = CoverageData(str(data_file))
    data.read()
    return in_data(data, str(source), source)


def in_answer(answer: dict[str, str]) -> CoverageData:
    """The data in an answer of `/coverage`."""
    data = CoverageData(no_disk=True)
    data.loads(base64.b64decode(answer["coverage_data"]))
    return data


def in_data(
    data: CoverageData, folder: str, source: Path, contexts: Sequence[str] | None = None
) -> Lines:
    """What the data say of files below `folder`, whose local twins are below `source`.

    Only lines that reports count. `contexts` are regular expressions; None: in any context.
    """
    data.set_query_contexts(contexts)
    found: Lines = {}
    for file in data.measured_files():
        if file.startswith(folder + "/"):
            name = file.removeprefix(folder + "/")
            lines = set(data.lines(file) or ()) & statements(source / name)
            found |= {name: lines} if lines else {}
    return found


_ONE_AT_A_TIME = threading.Lock()
"""CPython up to 3.12 fails at times where two threads make syntax trees at once."""


def statements(file: Path) -> set[int]:
    """Lines that coverage.py's reports count."""
    with _ONE_AT_A_TIME:
        return set(coverage.Coverage(data_file=None, config_file=False).analysis2(str(file))[1])


def union(*parts: Lines) -> Lines:
    """All lines of all parts."""
    names = {name for part in parts for name in part}
    return {name: set().union(*(part.get(name, set()) for part in parts)) for name in names}


def without(lines: Lines, others: Lines) -> Lines:
    """The lines that the others lack."""
    left = {name: found - others.get(name, set()) for name, found in lines.items()}
    return {name: found for name, found in left.items() if found}
