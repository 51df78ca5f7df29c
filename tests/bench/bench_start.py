"""What the agent adds to the start of a process, and to imports: CPU time."""

from __future__ import annotations

import argparse
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
REAL = (
    *("argparse", "ast", "bdb", "calendar", "cgitb", "configparser", "csv", "dataclasses"),
    *("difflib", "doctest", "fractions", "ftplib", "imaplib", "inspect", "ipaddress", "locale"),
    *("mailbox", "mimetypes", "nntplib", "optparse", "pdb", "pickle", "pickletools", "plistlib"),
    *("smtplib", "socket", "ssl", "statistics", "subprocess", "tarfile", "threading", "traceback"),
    *("typing", "uuid", "zipfile"),
)
"""Modules of the library that are copied and measured as an application's, where they exist."""
NONE = "none"


def run(quick: bool) -> list[Row]:
    """Return start-up times of `python -c pass`, and of imports of made-up and of real code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        agent = Container(install_agent(folder / "home"), folder / "spool")
        agent.spool.mkdir()
        rounds = 2 if quick else 15
        return [
            *_start_up(agent, 3 if quick else 60),
            *_imports(agent, folder / "made", _write_package(folder / "made/big"), rounds),
            *_imports(agent, folder / "real", _copy_library(folder / "real/big"), rounds),
        ]


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


def _imports(agent: Container, folder: Path, before: list[str], rounds: int) -> list[Row]:
    """CPU time to import all modules in the package; those of `before` are imported before it."""
    names = sorted(path.stem for path in (folder / "big").glob("[a-z]*.py"))
    first = "".join(f"import {name}; " for name in before)
    program = (
        f"import time; {first}began = time.process_time(); "
        f"{''.join(f'import big.{name}; ' for name in names)}print(time.process_time() - began)"
    )
    none = agent.environ(measured=False)

    def load(env: Mapping[str, str]) -> float:
        command = [sys.executable, "-W", "ignore", "-c", program]
        done = subprocess.run(
            command, env=env, cwd=folder, capture_output=True, text=True, check=True
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
    assert len(agent.lines()) > len(names), "nothing was measured"
    lines = sum(path.read_bytes().count(b"\n") for path in (folder / "big").glob("*.py"))
    label = f"import of {lines:,} lines {'of the library' if before else 'that were made up'}"
    return [compare(found, label, "ms", side, NONE) for side in sides]


def _copy_library(package: Path) -> list[str]:
    """The names of the modules that were copied."""
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    library = Path(argparse.__file__).parent
    copied = [name for name in REAL if (library / f"{name}.py").exists()]
    for name in copied:
        shutil.copy(library / f"{name}.py", package)
    return copied


def _write_package(package: Path) -> list[str]:
    """No names: there is nothing to be imported before."""
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    text = "\n".join(FUNCTION.format(n=n) for n in range(FUNCTIONS))
    for number in range(MODULES):
        (package / f"module_{number}.py").write_text(text)
    return []
