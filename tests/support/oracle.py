"""Runs a program under coverage.py and under the agent, and tells where the two differ.

coverage.py's C tracer is the oracle; what counts is the statements that its report calls executed.
The agent is installed as in a pod, and its result is read as the sidecar reads it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import podcov.branches
import podcov_agent
from podcov_agent.contract import (
    ENV_BRANCH,
    ENV_HOME,
    ENV_OMIT,
    ENV_SOURCE,
    ENV_SPOOL,
    HOME_BOOTSTRAP,
)
from podcov_agent.sidecar.install import install
from podcov_agent.sidecar.lines import divide
from podcov_agent.sidecar.reader import Container
from support.spool import lines_of

COVERAGE = {"3.8": "coverage==7.6.1", "3.9": "coverage==7.10.7", "3.10": "coverage==7.16.2"}
"""The last that each interpreter can have; the newest for the others."""
NEWEST_COVERAGE = "coverage==7.17.3"

REPORT = Path(__file__).with_name("oracle_report.py")


@dataclass(frozen=True)
class Run:
    """A finished process."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Difference:
    """One file: executed statements that only one of the two reports."""

    only_coverage: tuple[int, ...]
    only_ours: tuple[int, ...]


@dataclass(frozen=True)
class Comparison:
    """Both runs; `statements` and, executed, `covered` ones per file as coverage reports them.

    `differences` has the files that differ, and `notes` what the agent says it did not measure.
    With branches, `branches` has how many coverage counts per file, `only_coverage` and `only_ours`
    the branches that one side alone has taken: (path, line, where to).
    """

    theirs: Run
    ours: Run
    statements: dict[str, int]
    covered: dict[str, int]
    differences: dict[str, Difference]
    notes: tuple[str, ...]
    branches: dict[str, int]
    only_coverage: frozenset[Branch]
    only_ours: frozenset[Branch]


Branch = tuple[str, int, int]


@dataclass(frozen=True)
class Program:
    """What to run: `python [options] command` in `cwd`, measuring `source`, and `branch`es.

    `prepare` is called before each run.
    """

    python: Path
    command: tuple[str, ...]
    cwd: Path
    source: str
    omit: str = ""
    options: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    timeout_s: float = 300
    branch: bool = False
    prepare: Callable[[], None] = lambda: None


def coverage_for(version: str) -> str:
    """The requirement for the oracle under this version of Python."""
    return COVERAGE.get(version, NEWEST_COVERAGE)


def compare(program: Program, scratch: Path) -> Comparison:
    """Run the program under both. `scratch` is an empty folder."""
    data = scratch / "theirs.coverage"
    theirs = _run_under_coverage(program, data)
    ours, container = run_under_agent(program, scratch)
    asked = {"data": str(data), "ours": what_ran(container), "scratch": str(scratch)}
    asked["branches"] = podcov.branches.__file__ if program.branch else None
    told = subprocess.run(
        [str(program.python), str(REPORT)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    report = json.loads(told.stdout)
    differences = {
        path: Difference(tuple(file["only_coverage"]), tuple(file["only_ours"]))
        for path, file in report.items()
        if file["only_coverage"] or file["only_ours"]
    }
    statements = {path: file["statements"] for path, file in report.items()}
    covered = {path: file["covered"] for path, file in report.items()}
    notes = tuple(f"{note['slug']}: {note['detail']}" for note in container.notes())
    return Comparison(
        theirs,
        ours,
        statements,
        covered,
        differences,
        notes,
        {path: file["branches"] for path, file in report.items()},
        _taken_alone(report, "only_coverage_took"),
        _taken_alone(report, "only_ours_took"),
    )


def _taken_alone(report: dict[str, dict[str, list[list[int]]]], side: str) -> frozenset[Branch]:
    return frozenset((path, a, b) for path, file in report.items() for a, b in file[side])


def what_ran(container: Container) -> dict[str, object]:
    """What ran, by path: lines, and the exits of decisions."""
    known, ran = container.exits(), {}
    for source, marks in container.read().items():
        exits = known.get(source)
        lines, taken = divide(marks, exits)
        names = exits.names.split(",") if exits and exits.names else []
        ran[source.path] = {
            "lines": sorted(lines_of(lines)),
            "exits": [[int(names[n][:-1]), names[n][-1] == "+"] for n in lines_of(taken)],
        }
    return ran


def run_plainly(program: Program) -> Run:
    """Run the program as it is."""
    return _run(program, program.command, {})


def run_under_agent(program: Program, scratch: Path) -> tuple[Run, Container]:
    """Run the program with the agent, installed into `scratch`, and look into its spool."""
    home, spool = scratch / "home", scratch / "spool"
    install(os.path.dirname(podcov_agent.__file__), str(home))
    spool.mkdir(exist_ok=True)
    env = {ENV_HOME: str(home), ENV_SPOOL: str(spool), ENV_SOURCE: program.source}
    env |= {ENV_OMIT: program.omit} if program.omit else {}
    env |= {ENV_BRANCH: "true"} if program.branch else {}
    run = _run(program, program.command, {**env, "PYTHONPATH": str(home / HOME_BOOTSTRAP)})
    container = Container(str(spool))
    container.look()
    return run, container


def _run_under_coverage(program: Program, data: Path) -> Run:
    sources = f"--source={program.source}"
    omit = (f"--omit={program.omit}",) if program.omit else ()
    branch = ("--branch",) if program.branch else ()
    under = ("-m", "coverage", "run", "--rcfile=/dev/null", *branch, sources, *omit)
    env = {"COVERAGE_FILE": str(data), "COVERAGE_CORE": "ctrace"}
    return _run(program, (*under, *program.command), env)


def _run(program: Program, command: tuple[str, ...], env: dict[str, str]) -> Run:
    program.prepare()
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("PODCOV_", "PYTHON"))}
    done = subprocess.run(
        [str(program.python), *program.options, *command],
        cwd=program.cwd,
        env={**keep, "PYTHONDONTWRITEBYTECODE": "1", **dict(program.env), **env},
        capture_output=True,
        text=True,
        timeout=program.timeout_s,
    )
    return Run(done.returncode, done.stdout, done.stderr)
