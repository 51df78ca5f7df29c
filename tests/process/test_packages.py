"""The test suites of real packages pass and fail alike under coverage.py and under the agent, and
both report the same statements, and of some packages the same branches.

Two interpreters per package; a nightly run takes every one.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from support.interpreters import VERSIONS, each_version, interpreter, venv_python
from support.nightly import NIGHTLY
from support.oracle import Comparison, Program, compare, coverage_for
from support.packages import PACKAGES, Package, unpack_tests

PYTEST = "pytest==8.3.5"  # the last that runs on 3.8
REPORT = ("-rA", "--tb=no", "--continue-on-collection-errors")


ONLY_OURS = {
    # break and continue that only jump: the optimiser removes them
    "click/shell_completion.py:547": ("3.8", "3.9"),
    "click/termui.py:245": ("3.8", "3.9"),
    "jinja2/parser.py:580": ("3.8", "3.9"),
    "jinja2/parser.py:727": ("3.8", "3.9"),
    "jinja2/parser.py:783": ("3.8", "3.9"),
    "jinja2/parser.py:798": ("3.8", "3.9"),
    "markdown/blockprocessors.py:247": ("3.8", "3.9"),
    "markdown/extensions/fenced_code.py:162": ("3.8", "3.9"),
    "markdown/extensions/footnotes.py:290": ("3.8", "3.9"),
    "sqlparse/filters/output.py:111": ("3.8", "3.9"),
    # except around yield from
    "jinja2/environment.py:1356": ("3.12", "3.13"),
    # the handler of a RecursionError
    "sqlparse/sql.py:221": ("3.8", "3.9"),
}
"""Where the tracer is blind (docs/equality.md), by interpreter."""


ONLY_OUR_BRANCHES = {("click/shell_completion.py", 516, 547): ("3.9",)}
"""The same of branches: where they lead, the optimiser removed a `continue`."""

WITH_BRANCHES = {"click": ("3.9", "3.13"), "jinja2": ("3.10", "3.13"), "markdown": ("3.10", "3.13")}


def branch_pairs() -> list[object]:
    """Packages whose branches are compared, each with an older and a newer interpreter."""
    return [
        pytest.param(package, *version.values, marks=version.marks)
        for package in PACKAGES
        for version in each_version(WITH_BRANCHES.get(package.name, ()))
    ]


def pairs() -> list[object]:
    """Packages with interpreters: an older and a newer one each, so that all have their turn."""
    out = []
    for number, package in enumerate(PACKAGES):
        few = (VERSIONS[number % 3], VERSIONS[3 + number % 3])
        for version in each_version(VERSIONS if NIGHTLY else few):
            out.append(pytest.param(package, *version.values, marks=version.marks))
    return out


def name(value: object) -> str:
    return value.name if isinstance(value, Package) else str(value)


@pytest.mark.parametrize(("package", "version"), pairs(), ids=name)
def test_a_real_package(package: Package, version: str, tmp_path: Path) -> None:
    """Every test has the same outcome, every file the same executed statements."""
    check(run_suite(package, version, tmp_path), package, version)


@pytest.mark.parametrize(("package", "version"), branch_pairs(), ids=name)
def test_the_branches_of_a_real_package(package: Package, version: str, tmp_path: Path) -> None:
    """And every file the same branches taken."""
    seen = run_suite(package, version, tmp_path, branch=True)
    check(seen, package, version)
    assert sum(seen.branches.values()) > 1000
    assert seen.only_coverage == frozenset()
    assert {(path.partition("site-packages/")[2], a, b) for path, a, b in seen.only_ours} == {
        branch
        for branch, versions in ONLY_OUR_BRANCHES.items()
        if version in versions and branch[0].startswith(package.module + "/")
    }


def run_suite(
    package: Package, version: str, tmp_path: Path, *, branch: bool = False
) -> Comparison:
    """Run the package's own tests under both."""
    suite, scratch = tmp_path / "suite", tmp_path / "scratch"
    suite.mkdir()
    scratch.mkdir()
    unpack_tests(package, suite)
    requirements = (PYTEST, coverage_for(version), package.requirement, *package.needs)
    python = venv_python(interpreter(version), *requirements)
    command = ("-m", "pytest", "-p", "no:cacheprovider", *REPORT, "tests")
    program = Program(python, command, suite, package.module, package.omit, branch=branch)
    return compare(program, scratch)


def check(seen: Comparison, package: Package, version: str) -> None:
    """Same outcomes, same statements, nothing that was not measured."""
    assert outcomes(seen, "ours") == outcomes(seen, "theirs")
    assert seen.ours.code == seen.theirs.code
    assert sum(seen.covered.values()) > 200
    assert lines(seen, "only_coverage") == set()
    assert lines(seen, "only_ours") == {
        where
        for where, versions in ONLY_OURS.items()
        if version in versions and where.startswith(package.module + "/")
    }
    assert seen.notes == ()


def lines(seen: Comparison, side: str) -> set[str]:
    """The statements that only one side has, as in ONLY_OURS."""
    return {
        f"{path.partition('site-packages/')[2]}:{line}"
        for path, difference in seen.differences.items()
        for line in getattr(difference, side)
    }


def outcomes(seen: Comparison, side: str) -> list[str]:
    """Each test with its outcome; more than twenty, or the suite did not run."""
    out: str = getattr(seen, side).out
    words = ("PASSED", "FAILED", "SKIPPED", "ERROR", "XFAIL", "XPASS")
    found = sorted(line.partition(" - ")[0] for line in out.splitlines() if line.startswith(words))
    assert len(found) > 20, out[-3000:]
    return found
