"""A script started as `python app.py` is what it would be without us, seen from in and outside.

Invariant 1, for the entry script: each case is run plainly and measured, and compared whole.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from support.measured import Container, line_of

PROGRAMS = Path(__file__).parent / "programs/entry"

ENDINGS = (
    *("", "raise", "nested", "exit3", "exitmessage", "exitnone", "keyboard", "sigint", "atexit"),
    *("attribute", "warn", "chain", "excepthook", "abort", "pickle", "unraisable", "thread"),
    "recursion",
)
WAYS = {
    "dot-slash": ["./app.py"],
    "absolute": ["{cwd}/app.py"],
    "roundabout": ["../entry/app.py", "raise"],
    "symlink": ["../link.py", "raise"],
    "syntax-error": ["bad.py"],
    "syntax-warning": ["syntaxwarning.py"],
    "syntax-warning-as-error": ["-W", "error", "syntaxwarning.py"],
    "missing": ["nofile.py"],
    "directory-without-main": ["."],
    "directory": ["../folder", "raise"],
    "zip": ["../app.zip", "raise"],
    "optimized": ["-O", "app.py"],
    "warnings-as-errors": ["-W", "error", "app.py", "warn"],
    "dev-mode": ["-X", "dev", "app.py"],
    "unbuffered": ["-u", "app.py", "raise"],
    "bytes-warning": ["-b", "app.py"],
    "no-user-site": ["-s", "app.py"],
    "no-byte-code": ["-B", "app.py"],
    "skip-first-line": ["-x", "app.py"],
    "module": ["-m", "app", "raise"],
    "command": ["-c", "import app, json; print(json.dumps(app.observe()['modules']))"],
    "isolated": ["-I", "app.py"],
    "stdin": ["-", "raise"],
}
MEASURED = (
    *("dot-slash", "absolute", "roundabout", "symlink", "optimized", "warnings-as-errors"),
    *("dev-mode", "unbuffered", "bytes-warning", "no-user-site", "no-byte-code", "module"),
    *("command", "zip", "directory"),
)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "entry"
    shutil.copytree(PROGRAMS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(folder, tmp_path / "folder")
    (tmp_path / "folder/app.py").rename(tmp_path / "folder/__main__.py")
    (tmp_path / "link.py").symlink_to(folder / "app.py")
    shutil.make_archive(str(tmp_path / "app"), "zip", tmp_path / "folder")
    return folder


def compare(container: Container, command: list[str | Path], app: Path) -> None:
    """Return code, stdout and stderr of a plain run and of two measured ones are equal.

    The second measured run has everything in its caches.
    """
    stdin = (app / "app.py").read_text() if command[1] == "-" else None
    container.run(command, app, measured=False, stdin=stdin)  # so that all find the same .pyc files
    plain, first, second = (
        container.run(command, app, measured=on, stdin=stdin) for on in (False, True, True)
    )
    seen = [(d.returncode, _normal(d.stdout), _normal(d.stderr)) for d in (plain, first, second)]
    assert seen[1] == seen[0]
    assert seen[2] == seen[0]


def _normal(text: str) -> str:
    return re.sub(r"0x[0-9a-f]+", "0x", text)


@pytest.mark.parametrize("how", ENDINGS)
def test_a_script_ends_as_without_us(
    container: Container, python: Path, app: Path, how: str
) -> None:
    """Return code, output, tracebacks, `__main__`, sys.path, stack: all equal, and measured."""
    compare(container, [python, "app.py", *([how] if how else [])], app)
    assert line_of(app / "app.py", "json.dumps(observe()") in container.ran(app / "app.py")
    assert container.notes() == []


@pytest.mark.parametrize("way", WAYS)
def test_a_script_is_started_as_without_us(
    container: Container, python: Path, app: Path, way: str
) -> None:
    """Whatever the command line, nothing differs; what can be measured is."""
    compare(container, [python, *[part.format(cwd=app) for part in WAYS[way]]], app)
    assert container.slugs() == (["entry-plain"] if way == "skip-first-line" else [])
    ran = {line for lines in container.lines().values() for line in lines}
    assert (line_of(app / "app.py", "main = sys.modules") in ran) == (way in MEASURED)


@pytest.mark.parametrize("how", ["", "raise"])
def test_a_script_is_equal_in_every_interpreter(
    container: Container, each_python: Path, app: Path, how: str
) -> None:
    """The trick that measures the entry script works wherever the agent says it does."""
    compare(container, [each_python, "app.py", how], app)
    assert line_of(app / "app.py", "json.dumps(observe()") in container.ran(app / "app.py")


INSIDE = """
import json, sys
hooks = [getattr(hook, "__qualname__", repr(hook)) for hook in sys.path_hooks]
print(json.dumps([sys.path, hooks, sys.argv, sorted(sys.path_importer_cache)]), flush=True)
try:
    import helper
    print(helper.__file__, flush=True)
except ImportError as error:
    print(error, flush=True)
"""
OUTSIDE = """
import os, sys
if "elsewhere" in sys.argv:
    os.chdir("/")
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
one = interpreters.create()
print(interpreters.run_string(one, {inside!r}))
interpreters.destroy(one)
"""


INNER_WAYS = {
    "": ["outside.py"],
    "dot-slash": ["./outside.py"],
    "symlink": ["../out.py"],
    "directory": ["../folder"],
    "elsewhere": ["outside.py", "elsewhere"],
    "safe-path": ["-P", "outside.py"],  # an error before 3.11
}


@pytest.mark.parametrize("way", INNER_WAYS)
def test_an_interpreter_within_the_process_is_as_without_us(
    container: Container, each_python: Path, app: Path, way: str
) -> None:
    """Its sys.path begins with the script's folder where that is so, and it imports from there."""
    (app / "outside.py").write_text(OUTSIDE.format(inside=INSIDE))
    shutil.copy(app / "outside.py", app.parent / "folder/__main__.py")
    (app.parent / "out.py").symlink_to(app / "outside.py")
    compare(container, [each_python, *INNER_WAYS[way]], app)
    if way not in ("directory", "safe-path"):
        assert line_of(app / "outside.py", "print(interpreters") in container.ran(
            app / "outside.py"
        )


def test_a_thread_may_import_before_the_script_begins(
    container: Container, python: Path, app: Path
) -> None:
    """As tracing agents do from their sitecustomize: the script is measured all the same."""
    (app / "late.py").write_text("x = 1\n")
    (app / "sitecustomize.py").write_text(
        "import threading\n"
        "thread = threading.Thread(target=__import__, args=('late',))\n"
        "thread.start()\n"
        "thread.join()\n"
    )
    container.env["PYTHONPATH"] = str(app)
    compare(container, [python, "app.py"], app)
    assert container.ran(app / "late.py") == {1}
    assert line_of(app / "app.py", "json.dumps(observe()") in container.ran(app / "app.py")


def test_interactive_after_the_script(container: Container, python: Path, app: Path) -> None:
    """`-i` goes on in the script's namespace."""
    runs = [
        container.run(
            [python, "-i", "app.py"],
            app,
            measured=on,
            stdin="print(__name__, sorted(globals()))\n",
        )
        for on in (False, True)
    ]
    assert [(r.returncode, r.stdout, r.stderr) for r in runs[:1]] == [
        (r.returncode, r.stdout, r.stderr) for r in runs[1:]
    ]
    assert "'__builtins__'" in runs[0].stdout


@pytest.mark.parametrize("name", ["fifo.py", "fifo"])
def test_a_fifo_is_read_once(container: Container, python: Path, tmp_path: Path, name: str) -> None:
    """A script that is no regular file, as with `python <(…)`, runs plainly and whole."""
    fifo = tmp_path / name
    os.mkfifo(fifo)
    writer = f"echo 'print(6 * 7)' > {fifo} & exec {python} {fifo}"
    done = container.run(["sh", "-c", writer], tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "42\n", "")
    assert container.lines() == {}


def test_a_fifo_that_a_program_executes_is_read_by_it_alone(
    container: Container, python: Path, tmp_path: Path
) -> None:
    """Nobody would write into it a second time."""
    fifo, script = tmp_path / "fifo", tmp_path / "app.py"
    os.mkfifo(fifo)
    script.write_text(f"path = {str(fifo)!r}\nexec(compile(open(path).read(), path, 'exec'))\n")
    writer = f"echo 'print(6 * 7)' > {fifo} & exec {python} {script}"
    done = container.run(["sh", "-c", writer], tmp_path)
    assert (done.returncode, done.stdout) == (0, "42\n")
    assert container.ran(script) == {1, 2}
