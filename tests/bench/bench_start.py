"""What the agent adds to the start of a process, and to imports: CPU time."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from support.bench import Row, child_cpu_s, compare, interleave
from support.measured import Container, install_agent

MODULES, FUNCTIONS = 50, 25
FUNCTION = """
def function_{n}(items, limit={n}):
    total = 0
    for item in items:
        if item > limit:
            total += item
        else:
            total -= 1
    return total
"""
"""Eight lines with the blank one before it."""
LINES = MODULES * FUNCTIONS * 8
PROGRAM = f"import time; began = time.process_time(); \
{'; '.join(f'import big.module_{n}' for n in range(MODULES))}; \
print(time.process_time() - began)"
NONE = "none"


def run(quick: bool) -> list[Row]:
    """Return start-up times of `python -c pass`, and the import of 10,000 lines."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        agent = Container(install_agent(folder / "home"), folder / "spool")
        agent.spool.mkdir()
        return [*_start_up(agent, 3 if quick else 60), *_imports(agent, folder, 2 if quick else 15)]


def _start_up(agent: Container, rounds: int) -> list[Row]:
    on, none = agent.environ(), agent.environ(measured=False)
    off = {name: value for name, value in on.items() if name not in ("PODCOV_SPOOL", "PODCOV_HOME")}

    def start(env: Mapping[str, str]) -> float:
        command = [sys.executable, "-c", "pass"]
        return 1000 * child_cpu_s(lambda: subprocess.run(command, env=env, check=True))

    sides = {
        NONE: lambda: start(none),
        "agent on the path, off": lambda: start(off),
        "agent on": lambda: start(on),
    }
    start(on)  # the first process of a container compiles the agent, and keeps its byte code
    found = interleave(sides, rounds)
    rows = [compare(found, "python -c pass", "ms", side, NONE) for side in sides]
    return [*rows, *(_added(row, rows[0]) for row in rows[1:])]


def _added(row: Row, plain: Row) -> Row:
    return Row(f"added by: {row.name.partition(': ')[2]}", row.value - plain.value, "ms")


def _imports(agent: Container, folder: Path, rounds: int) -> list[Row]:
    _write_package(folder / "code" / "big")
    none = agent.environ(measured=False)

    def load(env: Mapping[str, str]) -> float:
        command = [sys.executable, "-c", PROGRAM]
        done = subprocess.run(
            command, env=env, cwd=folder / "code", capture_output=True, text=True, check=True
        )
        return 1000 * float(done.stdout)

    def cold() -> float:
        shutil.rmtree(agent.spool)
        agent.spool.mkdir()
        return load(agent.environ())

    sides = {
        NONE: lambda: load(none),
        "first process of a container": cold,
        "later processes": lambda: load(agent.environ()),
    }
    load(none)  # writes the .pyc files
    load(agent.environ())
    found = interleave(sides, rounds)
    assert len(agent.lines()) > MODULES, "nothing was measured"
    return [compare(found, f"import of {LINES:,} lines", "ms", side, NONE) for side in sides]


def _write_package(package: Path) -> None:
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    text = "\n".join(FUNCTION.format(n=n) for n in range(FUNCTIONS))
    for number in range(MODULES):
        (package / f"module_{number}.py").write_text(text)
