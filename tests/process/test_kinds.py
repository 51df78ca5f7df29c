"""However a process begins and ends, the lines that it ran are in the spool when it is gone.

Invariants 4 (no death loses a line) and 5 (every way to make a process is measured).
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from support.measured import Container, line_of
from support.steps import WORK, steps
from support.waiting import wait_until

APP = Path(__file__).parent / "programs/kinds"

KINDS = {
    "killed": ({1}, -signal.SIGKILL),
    "exits_at_once": ({2}, 7),
    "aborts": ({3}, -signal.SIGABRT),
    "execs": ({4, 5}, 0),
    "forks": ({6, 7, 8}, 0),
    "forks_then_imports": (set(), 0),
    "spawn": ({9, 10}, 0),
    "forkserver": ({9, 10}, 0),
    "pool": ({11, 12, 13}, 0),
    "executors": ({22, 23, 24, 25}, 0),
    "coroutines": ({26, 27}, 0),
    "subprocesses": ({14}, 0),
    "threads": ({15, 16, 17}, 0),
    "daemon": ({18}, 0),
    "subinterpreter": ({19}, 0),
    "reloads": ({20}, 0),
    "run_path": ({21}, 0),
    "run_module": ({21}, 0),
}
IMPORTS_LATE = ("forks_then_imports", "daemon", "reloads")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_process_is_measured(
    container: Container, python: Path, kind: str, tmp_path: Path
) -> None:
    """Exactly the steps that ran are marked, and the process ends as it would without us."""
    wanted, code = KINDS[kind]
    container.env["USER_FILES"] = str(tmp_path)
    done = container.run([python, "main.py", kind], APP)
    assert (done.returncode, container.notes()) == (code, []), done.stderr
    wait_until(f"steps {wanted}", lambda: steps(container), lambda seen: seen == wanted)
    assert line_of(APP / "main.py", "globals()[KIND]()") in container.ran(APP / "main.py")
    if kind in IMPORTS_LATE:
        assert line_of(APP / "late.py", "# late") in container.ran(APP / "late.py")
    if kind == "daemon":
        texts = [(tmp_path / str(n)).read_text() for n in range(8)]
        assert texts == [f"precious {n}" for n in range(8)]


@pytest.mark.parametrize("command", [["main.py", "threads"], ["-m", "main", "threads"]])
def test_scripts_and_modules_are_measured_by_every_interpreter(
    container: Container, each_python: Path, command: list[str]
) -> None:
    """`python app.py` and `python -m app` mark the entry's own lines as well as its imports'."""
    done = container.run([each_python, *command], APP)
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")
    assert steps(container) == {15, 16, 17}
    assert line_of(APP / "main.py", 'print("end")') in container.ran(APP / "main.py")


def test_a_command_has_no_lines_but_its_imports_have(container: Container, python: Path) -> None:
    """`python -c` itself cannot be reported, what it imports is."""
    container.run([python, "-c", "import work; work.step(30)"], APP)
    assert (steps(container), set(container.lines())) == ({30}, {str(WORK)})


def test_two_processes_share_one_map(container: Container, python: Path) -> None:
    """The second process of a container adds its lines to those of the first."""
    for n in (31, 32):
        container.run([python, "-c", f"import work; work.step({n})"], APP)
    assert steps(container) == {31, 32}
