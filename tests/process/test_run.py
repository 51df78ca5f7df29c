"""`podcov run`: the program as it would be without us, and measured."""

import errno
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from podcov import Session
from podcov.cli import main
from support.project import Project, make_project
from support.waiting import wait_until

WAITING = """\
import signal
import sys


def stop(number, frame):
    print("got", number, flush=True)
    sys.exit(3)


signal.signal(signal.SIGTERM, stop)
print("ready", flush=True); signal.pause()
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The working directory."""
    made = make_project(tmp_path / "project")
    monkeypatch.chdir(made.root)
    return made


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


def finished(*words: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """`podcov run --port 0`, at its end."""
    return subprocess.run(
        [sys.executable, "-m", "podcov", "run", "--port", "0", *words],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **(env or {})},
    )


def test_the_report_comes_after_the_program_and_its_exit_code_is_kept(project: Project) -> None:
    """The table on stdout, the other reports where they were asked for, the data for later."""
    project.write("main.py", "import sys\nimport shop.app\nshop.app.greet('x')\nsys.exit(7)\n")
    done = finished("--report", "--xml", "out/c.xml", "--", sys.executable, "main.py")
    assert (done.returncode, done.stdout) == (
        7,
        "Name               Stmts   Miss  Cover\n"
        "--------------------------------------\n"
        "main.py                4      0   100%\n"
        "shop/__init__.py       0      0   100%\n"
        "shop/app.py            7      2    71%\n"
        "--------------------------------------\n"
        "TOTAL                 11      2    82%\n",
    )
    assert done.stderr.splitlines()[1:] == ["xml: out/c.xml", "data: .coverage.podcov"]
    assert 'filename="shop/app.py"' in (project.root / "out/c.xml").read_text()


def test_without_a_report_nothing_is_written(project: Project) -> None:
    """Not even the data file."""
    done = finished("--", sys.executable, "-c", "print(1)")
    assert (done.returncode, done.stdout) == (0, "1\n")
    assert not (project.root / ".coverage.podcov").exists()


@pytest.mark.parametrize(
    ("ends", "expected", "slug"),
    [
        ("", 4, "fail-under"),
        ("import sys; sys.exit(9)", 9, "fail-under"),
    ],
)
def test_a_total_that_is_too_low_is_told_below_the_programs_own_failure(
    project: Project, ends: str, expected: int, slug: str
) -> None:
    """The program's exit code wins; the reason is said in both cases."""
    project.write("main.py", f"def never():\n    return 1\n{ends}\n")
    done = finished("--fail-under", "99", "--", sys.executable, "main.py")
    assert done.returncode == expected, done.stderr
    assert f"[{slug}]" in done.stderr


DECIDES = "import sys\nif len(sys.argv) > 9:\n    print(1)\n"
LIMIT = {
    ".coveragerc": "[run]\nbranch = true\n[report]\nfail_under = 99\n",
    "setup.cfg": "[coverage:run]\nbranch = true\n[coverage:report]\nfail_under = 99\n",
    "tox.ini": "[coverage:run]\nbranch = true\n[coverage:report]\nfail_under = 99\n",
    "pyproject.toml": "[tool.coverage]\nrun.branch = true\nreport.fail_under = 99\n",
}


@pytest.mark.parametrize("file", LIMIT)
def test_branch_and_fail_under_of_the_projects_settings_count(project: Project, file: str) -> None:
    """Wherever coverage.py looks for them; an option or the environment is asked first."""
    project.write("main.py", DECIDES)
    project.write(file, LIMIT[file])
    words = ["--report", "--", sys.executable, "main.py"]
    done = finished(*words)
    assert (done.returncode, "BrPart" in done.stdout) == (4, True), done.stderr
    assert "below the limit of 99 % (fail_under of coverage.py's settings). [fail-under]" in (
        done.stderr
    )
    done = finished("--fail-under", "0", "--no-branch", *words)
    assert (done.returncode, "BrPart" in done.stdout) == (0, False), done.stderr
    assert "lines-only" not in done.stderr
    done = finished("--fail-under", "10", *words, env={"PODCOV_BRANCH": "false"})
    assert (done.returncode, "BrPart" in done.stdout) == (0, False), done.stderr


def test_an_option_and_the_environment_ask_for_branches_too(project: Project) -> None:
    """Where the project's settings say nothing."""
    project.write("main.py", DECIDES)
    words = ["--report", "--", sys.executable, "main.py"]
    assert "BrPart" not in finished(*words).stdout
    assert "BrPart" in finished("--branch", *words).stdout
    assert "BrPart" in finished(*words, env={"PODCOV_BRANCH": "true"}).stdout
    refused = finished(*words, env={"PODCOV_BRANCH": "yes"})
    assert (refused.returncode, "[bad-setting]" in refused.stderr) == (2, True)


def test_a_report_that_fails_is_told_from_the_programs_failure(project: Project) -> None:
    """125, as no program of the user's ends."""
    done = finished("--report", "--", sys.executable, "-S", "-c", "print(1)")
    assert (done.returncode, done.stdout) == (125, "1\n")
    assert "[no-data]" in done.stderr


def test_a_wrong_setting_is_said_before_the_program_starts(project: Project) -> None:
    """Nobody waits for a program to learn that its report cannot be."""
    done = finished("--rcfile", "nowhere", "--report", "--", "echo", "started")
    assert (done.returncode, done.stdout) == (2, "")
    assert "[bad-setting]" in done.stderr
    assert "nowhere" in done.stderr


def test_a_terminated_program_is_reported_too(project: Project) -> None:
    """As Compose stops a service: SIGTERM, and the table is still made."""
    project.write("app.py", WAITING)
    with running("--report", "--", sys.executable, "app.py") as (child, _):
        assert line_of(child) == "ready\n"
        child.send_signal(signal.SIGTERM)
        out, _err = child.communicate(timeout=30)
    assert child.returncode == 3
    assert "app.py       7      0   100%" in out


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
