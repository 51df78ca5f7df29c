"""`podcov run` with everything that people put after it, on a terminal and in a pipe."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import zipapp
from pathlib import Path

import pytest
from podcov import Session
from support.podcov_run import finished, running
from support.project import Project, make_project
from support.waiting import wait_until

CALL = """\
import os, sys
sys.path.insert(0, os.getcwd())
from shop.app import greet
greet(1)
"""

SPAWN = """\
from multiprocessing import get_context
from shop.app import greet
if __name__ == "__main__":
    process = get_context("spawn").Process(target=greet, args=(1,))
    process.start()
    process.join()
"""

WSGI = """\
def app(environ, start_response):
    return [b"never"]
import shop.app
shop.app.greet(1)
"""

ASKS = """\
import os, signal, sys
try:
    print(os.isatty(0), os.isatty(1), os.tcgetpgrp(0) == os.getpgrp())
    print("typed", input("name? "), flush=True); signal.pause()
except KeyboardInterrupt:
    again = "interrupted"
    print(again, flush=True)
    sys.exit(5)
"""
"""From its second answer on, no line is left that Ctrl-C could come too early for."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The working directory."""
    made = make_project(tmp_path / "project")
    monkeypatch.chdir(made.root)
    return made


MODES = {
    "script": ["main.py"],
    "script that is named by its path": ["./main.py"],
    "module": ["-m", "shop"],
    "folder": ["shop"],
    "zip": ["shop.pyz"],
    "text": ["-c", "import shop.app; shop.app.greet(1)"],
    "pytest": ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:podcov"],
    "child": ["-c", "import subprocess, sys; subprocess.run([sys.executable, '-m', 'shop'])"],
    "spawn": ["spawn.py"],
}


@pytest.mark.parametrize("mode", MODES)
def test_every_way_of_starting_is_measured(project: Project, mode: str) -> None:
    """The function that each of them calls is in the report."""
    for name, text in {
        "main.py": CALL,
        "shop/__main__.py": CALL,
        "test_shop.py": "from shop.app import greet\ndef test(): assert greet(1)\n",
        "spawn.py": SPAWN,
    }.items():
        project.write(name, text)
    zipapp.create_archive(project.root / "shop", project.root / "shop.pyz")
    done = finished("-m", "--report", "--", sys.executable, *MODES[mode])
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert re.search(r"shop/app\.py +7 +2 +71% +7, 11$", done.stdout, re.M), done.stdout


def test_console_scripts_of_tools_are_measured(project: Project) -> None:
    """gunicorn, until SIGTERM; its own files are not in the report."""
    project.write("wsgi.py", WSGI)
    gunicorn = str(Path(sys.executable).with_name("gunicorn"))
    words = ["-w", "2", "-b", "127.0.0.1:0", "--no-control-socket", "wsgi:app"]
    with running("--report", "--", gunicorn, *words) as (child, url):
        wait_until("a worker is measured", lambda: measured_of(url) >= {"wsgi.py"})
        child.send_signal(signal.SIGTERM)
        out, _ = child.communicate(timeout=30)
    assert child.returncode == 0
    names = [line.split()[0] for line in out.splitlines()[2:-2]]
    assert names == ["shop/__init__.py", "shop/app.py", "wsgi.py"], out
    assert re.search(r"^wsgi\.py +4 +1 +75%$", out, re.M), out


def measured_of(url: str) -> set[str]:
    """Names of the files that are measured."""
    with Session(urls=[url]) as session:
        return {Path(file.path).name for file in session.collect().files}


def test_a_terminal_stays_the_programs(project: Project) -> None:
    """Input, its process group, and Ctrl-C, which the program gets once; the report comes after."""
    project.write("asks.py", ASKS)
    words = ["-m", "podcov", "run", "--port", "0", "--report", "--", sys.executable, "asks.py"]
    process, terminal = pty.fork()
    if not process:
        os.execv(sys.executable, [sys.executable, *words])
    seen = b""

    def read_until(mark: bytes) -> None:
        nonlocal seen
        while mark not in seen:
            assert select.select([terminal], [], [], 60)[0], seen
            seen += os.read(terminal, 4096)

    read_until(b"name? ")
    os.write(terminal, b"bob\n")
    read_until(b"typed bob")
    os.write(terminal, b"\x03")
    read_until(b".coverage.podcov")
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 5
    os.close(terminal)
    text = seen.decode()
    assert "True True True" in text
    assert text.count("interrupted") == 1
    assert re.search(r"asks\.py +8 +0 +100%", text), text


def test_input_of_a_pipe_is_the_programs(project: Project) -> None:
    """To its end."""
    words = [
        "run",
        "--port",
        "0",
        "--",
        sys.executable,
        "-c",
        "import sys; print(sys.stdin.read())",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "podcov", *words], input="a\nb", capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "a\nb\n")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--reprot", "--", "echo"], 2, "Did you mean one of: '--port', '--report'"),
        ([], 2, "Missing argument 'COMMAND...'"),
        (["--port", "x", "--", "echo"], 2, "'x' is not a valid integer"),
        (["--host", "192.0.2.1", "--", "echo"], 125, "Nobody can listen at 192.0.2.1:0: "),
        (["--host", "nowhere.invalid", "--", "echo"], 125, "Nobody can listen at nowhere.invalid"),
        (["--fail-under", "200", "--", "echo"], 2, "fail_under"),
    ],
)
def test_wrong_usage_is_said_and_nothing_is_started(
    project: Project, words: list[str], code: int, said: str
) -> None:
    """With the value that was seen."""
    done = finished(*words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
