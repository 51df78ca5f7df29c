"""The other ways to measure the same program, and the environments in which all of them run.

Owns the command and the environment of each: nothing, podcov, `coverage run`, slipcover, and the
original wrapper (programs/wrapper.py), which is the design that podcov replaces. Called by the
benchmarks that compare programs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from podcov_agent.contract import ENV_BRANCH, ENV_MAP, MAP_PYTHON
from support.interpreters import find, interpreter, venv_python
from support.measured import Container, install_agent

PROGRAMS = Path(__file__).parent / "programs"
VERSIONS = ("3.11", "3.13")
RUNNING = "{}.{}".format(*sys.version_info)
REQUIREMENTS = (
    *("coverage==7.17.3", "slipcover==1.1.0", "flask==3.1.3", "gunicorn==27.0.1"),
    *("fastapi==0.165.0", "uvicorn==0.54.0", "django==5.2.19"),
)
NONE, OURS, BRANCH, PYTHON_MAP = "none", "podcov", "podcov, branches", "podcov, map in Python"
COVERAGE, COVERAGE_BRANCH = "coverage run", "coverage run --branch"
SLIPCOVER, SLIPCOVER_BRANCH = "slipcover", "slipcover --branch"
WRAPPER, WRAPPER_BRANCH = "original wrapper", "original wrapper, branches"
EVERYBODY = (
    *(NONE, OURS, BRANCH, COVERAGE, COVERAGE_BRANCH),
    *(SLIPCOVER, SLIPCOVER_BRANCH, WRAPPER, WRAPPER_BRANCH),
)
_ASKS = {BRANCH: {ENV_BRANCH: "true"}, PYTHON_MAP: {ENV_MAP: MAP_PYTHON}}


def versions() -> list[str]:
    """Those of VERSIONS that this machine has; where it has none, the running one."""
    return [version for version in VERSIONS if find(version)] or [RUNNING]


@dataclass
class Peers:
    """One interpreter's environment; `folder` has a spool for each of our sides."""

    folder: Path
    python: str
    agent: Path

    def side(
        self, side: str, words: Sequence[str], source: Path
    ) -> tuple[list[str], dict[str, str]]:
        """The command and environment that run `words` ("-m", ... or a script) that way."""
        mine = self.container(side)
        plain = [self.python, *words]
        if side in (OURS, BRANCH, PYTHON_MAP):
            return plain, mine.environ()
        env, branch = mine.environ(measured=False), ["--branch"] if side.endswith("branch") else []
        if side in (COVERAGE, COVERAGE_BRANCH):
            data = f"--data-file={self.folder}/{len(branch)}.coverage"
            options = [*branch, f"--source={source}", data]
            return [self.python, "-m", "coverage", "run", *options, *words], env
        if side in (SLIPCOVER, SLIPCOVER_BRANCH):
            options = [*branch, "--source", str(source), "--out", f"{self.folder}/slip.out"]
            return [self.python, "-m", "slipcover", *options, *words], env
        if side in (WRAPPER, WRAPPER_BRANCH):
            env |= {"WRAPPER_DATA": f"{self.folder}/wrapper", "WRAPPER_SOURCE": str(source)}
            env |= {"WRAPPER_BRANCH": "true"} if side == WRAPPER_BRANCH else {}
            return [self.python, str(PROGRAMS / "wrapper.py"), "0", *words], env
        return plain, env

    def container(self, side: str) -> Container:
        """The spool of one of our sides."""
        spool = self.folder / f"spool.{EVERYBODY.index(side) if side in EVERYBODY else 'python'}"
        spool.mkdir(exist_ok=True)
        return Container(self.agent, spool, _ASKS.get(side, {}))


@contextmanager
def peers(version: str, equipped: bool = True) -> Iterator[Peers]:
    """The sides under one interpreter; `equipped` with every peer and framework."""
    which = interpreter(version)
    python = venv_python(which, *REQUIREMENTS) if equipped else which.python
    with TemporaryDirectory() as name:
        folder = Path(name)
        yield Peers(folder, str(python), install_agent(folder / "home"))
