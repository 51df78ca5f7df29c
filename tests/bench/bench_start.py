"""What the agent adds to the start of a process, and to imports: CPU time."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from peers import PROGRAMS, versions
from podcov_agent.binding import NEGATION, STORE
from support.bench import Row, child_cpu_s, compare, instructions, interleave
from support.interpreters import interpreter, venv_python
from support.measured import PACKAGE, Container, install_agent

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
NONE, OFF, ON = "none", "agent on the path, off", "agent on"
MAPS = {NEGATION: "map in C", STORE: "map in Python"}


def run(quick: bool) -> list[Row]:
    """Return what `python -c pass` and imports of made-up and of real code cost, and the memory."""
    rounds = 2 if quick else 9
    rows: list[Row] = []
    for version in versions()[: 1 if quick else None]:
        python = str(venv_python(interpreter(version)))  # which has no packages that start up
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            agent = Container(install_agent(folder / "home"), folder / "spool")
            agent.spool.mkdir()
            bench = _Bench(python, version, agent)
            made, real = folder / "made", folder / "real"
            rows += bench.start_up(3 if quick else 60)
            rows += bench.imports(made, _write_package(made / "big"), rounds)
            rows += bench.imports(real, _copy_library(real / "big", python), rounds)
            rows += bench.growth()
    return rows


@dataclass
class _Bench:
    """One interpreter and its agent."""

    python: str
    version: str
    agent: Container

    def start_up(self, rounds: int) -> list[Row]:
        """CPU time of `python -c pass`, and as a second witness instructions."""
        on, none = self.agent.environ(), self.agent.environ(measured=False)
        off = {key: on[key] for key in on if key not in ("PODCOV_SPOOL", "PODCOV_HOME")}
        envs = {NONE: none, OFF: off, ON: on}
        command = [self.python, "-c", "pass"]
        sides = {side: partial(_cpu_ms, command, env) for side, env in envs.items()}
        sides[ON]()  # the first process of a container compiles the agent, and keeps its byte code
        found = interleave(sides, rounds)
        label = f"python -c pass, {self.version}"
        rows = [compare(found, label, "ms", side, NONE) for side in sides]
        rows += [self._added(rows[side], rows[0]) for side in (1, 2)]
        if shutil.which("valgrind"):
            counted = {side: [instructions(command, env) / 1e6] for side, env in envs.items()}
            label += ", instructions"
            rows += [compare(counted, label, "million", side, NONE) for side in sides]
        return rows

    def _added(self, row: Row, plain: Row) -> Row:
        side = row.name.partition(": ")[2]
        return Row(f"added to the start, {self.version}: {side}", row.value - plain.value, "ms")

    def imports(self, folder: Path, before: list[str], rounds: int) -> list[Row]:
        """CPU time to import all modules in the package; those of `before` come before it."""
        names = sorted(path.stem for path in (folder / "big").glob("[a-z]*.py"))
        first = "".join(f"import {name}; " for name in before)
        program = (
            f"import time; {first}began = time.process_time(); "
            f"{''.join(f'import big.{name}; ' for name in names)}print(time.process_time() - began)"
        )
        none = self.agent.environ(measured=False)

        def load(env: Mapping[str, str]) -> float:
            command = [self.python, "-W", "ignore", "-c", program]
            done = subprocess.run(
                command, env=env, cwd=folder, capture_output=True, text=True, check=True
            )
            return 1000 * float(done.stdout)

        def cold() -> float:
            shutil.rmtree(self.agent.spool)
            self.agent.spool.mkdir()
            return load(self.agent.environ())

        sides = {
            NONE: lambda: load(none),
            "first process of a container": cold,
            "later processes": lambda: load(self.agent.environ()),
        }
        load(none)  # writes the .pyc files
        load(self.agent.environ())
        found = interleave(sides, rounds)
        assert len(self.agent.lines()) > len(names), "nothing was measured"
        lines = sum(path.read_bytes().count(b"\n") for path in (folder / "big").glob("*.py"))
        kind = "of the library" if before else "that were made up"
        label = f"import of {lines:,} lines {kind}, {self.version}"
        return [compare(found, label, "ms", side, NONE) for side in sides]

    def growth(self) -> list[Row]:
        """The memory of a probe in each process; beside it a line has one byte for all."""
        command = [self.python, str(PROGRAMS / "code_size.py")]
        env = {**self.agent.environ(measured=False), "PYTHONPATH": str(PACKAGE.parent)}
        grown = json.loads(subprocess.check_output(command, env=env))
        label = f"memory that a statement's probe takes, {self.version}"
        return [Row(f"{label}: {MAPS[form]}", size, "bytes") for form, size in grown.items()]


def _cpu_ms(command: list[str], env: Mapping[str, str]) -> float:
    return 1000 * child_cpu_s(lambda: subprocess.run(command, env=env, check=True))


def _copy_library(package: Path, python: str) -> list[str]:
    """The names of the modules that were copied."""
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    asked = subprocess.check_output([python, "-c", "import os; print(os.__file__)"], text=True)
    library = Path(asked).parent
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
