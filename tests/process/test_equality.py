"""The agent reports the statements and branches that coverage.py reports, form by form, on every
interpreter.

A line of the programs where the two differ says so beside itself, `# only ours: 3.8 3.9`; a branch
from it to line 50 that only one has taken, `# only ours to 50: 3.8 3.9`. docs/equality.md explains
why.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.interpreters import each_version, interpreter, venv_python
from support.maps import MAP_CHOICES, MAPS
from support.oracle import Branch, Difference, Program, compare, coverage_for

PROGRAMS = Path(__file__).parent / "programs"
PINNED = re.compile(r"# only (ours|coverage): (.*)")
PINNED_BRANCH = re.compile(r"# only (ours|coverage) to (-?\d+): ([^#]*)")


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("option", ["", "-O"])
@pytest.mark.parametrize("version", each_version())
def test_every_form_of_syntax(version: str, option: str, kind: str, tmp_path: Path) -> None:
    """Same output, and same executed statements in every file but for the lines that say so."""
    python = venv_python(interpreter(version), coverage_for(version))
    options = (option,) if option else ()
    env = tuple(MAP_CHOICES[kind].items())
    program = Program(python, ("main.py",), PROGRAMS, str(PROGRAMS), options=options, env=env)
    seen = compare(program, tmp_path)
    assert (seen.ours.code, seen.ours.out, seen.ours.err) == (0, seen.theirs.out, seen.theirs.err)
    assert seen.notes == ()
    assert len(seen.covered) > 20
    assert seen.differences == pinned_differences(version, option)


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("option", ["", "-O"])
@pytest.mark.parametrize("version", each_version())
def test_every_branch(version: str, option: str, kind: str, tmp_path: Path) -> None:
    """Same output, statements and branches taken, but for the lines that say so."""
    python = venv_python(interpreter(version), coverage_for(version))
    options = (option,) if option else ()
    env = tuple(MAP_CHOICES[kind].items())
    program = Program(
        python, ("main.py",), PROGRAMS, str(PROGRAMS), options=options, env=env, branch=True
    )
    seen = compare(program, tmp_path)
    assert (seen.ours.code, seen.ours.out, seen.ours.err) == (0, seen.theirs.out, seen.theirs.err)
    assert seen.notes == ()
    assert sum(seen.branches.values()) > 150
    assert seen.differences == pinned_differences(version, option)
    assert seen.only_coverage == pinned_branches("coverage", version, option)
    assert seen.only_ours == pinned_branches("ours", version, option)


def pinned_branches(side: str, version: str, option: str) -> set[Branch]:
    """The branches that one side alone has taken, as the programs say."""
    return {
        (str(path), number, int(pin[2]))
        for path in PROGRAMS.glob("*.py")
        for number, line in enumerate(path.read_bytes().decode("latin-1").split("\n"), 1)
        for pin in PINNED_BRANCH.finditer(line)
        if pin[1] == side and {version, version + option} & set(pin[3].split())
    }


def pinned_differences(version: str, option: str) -> dict[str, Difference]:
    """What the programs say: a version alone means every level of optimisation."""
    found = {}
    for path in PROGRAMS.glob("*.py"):
        only: dict[str, list[int]] = {"coverage": [], "ours": []}
        for number, line in enumerate(path.read_bytes().decode("latin-1").split("\n"), 1):
            pin = PINNED.search(line)
            if pin and {version, version + option} & set(pin[2].split()):
                only[pin[1]].append(number)
        if only["coverage"] or only["ours"]:
            found[str(path)] = Difference(tuple(only["coverage"]), tuple(only["ours"]))
    return found
