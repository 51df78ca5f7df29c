"""`podcov run`: the program as it would be without us, and measured."""

import errno
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from podcov import Session
from podcov.cli import main
from support.podcov_run import WAITING, line_of, running
from support.project import Project, make_project
from support.waiting import wait_until


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The working directory."""
    made = make_project(tmp_path / "project")
    monkeypatch.chdir(made.root)
    return made


def test_a_program_is_measured_while_it_runs(project: Project) -> None:
    """By the same agent as in a pod, under its local paths."""
    project.write("app.py", WAITING)
    with running("--", sys.executable, "app.py") as (child, url):
        assert line_of(child) == "ready\n"
        collection = Session(urls=[url]).collect()
        assert len(collection.files) == 1, (collection, Session(urls=[url]).status())
        (file,) = collection.files
        assert file.path == str(project.root / "app.py")
        assert file.lines >= {1, 2, 5, 10, 11}
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


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """By nohup, or by a shell that runs a command in the background."""
    words = [sys.executable, "-m", "podcov", "run", "--port", "0", "--", sys.executable, "-c"]
    says = "import signal; print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)"
    done = subprocess.run(
        ["nohup", *words, says], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "True\n")


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
        collection = Session(urls=[first, second]).collect()
        assert len(collection.answered) == 2
        assert [len(file.pods) for file in collection.files] == [2], "one file in one report"


def test_a_killed_program_is_told_as_a_shell_tells_it(project: Project) -> None:
    """128 + the signal's number."""
    kill = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with running("--", sys.executable, "-c", kill) as (child, _):
        assert child.wait(30) == 128 + signal.SIGKILL


def test_a_taken_port_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    """Before the program starts."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["run", "--port", str(port), "--", "echo", "started"]) == 125
    out, err = capfd.readouterr()
    assert out == ""
    assert f"podcov: Local port {port} is in use" in err
    assert "--port 0" in err


def test_a_command_that_does_not_exist_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    """The exact message, after the greeting."""
    assert main(["run", "--port", "0", "--", "/nowhere/app", "--flag"]) == 125
    assert capfd.readouterr().err.splitlines()[1:] == [
        "podcov: /nowhere/app could not be started: No such file or directory. [launch-failed]",
        "  → Write the command after --, as you would in a shell.",
    ]


def test_the_temporary_folder_goes_with_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left on the disk."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with running("--", sys.executable, "-c", "print(1)") as (child, _):
        child.communicate(timeout=30)
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_leaves_another_behind_ends_as_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other may write into the folder while it is being removed."""

    def find_more(*_: object, **__: object) -> None:
        raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(os, "rmdir", find_more)
    assert main(["run", "--port", "0", "--", sys.executable, "-c", "raise SystemExit(7)"]) == 7


def test_nothing_stays_when_podcov_run_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL: the agent ends by itself and takes the folder with it; the program goes on."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    program = "print('ready', flush=True); input(); print('done', flush=True)"
    child = subprocess.Popen(
        [sys.executable, "-m", "podcov", "run", "--port", "0", "--", sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        url = child.stderr.readline().split()[-1]
        assert line_of(child) == "ready\n"
        child.kill()
        wait_until("the folder is gone", lambda: list(tmp_path.iterdir()), lambda left: not left)
        port = int(url.rpartition(":")[2])
        wait_until("the agent is gone", lambda: refuses(port))
        child.stdin.write("\n")
        child.stdin.close()
        assert line_of(child) == "done\n"


def refuses(port: int) -> bool:
    """Nobody listens."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED
