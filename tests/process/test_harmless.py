"""Whatever an application does, and however it is started, it is the same with us: pair by pair.

The harmless part of invariant 1, with the volume in order; what may be wrong with that is in
test_faults.py, other tools in test_neighbours.py. Each row is a small program, to which
`observe.everything()` is added: return code, stdout and stderr then hold the process's means,
names, modules, tracebacks and pickles. A row says which text of a plain run shows that it came
about.
PODCOV_NIGHTLY: each row on the oldest and the newest interpreter, with both maps.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.interpreters import interpreter, one_or_all
from support.measured import Container
from support.pairs import Outcome, pair

PROGRAMS = Path(__file__).parent / "programs/harmless"
END = "\nimport observe\n\nobserve.everything()\n"
UNCAUGHT = "ZeroDivisionError"
"""How a program ends that comes to its end."""


@dataclass(frozen=True)
class Row:
    """`shows`: text of a plain run; `code`: its return code; `measured`: files that have lines."""

    shows: str
    code: int = 1
    command: str = "exec {python} main.py"
    env: dict[str, str] = field(default_factory=dict)
    measured: tuple[str, ...] = ("main.py", "shop.py")
    slugs: tuple[str, ...] = ()
    stdin: str | None = None


NOTHING: tuple[str, ...] = ()
MODULES = ("shop.py",)

APPLICATIONS = {
    # what the application does: a program of that name
    "plain": Row(UNCAUGHT),
    "recursion_small": Row("\n3 60\n".lstrip()),
    "recursion_edge": Row("edge True True", slugs=("not-rewritten",)),
    "audit_open": Row("guarded: no writing", measured=("main.py",)),
    "audit_compile": Row("guarded: no compiling 2", slugs=("agent-failed",)),
    "audit_exit": Row("guarded: made up 2", slugs=("agent-failed",)),
    "signal_term": Row("term 10", 10),
    "signal_kill": Row("KeyboardInterrupt", -2),
    "broken_pipe": Row("BrokenPipeError", 120),
    "sigpipe": Row("", -13),
    "faulthandler": Row("(most recent call first)"),
    "faulthandler_later": Row("Timeout (0:00:00.2"),
    "gc": Row("frozen True []"),
    "code_equal": Row("equal "),
    "source": Row("source 3"),
    "stack": Row("stack [('<lambda>'"),
    "doctest": Row("TestResults(failed=2, attempted=4)"),
    "atexit": Row("exit 2\nexit 1\nexit 0\n"),
    "warnings_once": Row("filters [('error', None, <class 'ResourceWarning'>"),
    "patched": Row("calls [] 2"),
    "fork_hooks": Row("forked (['before', 'parent'], 2)"),
    "metadata": Row("installed [", measured=("main.py", "shop.py")),
    "profiled": Row("profile [((0, "),
    "setprofile": Row("profile [('price', 'call'"),
    "settrace": Row("traced "),
    "monitoring": Row("events "),
    "frames": Row("stack [('stack'"),
    "weakref": Row("gone [None, None, None]"),
    "reload": Row("reloaded True False True"),
    "finder": Row("loader <class"),
    "runpy": Row("bad.py 2"),
    "syntax_error": Row("SyntaxError", measured=("main.py",)),
    "interpreter": Row("console 3"),
    "children": Row("child CompletedProcess"),
    "exit_code": Row("", 6),
    "exit_text": Row("text of 6\n"),
    "os_exit": Row("", 6),
    "abort": Row("", -6),
    "segfault": Row("Segmentation fault", -11),
    "excepthook": Row("hook <class 'shop.Refused'>"),
    "unraisable": Row("Exception ignored "),
    "threads": Row("threads [2, 2, 2, 2, 2, 2, 2, 2] 1 1"),
    "coroutines": Row("Task exception was never retrieved"),
    "state": Row("state 0.13436424411240122"),
    "closed_later": Row("closed ['own', 'own', 'own'] 2"),
}

STARTS = {
    # how the plain program is started: options, environment, limits
    "warnings are errors": Row("['error']", command="exec {python} -W error main.py"),
    "development mode": Row("dev_mode=True", command="exec {python} -X dev main.py"),
    "without asserts": Row("optimize=1", command="exec {python} -O main.py"),
    "without docstrings": Row("optimize=2", command="exec {python} -OO main.py"),
    "strict bytes": Row("bytes_warning=2", command="exec {python} -bb main.py"),
    "no byte code": Row("dont_write_bytecode=1", command="exec {python} -B main.py"),
    "isolated": Row(
        "No module named 'observe'", command="exec {python} -I main.py", measured=NOTHING
    ),
    "no environment": Row(
        "ignore_environment=1", command="exec {python} -E main.py", measured=NOTHING
    ),
    "no user site": Row("no_user_site=1", command="exec {python} -s main.py"),
    "faulthandler on": Row("'faulthandler': True", command="exec {python} -X faulthandler main.py"),
    "tracemalloc on": Row("'tracemalloc': '5'", command="exec {python} -X tracemalloc=5 main.py"),
    "first line skipped": Row(
        UNCAUGHT, command="exec {python} -x main.py", measured=MODULES, slugs=("entry-plain",)
    ),
    "interactive afterwards": Row(
        "more 7", 0, command="exec {python} -i -q main.py", stdin="print('more', 7)\n"
    ),
    "a command": Row("['-c']", command="exec {python} -c 'import main'"),
    "a module": Row("main.py', 'a']", command="exec {python} -m main a"),
    "a script on stdin": Row("['-']", command="exec {python} - < main.py", measured=MODULES),
    "a folder": Row(
        "['.', 'a']",
        command="cp main.py __main__.py; exec {python} . a",
        measured=("__main__.py", "shop.py"),
    ),
    "a zip file": Row(
        "['a.zip']",
        command="cp main.py __main__.py; {python} -I -m zipfile -c a.zip *.py; exec {python} a.zip",
        measured=("__main__.py", "shop.py"),
    ),
    "a link": Row("['link.py']", command="ln -sf main.py link.py; exec {python} link.py"),
    "a roundabout path": Row(
        "/../app/main.py", command="exec {python} {app}/../app/main.py --x '' 'a b'"
    ),
    "a folder that is gone": Row(
        "[Errno 2]", command="mkdir x; cd x; rmdir ../x; exec {python} {app}/main.py"
    ),
    "another encoding of names": Row(
        "caf\\udce9.py",
        command="cp main.py $(printf 'caf\\351.py'); exec {python} $(printf 'caf\\351.py')",
        measured=("caf\udce9.py",),
    ),
    "locale C": Row("encodings utf-8", env={"LC_ALL": "C"}),
    "locale POSIX, not coerced": Row(
        "encodings ", env={"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    ),
    "output in ASCII": Row("utf-8 ascii", env={"PYTHONIOENCODING": "ascii"}),
    "no home and no path": Row(
        "home None path None", command="exec env -u HOME -u PATH {python} main.py"
    ),
    "debugging memory": Row("'PYTHONMALLOC'", env={"PYTHONMALLOC": "debug"}),
    "byte code elsewhere": Row("'PYTHONPYCACHEPREFIX'", env={"PYTHONPYCACHEPREFIX": "cached"}),
    "warnings from the environment": Row("['error']", env={"PYTHONWARNINGS": "error"}),
    "umask 777": Row("0o777", command="umask 0777; exec {python} main.py"),
    "umask 0": Row("0o0", command="umask 0; exec {python} main.py"),
    "files of no bytes": Row(
        "('FSIZE', (0, 0))", command="ulimit -f 0; exec {python} -B main.py", measured=NOTHING
    ),
    "four descriptors": Row(
        "('NOFILE', (4, 4))", command="ulimit -n 4; exec {python} main.py", measured=NOTHING
    ),
    "a small stack": Row(
        "('STACK', (262144, 262144))", command="ulimit -s 256; exec {python} main.py"
    ),
    "a limit of processor time": Row(
        "('CPU', (9, 9))", command="ulimit -t 9; exec {python} main.py"
    ),
    "closed descriptors": Row("", command="exec {python} main.py <&- >&- 2>&-"),
    "a full disk behind stdout": Row(
        "No space left", command="{python} main.py >/dev/full; echo $? >&2; exit 1"
    ),
    "a session of its own": Row(UNCAUGHT, command="exec setsid -w {python} main.py"),
}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    shutil.copytree(PROGRAMS / "beside", folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def assert_harmless(container: Container, python: Path, app: Path, name: str, row: Row) -> Outcome:
    program = (PROGRAMS / f"rows/{name}.py").read_text() if name in APPLICATIONS else ""
    (app / "main.py").write_text(program + END)
    container.env.update(row.env)
    command = ["sh", "-c", row.command.format(python=python, app=app)]
    plain = pair(container, command, app, row.stdin)
    assert plain.code == row.code, str(plain)
    assert row.shows in str(plain)
    lines = {Path(path).name for path, ran in container.lines().items() if ran}
    assert lines >= set(row.measured)
    assert bool(lines) == bool(row.measured)
    assert sorted(set(container.slugs())) == sorted(row.slugs)
    return plain


@pytest.mark.parametrize(("name", "version"), one_or_all(APPLICATIONS))
def test_an_application_runs_as_without_us(
    one_container: Container, app: Path, name: str, version: str
) -> None:
    """All that it prints, raises and returns is equal, and it is measured."""
    assert_harmless(one_container, interpreter(version).python, app, name, APPLICATIONS[name])


@pytest.mark.parametrize(("name", "version"), one_or_all(STARTS))
def test_a_start_is_as_without_us(
    one_container: Container, app: Path, name: str, version: str
) -> None:
    """Options, environment and limits have the effect that they have without us."""
    assert_harmless(one_container, interpreter(version).python, app, name, STARTS[name])


def test_every_program_is_in_the_table() -> None:
    """A file that no row names would be tested by nobody."""
    assert {path.stem for path in (PROGRAMS / "rows").glob("*.py")} == set(APPLICATIONS)
