"""What came with 3.14 does with the agent what it does without."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import IO

import pytest
from support.interpreters import interpreter
from support.measured import Container, line_of

PROGRAMS = Path(__file__).parent / "programs/news"


@pytest.fixture
def python() -> Path:
    return interpreter("3.14").python


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    shutil.copytree(PROGRAMS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def equal(container: Container, command: list[str | Path], app: Path) -> tuple[int, str, str]:
    """What a plain run gives, and two measured ones. No run finds byte code of another."""
    container.env["PYTHONDONTWRITEBYTECODE"] = "1"
    runs = [container.run(command, app, measured=on) for on in (False, True, True)]
    seen = [(r.returncode, r.stdout, re.sub("0x[0-9a-f]+", "0x", r.stderr)) for r in runs]
    assert seen == [seen[0]] * 3
    assert container.notes() == []
    return seen[0]


def steps_of(container: Container, app: Path) -> set[int]:
    """The steps of work.py that have run."""
    ran = container.ran(app / "work.py")
    return {n for n in range(1, 7) if line_of(app / "work.py", f"N + {n}") in ran}


ROWS = {
    # environment, command, return code, steps of work.py
    "interpreters": ({}, ["interpreters.py"], 0, {1, 2, 3, 4, 5}),
    "forkserver": ({}, ["processes.py"], 0, {1, 2, 3, 4, 5}),
    "machine-code": ({"PYTHON_JIT": "1"}, ["hot.py"], 0, set()),
    "finally": ({}, ["warned.py"], 0, set()),
    "finally-imported": ({}, ["-c", "import warned"], 0, set()),
    "finally-as-module": ({}, ["-m", "warned"], 0, set()),
    "finally-as-error": ({}, ["-W", "error", "warned.py"], 1, set()),
    "warnings-of-a-context": ({}, ["-X", "context_aware_warnings=1", "warned.py"], 0, set()),
    "colours": ({"FORCE_COLOR": "1"}, ["shown.py"], 1, set()),
    "colours-of-a-module": ({"FORCE_COLOR": "1"}, ["-m", "shown"], 1, set()),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_program_runs_as_without_us(
    container: Container, python: Path, app: Path, row: str
) -> None:
    """Return code, output, warnings and tracebacks are equal, and what ran is marked."""
    env, command, code, steps = ROWS[row]
    container.env.update(env)
    assert equal(container, [python, *command], app)[0] == code
    assert steps_of(container, app) == steps
    assert bool(container.ran(app / "work.py")) == (row != "finally-as-error")


def test_lines_of_code_that_became_machine_code(
    container: Container, python: Path, app: Path
) -> None:
    """A line that runs once, late in a loop, is marked; one that never runs is not."""
    container.env["PYTHON_JIT"] = "1"
    container.run([python, "hot.py"], app)
    work = app / "work.py"
    assert line_of(work, "# late") in container.ran(work)
    assert line_of(work, "# never") not in container.ran(work)


def test_a_nested_function_in_another_interpreter(
    container: Container, python: Path, app: Path
) -> None:
    """It travels as its code, which only the map in C allows (docs/limits.md), unmeasured."""
    command = [python, "interpreters.py", "nested"]
    if "PODCOV_MAP" in container.env:
        assert "NotShareableError" in container.run(command, app).stderr
    else:
        assert equal(container, command, app) == (0, "[7]\n", "")
    assert line_of(app / "interpreters.py", "m = n") not in container.ran(app / "interpreters.py")


VISIT = """\
import __main__
__main__.left.append("a visitor")
"""
VISITORS = {
    "remote_exec": ["-c", "import sys; sys.remote_exec({pid}, {script!r})"],
    "pdb": ["-m", "pdb", "-p", "{pid}"],
}


@pytest.mark.parametrize("visitor", VISITORS)
def test_a_debugger_comes_in_from_outside(
    container: Container, python: Path, app: Path, visitor: str
) -> None:
    """A measured process runs what it brings, and goes on; the visitor need not be measured."""
    script = app / "visit.py"
    script.write_text(VISIT)
    with container.start([python, "visited.py"], app) as process:
        try:
            assert process.stdout is not None
            pid = process.stdout.readline().split()[1]
            command = [part.format(pid=pid, script=str(script)) for part in VISITORS[visitor]]
            typed = f"exec(open({str(script)!r}).read())\nc\n" if visitor == "pdb" else None
            came = container.run([python, *command], app, measured=False, stdin=typed)
            if came.returncode and "ermission" in came.stderr + came.stdout:
                pytest.skip("this user may not look into other processes")
            assert came.returncode == 0, came.stdout + came.stderr
            assert process.stdout.read() == "['a visitor']\n"
            assert process.wait(30) == 0
        finally:
            process.kill()
    assert steps_of(container, app) == {6}


def test_asyncio_shows_the_tasks_of_a_measured_process(
    container: Container, python: Path, app: Path
) -> None:
    """`python -m asyncio pstree` finds the coroutines by their names and files."""
    with container.start([python, "visited.py"], app) as process:
        try:
            assert process.stdout is not None
            pid = process.stdout.readline().split()[1]
            seen = container.run([python, "-m", "asyncio", "pstree", pid], app, measured=False)
            if seen.returncode and "ermission" in seen.stderr + seen.stdout:
                pytest.skip("this user may not look into other processes")
        finally:
            process.kill()
    assert seen.returncode == 0, seen.stderr
    for word in ("main", "waiting", "wait", f"{app}/visited.py"):
        assert word in seen.stdout, seen.stdout


def test_the_interactive_interpreter(container: Container, python: Path, app: Path) -> None:
    """Its new line editor works in a terminal, and what is imported there is measured."""
    container.env.update(TERM="xterm", PYTHON_HISTORY=str(app / "history"))
    master, slave = pty.openpty()
    with os.fdopen(master, "rb", buffering=0) as screen:
        process = subprocess.Popen(
            [python], cwd=app, env=container.environ(), stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        try:
            seen = read_until(screen, ">>> ")
            os.write(master, b"import work; work.step(6) * 1111\r")
            seen += read_until(screen, "7777")
            os.write(master, b"exit()\r")
            assert process.wait(30) == 0
        finally:
            process.kill()
    assert "Traceback" not in seen
    assert steps_of(container, app) == {6}


def read_until(screen: IO[bytes], text: str) -> str:
    """What came until `text` did, which must be within a minute."""
    seen, deadline = "", time.monotonic() + 60
    while text not in seen:
        ready, _, _ = select.select([screen], [], [], deadline - time.monotonic())
        assert ready, f"waited for {text!r}, seen: {seen!r}"
        seen += screen.read(1000).decode(errors="replace")
    return seen
