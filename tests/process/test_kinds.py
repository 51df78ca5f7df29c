"""However a process begins and ends, the lines that it ran are in the spool when it is gone.

Invariants 4 (no death loses a line) and 5 (every way to make a process is measured).
"""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest
from support.interpreters import OLDEST_AND_NEWEST, each_version, interpreter, venv_python
from support.measured import Container, line_of
from support.steps import steps, write_work
from support.waiting import wait_until

PROGRAMS = Path(__file__).parent / "programs/kinds"
GREENLETS = ("greenlet>=3",)

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


IN_OTHERS = {
    "subinterpreter": {19},
    "subinterpreters_at_once": {31, 32, 33, 34},
    "interpreters_of_the_library": {35, 36, 37, 38, 39},
}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The program, and steps of its own."""
    folder = tmp_path / "app"
    shutil.copytree(PROGRAMS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    write_work(folder, 60)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_process_is_measured(
    container: Container, python: Path, kind: str, app: Path, tmp_path: Path
) -> None:
    """Exactly the steps that ran are marked, and the process ends as it would without us."""
    wanted, code = KINDS[kind]
    container.env["USER_FILES"] = str(tmp_path)
    done = container.run([python, "main.py", kind], app)
    assert (done.returncode, container.notes()) == (code, []), done.stderr
    work = app / "work.py"
    wait_until(f"steps {wanted}", lambda: steps(container, work), lambda seen: seen == wanted)
    assert line_of(app / "main.py", "globals()[KIND]()") in container.ran(app / "main.py")
    if kind in IMPORTS_LATE:
        assert line_of(app / "late.py", "# late") in container.ran(app / "late.py")
    if kind == "daemon":
        texts = [(tmp_path / str(n)).read_text() for n in range(8)]
        assert texts == [f"precious {n}" for n in range(8)]


@pytest.mark.parametrize("version", each_version())
@pytest.mark.parametrize("kind", IN_OTHERS)
def test_every_interpreter_of_a_process_is_measured(
    one_container: Container, app: Path, kind: str, version: str
) -> None:
    """Sub-interpreters, one or several at once, with the common GIL and with one of their own."""
    which = interpreter(version)
    if kind == "interpreters_of_the_library" and which.minor < 14:
        pytest.skip("concurrent.interpreters came with 3.14")
    one_container.env["PYTHONPATH"] = str(app)
    plain, done = (
        one_container.run([which.python, "main.py", kind], app, measured=on) for on in (False, True)
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", plain.stderr)
    assert steps(one_container, app / "work.py") == IN_OTHERS[kind]
    assert one_container.notes() == []


@pytest.mark.parametrize("version", each_version())
def test_the_script_is_a_file_like_any_other_in_a_sub_interpreter(
    one_container: Container, app: Path, version: str
) -> None:
    """It has the process's argv, but nobody is about to run the script there as Python does."""
    python = interpreter(version).python
    done = one_container.run([python, "main.py", "script_in_another"], app)
    assert (done.returncode, done.stdout, done.stderr) == (0, "None\nend\n", "")


@pytest.mark.parametrize("version", each_version(OLDEST_AND_NEWEST))
def test_greenlets_are_measured(one_container: Container, app: Path, version: str) -> None:
    """They switch in the middle of functions; gevent and eventlet are among the servers."""
    python = venv_python(interpreter(version), *GREENLETS)
    done = one_container.run([python, "main.py", "greenlets"], app)
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")
    assert steps(one_container, app / "work.py") == {28, 29, 30}


@pytest.mark.parametrize("command", [["main.py", "threads"], ["-m", "main", "threads"]])
def test_scripts_and_modules_are_measured_by_every_interpreter(
    container: Container, each_python: Path, app: Path, command: list[str]
) -> None:
    """`python app.py` and `python -m app` mark the entry's own lines as well as its imports'."""
    done = container.run([each_python, *command], app)
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")
    assert steps(container, app / "work.py") == {15, 16, 17}
    assert line_of(app / "main.py", 'print("end")') in container.ran(app / "main.py")


def test_a_command_has_no_lines_but_its_imports_have(
    container: Container, python: Path, app: Path
) -> None:
    """`python -c` itself cannot be reported, what it imports is."""
    container.run([python, "-c", "import work; work.step(30)"], app)
    work = app / "work.py"
    assert (steps(container, work), set(container.lines())) == ({30}, {str(work)})


def test_two_processes_share_one_map(container: Container, python: Path, app: Path) -> None:
    """The second process of a container adds its lines to those of the first."""
    for n in (31, 32):
        container.run([python, "-c", f"import work; work.step({n})"], app)
    assert steps(container, app / "work.py") == {31, 32}
