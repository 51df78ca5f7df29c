"""The test suites of real packages pass and fail alike without us, under the agent and under
coverage.py, and both report the same statements and the same branches.

Each package under one interpreter, so that all have their turn; a nightly run takes every
one. What was counted stays in build/equality, for the table in docs/equality.md.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from support.blind_spots import (
    EITHER,
    ONLY_COVERAGE,
    ONLY_COVERAGE_BRANCHES,
    ONLY_OUR_BRANCHES,
    ONLY_OURS,
    expected,
    expected_branches,
)
from support.equality_table import Cell, record
from support.interpreters import VERSIONS, each_version
from support.nightly import NIGHTLY
from support.oracle import Comparison, Program, Run, compare, run_plainly
from support.suites import PACKAGES, Package, environment, lay_out

WITH_BRANCHES = {"click": ("3.9",), "jinja2": ("3.13",), "markdown": ("3.10",)}
"""Small ones, for the quick share."""

FROM_310 = tuple(version for version in VERSIONS if version not in ("3.8", "3.9"))


def pairs() -> list[object]:
    """Packages with interpreters, in turn."""
    out = []
    for number, package in enumerate(PACKAGES):
        one = (VERSIONS[number % len(VERSIONS)],)
        for version in each_version(VERSIONS if NIGHTLY else one):
            out.append(pytest.param(package, *version.values, marks=version.marks))
    return out


def branch_pairs() -> list[object]:
    """Few packages; in a nightly run all of them, with two interpreters in turn."""
    out = []
    for number, package in enumerate(PACKAGES):
        two = (FROM_310[number % len(FROM_310)], FROM_310[(number + 2) % len(FROM_310)])
        for version in each_version(two if NIGHTLY else WITH_BRANCHES.get(package.name, ())):
            out.append(pytest.param(package, *version.values, marks=version.marks))
    return out


def name(value: object) -> str:
    return value.name if isinstance(value, Package) else str(value)


@pytest.mark.parametrize(("package", "version"), pairs(), ids=name)
def test_a_real_package(package: Package, version: str, tmp_path: Path) -> None:
    """Every test has the same outcome, with and without us; every file the same statements."""
    program = suite(package, version, tmp_path)
    plain = outcomes(run_plainly(program))
    seen = compare(program, scratch(tmp_path))
    assert different(outcomes(seen.ours), plain) == []
    check(seen, package, version)
    keep(seen, package, version, len(plain))


@pytest.mark.parametrize(("package", "version"), branch_pairs(), ids=name)
def test_the_branches_of_a_real_package(package: Package, version: str, tmp_path: Path) -> None:
    """And every file the same branches taken."""
    seen = compare(suite(package, version, tmp_path, branch=True), scratch(tmp_path))
    check(seen, package, version)
    assert sum(seen.branches.values()) > 50
    ours = expected_branches(ONLY_OUR_BRANCHES, package.name, version)
    theirs = expected_branches(ONLY_COVERAGE_BRANCHES, package.name, version)
    assert taken(seen.only_coverage) == theirs
    assert taken(seen.only_ours) == ours
    keep(seen, package, version)


def suite(package: Package, version: str, tmp_path: Path, *, branch: bool = False) -> Program:
    """The package's own tests, laid out anew for each run: some leave files behind."""
    clean, folder = tmp_path / "clean", tmp_path / "suite"
    clean.mkdir()
    lay_out(package, version, clean)

    def prepare() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(clean, folder)

    return Program(
        environment(version),
        package.command,
        folder / package.cwd,
        package.module,
        package.omit,
        env=(("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1"), ("PYTHONHASHSEED", "0")),
        branch=branch,
        prepare=prepare,
    )


def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def check(seen: Comparison, package: Package, version: str) -> None:
    """Same outcomes, same statements, nothing that was not measured."""
    assert different(outcomes(seen.ours), outcomes(seen.theirs)) == []
    assert seen.ours.code == seen.theirs.code
    assert sum(seen.covered.values()) > 200
    either = expected(EITHER, package.name, version)
    assert lines(seen, "only_coverage") - either == expected(ONLY_COVERAGE, package.name, version)
    assert lines(seen, "only_ours") - either == expected(ONLY_OURS, package.name, version)
    assert seen.notes == ()


def lines(seen: Comparison, side: str) -> set[str]:
    """The statements that only one side has, as in ONLY_OURS."""
    return {
        f"{path.partition('site-packages/')[2]}:{line}"
        for path, difference in seen.differences.items()
        for line in getattr(difference, side)
    }


def taken(branches: frozenset[tuple[str, int, int]]) -> set[tuple[str, int, int]]:
    """Branches, as in ONLY_OUR_BRANCHES."""
    return {(path.partition("site-packages/")[2], a, b) for path, a, b in branches}


def keep(seen: Comparison, package: Package, version: str, tests: int = 0) -> None:
    """For the table in the documentation; with `tests` it counts lines, else branches."""
    ours, theirs = lines(seen, "only_ours"), lines(seen, "only_coverage")
    record(
        Cell(
            package.name,
            version,
            tests,
            statements=sum(seen.covered.values()),
            branches=sum(seen.branches.values()),
            only_ours=len(ours if tests else seen.only_ours),
            only_coverage=len(theirs if tests else seen.only_coverage),
        )
    )


OF_PYTEST = re.compile(r"^((?:PASSED|FAILED|SKIPPED|ERROR|XFAIL|XPASS)\b.*?)(?: - .*)?$", re.M)
OF_UNITTEST = re.compile(
    r"^(.+ \.\.\. (?:ok|FAIL|ERROR|skipped|expected failure|unexpected success))", re.M
)


NOW = re.compile(r"\b\d\d:\d\d:\d\d\b")
"""A time of day, which some parameters of tests are made of."""


def outcomes(run: Run) -> list[str]:
    """Each test with its outcome; more than twenty, or the suite did not run."""
    summary = NOW.sub("now", run.out.rpartition("short test summary info")[2])
    found = sorted(OF_PYTEST.findall(summary) or OF_UNITTEST.findall(run.err))
    assert len(found) > 20, run.out[-3000:] + run.err[-3000:]
    return found


def different(ones: list[str], others: list[str]) -> list[str]:
    """The outcomes that only one of two runs has."""
    return [*(Counter(ones) - Counter(others)), *(Counter(others) - Counter(ones))]
