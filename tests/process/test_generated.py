"""Random programs do the same and report the same, under the agent and under coverage.py.

Hypothesis draws them for the syntax of each interpreter (support/generated), which runs them in two
processes. Where coverage.py is known to err, `known` has the rows of docs/equality.md by name.
`make nightly` draws other programs each time, and many; `make test` always the same few.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from support.generated.compounds import programs
from support.generated.pair import Pair, Seen
from support.interpreters import VERSIONS, Interpreter, each_version, interpreter, venv_python
from support.nightly import NIGHTLY
from support.oracle import coverage_for

OF_LINES, OF_BRANCHES = (5_000, 2_000) if NIGHTLY else (200, 100)
DIFFERENCES = ("only_coverage", "only_ours", "only_coverage_took", "only_ours_took")
EXACT_BRANCHES = VERSIONS[2:]
"""3.8 and 3.9 have too many blind spots that lead from line to line; test_equality has them."""

MEASURED = "import os\nif 'PODCOV_SPOOL' in os.environ:\n    log(1)\n"
"""Not the same program under the agent."""


@pytest.mark.parametrize("version", each_version())
def test_generated_programs_run_the_same_lines(version: str, tmp_path: Path) -> None:
    """Same log, end, traceback and complaints; same statements, but for rows of equality.md."""
    which = interpreter(version)
    check(which, tmp_path, OF_LINES, programs(which.minor), branches=False)


@pytest.mark.parametrize("version", each_version(EXACT_BRANCHES))
def test_generated_programs_take_the_same_branches(version: str, tmp_path: Path) -> None:
    """The same, and the same branches taken, but for rows of branches.md."""
    which = interpreter(version)
    check(which, tmp_path, OF_BRANCHES, programs(which.minor), branches=True)


def test_a_difference_is_narrowed_to_what_makes_it(tmp_path: Path) -> None:
    """Of many programs, one of which differs, the shortest that still does is shown as a whole."""
    which = interpreter(VERSIONS[3])
    drawn = st.tuples(programs(which.minor), st.booleans())
    sources = drawn.map(lambda both: both[0] + MEASURED * both[1])
    with pytest.raises(AssertionError) as failed:
        check(which, tmp_path, 50, sources, branches=False)
    shown = str(failed.value)
    assert "only_ours" in shown
    assert "=> " in shown
    assert MEASURED.splitlines()[1] in shown
    assert len(shown.splitlines()) < 12, shown


def test_a_program_finds_nothing_of_the_one_before(tmp_path: Path) -> None:
    """Else what it does would depend on how often that one was run."""
    which = interpreter(VERSIONS[0])
    with Pair(venv_python(which, coverage_for(which.version)), tmp_path) as pair:
        pair.compare("box.one = 5\n", 1)
        assert pair.compare("log(box.one)\n", 1).ours["log"] == [["1"]]


def check(
    which: Interpreter,
    scratch: Path,
    count: int,
    sources: st.SearchStrategy[str],
    *,
    branches: bool,
) -> None:
    """So many programs, no two alike, make no difference that nobody knows."""
    python = venv_python(which, coverage_for(which.version))
    passed: set[str] = set()
    failed = False
    known: Counter[str] = Counter()
    with Pair(python, scratch, branches=branches) as pair:

        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            derandomize=not NIGHTLY,
            report_multiple_bugs=False,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(sources, st.integers(0, 2**16))
        def makes_no_difference(source: str, seed: int) -> None:
            nonlocal failed
            assume(failed or source not in passed)  # one that failed is run again, to be narrowed
            seen = pair.compare(source, seed)
            found = differences(seen)
            failed = failed or bool(found)
            assert not found, f"seed {seed}: {found}\n{listing(source, seen)}"
            passed.add(source)
            known.update(seen.report["known"])

        makes_no_difference()
    print(f"{which.version}: {len(passed)} programs; known: {dict(known)}")
    assert len(passed) >= count


def differences(seen: Seen) -> dict[str, object]:
    """What is not the same, by name."""
    found: dict[str, object] = {
        key: seen.report[key] for key in DIFFERENCES if seen.report.get(key)
    }
    for key, ours in seen.ours.items():
        if ours != seen.theirs[key]:
            found[key] = f"ours: {ours}\ntheirs: {seen.theirs[key]}"
    return {**found, "notes": seen.notes} if seen.notes else found


def listing(source: str, seen: Seen) -> str:
    """The whole program, with an arrow at the lines that differ."""
    places = [place for key in DIFFERENCES for place in seen.report[key]]
    lines = {place if isinstance(place, int) else place[0] for place in places}
    numbered = enumerate(source.splitlines(), 1)
    return "\n".join(f"{'=>' if n in lines else '  '} {n:3} {text}" for n, text in numbered)
