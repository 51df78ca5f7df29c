"""`podcov run`: the program as it would be without us, and measured."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from podcov import Session
from podcov.cli import main
from podcov.run import Program, child_environment
from support.waiting import wait_until

from .conftest import Project

WAITING = """\
import signal
import sys


def stop(number, frame):
    print("got", number, flush=True)
    sys.exit(3)


signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
signal.pause()
"""


@contextmanager
def running(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`podcov run` with a free port, and the URL it says."""
    child = subprocess.Popen(
        [sys.executable, "-m", "podcov", "run", "--port", "0", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with child:
        try:
            assert child.stderr is not None
            said = child.stderr.readline()
            match = re.search(r"podcov collect --url (http://127\.0\.0\.1:\d+)$", said)
            assert match, said + child.stderr.read()
            yield child, match[1]
        finally:
            child.terminate()


def line_of(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline()


def test_a_program_is_measured_while_it_runs(project: Project) -> None:
    """By the same agent as in a pod, under its local paths."""
    project.write("app.py", WAITING)
    with running("--", sys.executable, "app.py") as (child, url):
        assert line_of(child) == "ready\n"
        collection = Session(urls=[url]).collect()
        assert len(collection.files) == 1, (collection, Session(urls=[url]).status())
        (file,) = collection.files
        assert file.path == str(project.root / "app.py")
        assert file.lines >= {1, 2, 5, 10, 11, 12}
        assert not file.lines & {6, 7}


def test_signals_reach_the_program_and_its_exit_code_is_passed_on(project: Project) -> None:
    """SIGTERM, as docker stop sends it; nothing of ours is left behind."""
    project.write("app.py", WAITING)
    with running("--", sys.executable, "app.py") as (child, url):
        assert line_of(child) == "ready\n"
        child.send_signal(signal.SIGTERM)
        out, err = child.communicate(timeout=30)
    assert (out, err, child.returncode) == (f"got {signal.SIGTERM.value}\n", "", 3)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=5)


def test_a_signal_before_the_program_runs_ends_in_good_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM while the agent starts: no program, no agent, no folder stays."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    child = subprocess.Popen(
        [sys.executable, "-m", "podcov", "run", "--port", "0", "--", "sleep", "100"],
        stderr=subprocess.DEVNULL,
    )
    wait_until("podcov run has its folder", lambda: list(tmp_path.iterdir()))
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_several_run_at_once(project: Project) -> None:
    """Each has its own agent at its own port."""
    project.write("app.py", WAITING)
    words = ["--", sys.executable, "app.py"]
    with running(*words) as (one, first), running(*words) as (other, second):
        assert (line_of(one), line_of(other)) == ("ready\n", "ready\n")
        assert first != second
        assert len(Session(urls=[first, second]).collect().answered) == 2


def test_a_killed_program_is_told_as_a_shell_tells_it(project: Project) -> None:
    """128 + the signal's number."""
    kill = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with running("--", sys.executable, "-c", kill) as (child, _):
        assert child.wait(30) == 128 + signal.SIGKILL


def test_a_taken_port_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    """Before the program starts."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["run", "--port", str(port), "--", "echo", "started"]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert f"podcov: Local port {port} is in use" in err


def test_a_command_that_does_not_exist_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    """The exact message, after the greeting."""
    assert main(["run", "--port", "0", "--", "/nowhere/app", "--flag"]) == 1
    assert capfd.readouterr().err.splitlines()[1:] == [
        "podcov: /nowhere/app could not be started: No such file or directory. [launch-failed]",
        "  → Write the command after --, as you would in a shell.",
    ]


def test_the_environment_is_the_launchers() -> None:
    """What the program had stays, and its own PYTHONPATH comes after ours."""
    env = {"PYTHONPATH": "/mine", "X": "1"}
    made = child_environment(Program(["x"], 0, source=["a", "b"]), Path("/t"), env)
    assert made == {
        "X": "1",
        "PYTHONPATH": "/t/home/bootstrap:/mine",
        "PODCOV_HOME": "/t/home",
        "PODCOV_SPOOL": "/t/spool/local",
        "PODCOV_LAUNCHED": "1",
        "PODCOV_SOURCE": "a,b",
    }


def test_branches_are_recorded_on_demand() -> None:
    """As the annotation would have it."""
    made = child_environment(Program(["x"], 0, branch=True), Path("/t"), {})
    assert made["PODCOV_BRANCH"] == "true"


def test_the_temporary_folder_goes_with_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left on the disk."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with running("--", sys.executable, "-c", "print(1)") as (child, _):
        child.communicate(timeout=30)
    assert list(tmp_path.iterdir()) == []
