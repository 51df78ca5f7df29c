"""Tracers, debuggers, coverage.py, tracing agents and readers of byte code work beside us.

Invariant 1, pair by pair against a plain run. Each row has one interpreter and the map that its pod
would have; a nightly run takes the oldest and the newest interpreter and both maps.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from podcov_agent.contract import ENV_MAP, MAP_PYTHON
from support.interpreters import OLDEST_AND_NEWEST, interpreter, one_or_all, venv_python
from support.measured import Container, line_of
from support.pairs import pair

PROGRAMS = Path(__file__).parent / "programs/neighbours"
TOOLS = ("debugpy>=1.8,<1.9", "coverage==7.6.1", "ddtrace>=2.21,<3.20", "pony>=0.7.17")
OTEL = (
    *("opentelemetry-distro>=0.46b0,<1", "opentelemetry-instrumentation-flask"),
    "flask>=3.0,<3.2",
)
READERS = (
    *("bytecode>=0.13", "xdis>=6.1", "dill==0.3.9", "cloudpickle==3.0.0", "joblib==1.4.2"),
    *("executing>=2.0", "icecream>=2.1.3", "varname>=0.13", "line_profiler>=4.1"),
    *("freezegun>=1.5", "pysnooper>=1.2", "pyinstrument>=4.6"),
)
"""What reads, hashes, rewrites or sends away the code of functions, and what replaces the clock."""
NUMBA = ("numba>=0.58",)
QUIET = {
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "DD_TRACE_STARTUP_LOGS": "false",
    "OTEL_TRACES_EXPORTER": "none",
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
}
COVERAGE = "{python} -m coverage run {options} app.py; {python} -m coverage report -m"

ROWS: dict[str, tuple[tuple[str, ...], list[str], list[str]]] = {
    # packages, command, files of which lines must be there
    "trace-functions": ((), ["tracer.py"], ["tracer.py", "shop.py"]),
    "profiler": ((), ["-m", "cProfile", "-o", "/dev/null", "app.py"], ["shop.py"]),
    "pdb": ((), ["-m", "pdb", "-c", "b shop.price", "-c", "c", "-c", "q", "app.py"], ["shop.py"]),
    "coverage-in-the-code": (TOOLS, ["coverage_inside.py"], ["coverage_inside.py", "shop.py"]),
    "coverage-run": (TOOLS, ["sh", COVERAGE.replace("{options}", "")], ["shop.py"]),
    "coverage-branch": (TOOLS, ["sh", COVERAGE.replace("{options}", "--branch")], ["shop.py"]),
    "debugpy": (TOOLS, ["-X", "frozen_modules=off", "debugged.py"], ["debugged.py", "shop.py"]),
    "ddtrace-run": (TOOLS, ["sh", "{bin}/ddtrace-run {python} app.py"], ["app.py", "shop.py"]),
    "ddtrace-module": (
        TOOLS,
        ["-m", "ddtrace.commands.ddtrace_run", "{python}", "app.py"],
        ["app.py"],
    ),
    "pony": (TOOLS, ["ponies.py"], ["ponies.py"]),
    "numba": (NUMBA, ["compiled.py"], ["compiled.py"]),
    "bytecode": (READERS, ["rewritten.py"], ["shop.py"]),
    "xdis": (READERS, ["decompiled.py"], ["shop.py"]),
    "dill-and-cloudpickle": (READERS, ["by_value.py"], ["shop.py"]),
    "joblib-and-hashing": (READERS, ["hashed.py"], ["shop.py"]),
    "line-profiler": (READERS, ["line_profiled.py"], ["shop.py"]),
    "freezegun": (READERS, ["frozen_time.py"], ["shop.py"]),
    "pysnooper": (READERS, ["snooped.py"], ["shop.py"]),
    "trace": ((), ["-m", "trace", "--count", "--missing", "-C", "counted", "app.py"], ["shop.py"]),
    "opentelemetry-instrument": (
        OTEL,
        ["sh", "{bin}/opentelemetry-instrument {python} traced_flask.py"],
        ["traced_flask.py"],
    ),
}


@pytest.fixture
def app(tmp_path: Path, one_container: Container) -> Path:
    folder = tmp_path / "app"
    shutil.copytree(PROGRAMS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    one_container.env.update(QUIET)
    return folder


def python_with(version: str, packages: tuple[str, ...]) -> Path:
    which = interpreter(version)
    return venv_python(which, *packages) if packages else which.python


def equal(container: Container, command: list[str | Path], app: Path) -> tuple[int, str, str]:
    """What a plain run gives, which two measured ones must give too."""
    plain = pair(container, command, app)
    return plain.code, plain.out, plain.err


@pytest.mark.parametrize(("row", "version"), one_or_all(ROWS))
def test_a_tool_works_as_without_us(
    one_container: Container, app: Path, row: str, version: str
) -> None:
    """Its results, its output and the end of the process are equal, and lines are measured."""
    packages, arguments, files = ROWS[row]
    python = python_with(version, packages)
    arguments = [a.format(python=python, bin=python.parent) for a in arguments]
    command = ["sh", "-c", arguments[1]] if arguments[0] == "sh" else [str(python), *arguments]
    equal(one_container, [*command], app)
    for name in files:
        assert one_container.ran(app / name), name
    assert one_container.notes() == []


@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize(("tool", "version"), one_or_all(["ddtrace", "opentelemetry"]))
def test_agents_that_come_in_by_pythonpath(
    one_container: Container, app: Path, tool: str, version: str, order: str
) -> None:
    """ddtrace's and OpenTelemetry's sitecustomize, on PYTHONPATH before ours or after it.

    Both instrument as without us. OpenTelemetry's runs no other, but calls our entry point.
    """
    packages, program, inner = {
        "ddtrace": (TOOLS, "app.py", "ddtrace/bootstrap"),
        "opentelemetry": (
            OTEL,
            "traced_flask.py",
            "opentelemetry/instrumentation/auto_instrumentation",
        ),
    }[tool]
    python = python_with(version, packages)
    theirs = python.parent.parent / f"lib/python{version}/site-packages" / inner
    assert (theirs / "sitecustomize.py").exists()
    one_container.env["PYTHONPATH"] = str(theirs)
    plain = one_container.run([python, program], app, measured=False)
    if order == "before":
        ours = one_container.environ()["PYTHONPATH"].partition(":")[0]
        start = ["env", f"PYTHONPATH={theirs}:{ours}", python, program]
    else:
        start = [python, program]
    done = one_container.run(start, app)
    assert (done.returncode, done.stdout, done.stderr) == (
        plain.returncode,
        plain.stdout,
        plain.stderr,
    )
    assert tool != "opentelemetry" or "_InstrumentedFlask" in plain.stdout
    assert one_container.ran(app / program)


def test_numba_compiles_what_is_handed_over(one_container: Container, app: Path) -> None:
    """Functions that numba compiles stay plain, the others of the same source are measured."""
    equal(one_container, [python_with("3.13", NUMBA), "compiled.py"], app)
    source = app / "compiled.py"
    ran = one_container.ran(source)
    assert line_of(source, "# mark") in ran
    assert ran.isdisjoint({line_of(source, "y = x * 2"), line_of(source, "y = x + 1")})


@pytest.mark.parametrize("version", ["3.8", "3.13"])
def test_numba_compiles_functions_of_sources_that_do_not_mention_it(
    one_container: Container, app: Path, version: str
) -> None:
    """A probe of the map in C is a number to it; it counts only where Python runs the function."""
    plain = equal(one_container, [python_with(version, NUMBA), "compiled_far.py"], app)
    assert plain[1].startswith("45 ")
    assert one_container.ran(app / "numbers_far.py") > {4, 6, 7, 8, 9}


def test_with_the_map_in_python_numba_does_not(one_container: Container, app: Path) -> None:
    """A limit, on 3.14 of both maps: left out, such a source is as without us."""
    one_container.env[ENV_MAP] = MAP_PYTHON
    python = python_with("3.13", NUMBA)
    done = one_container.run([python, "compiled_far.py"], app)
    assert (done.stdout, done.stderr) == ("TypingError\n", "")
    one_container.env["PODCOV_OMIT"] = "numbers_far.py"
    assert equal(one_container, [python, "compiled_far.py"], app)[1].startswith("45 ")


@pytest.mark.parametrize("version", ["3.10", "3.13"])
def test_the_expression_that_calls_is_found_from_3_11_on(
    one_container: Container, app: Path, version: str
) -> None:
    """A limit before: `executing`, and with it icecream and varname, compares byte code there."""
    python = python_with(version, READERS)
    command = [python, "called_from.py"]
    plain, done = (one_container.run(command, app, measured=on).stdout for on in (False, True))
    assert set(re.findall(r"\w+", plain)) == {"Call"}
    assert (done == plain) == (version == "3.13")
    one_container.env["PODCOV_OMIT"] = "called_from.py"
    equal(one_container, command, app)


@pytest.mark.parametrize("shown", ["sorted(vars())", "x, __name__, __spec__"])
def test_interactive_after_an_exception(one_container: Container, app: Path, shown: str) -> None:
    """`-i` goes on in the script's namespace. A limit: it still has the script's `__file__`."""
    command = [interpreter(OLDEST_AND_NEWEST[-1]).python, "-i", "-q", "boom.py"]
    plain, done = (
        one_container.run(command, app, measured=on, stdin=f"print({shown})\n")
        for on in (False, True)
    )
    assert (done.returncode, done.stderr) == (plain.returncode, plain.stderr)
    assert done.stdout.replace("'__cached__', ", "").replace("'__file__', ", "") == plain.stdout
