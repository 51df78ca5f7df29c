"""Eight CPU-bound kernels, every line measured: the worst case."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from podcov_agent.contract import ENV_BRANCH, ENV_MAP, MAP_PYTHON
from support.bench import Row
from support.measured import Container, install_agent

KERNELS = str(Path(__file__).parent / "programs" / "kernels.py")
NONE, COVERAGE, COVERAGE_BRANCH = "none", "coverage run", "coverage run --branch"
OURS, PYTHON_MAP, BRANCH = "podcov", "podcov, map in Python", "podcov, branches"


def run(quick: bool) -> list[Row]:
    """Return the seconds of all kernels on each side, and each kernel's under podcov.

    `podcov` has the map in C, which must have been compiled: `make native`.
    """
    rounds, scale = (1, 1) if quick else (5, 5)
    with tempfile.TemporaryDirectory() as folder:
        agent = Container(install_agent(Path(folder, "home")), Path(folder, "spool"))
        slow = Container(agent.home, Path(folder, "slow"), {ENV_MAP: MAP_PYTHON})
        branch = Container(agent.home, Path(folder, "branch"), {ENV_BRANCH: "true"})
        for container in (agent, slow, branch):
            container.spool.mkdir()
        plain = [sys.executable, KERNELS, str(scale)]
        run = [sys.executable, "-m", "coverage", "run", f"--data-file={folder}/data"]
        tracer = {**agent.environ(measured=False), "COVERAGE_CORE": "ctrace"}
        sides = {
            NONE: (plain, agent.environ(measured=False)),
            OURS: (plain, agent.environ()),
            PYTHON_MAP: (plain, slow.environ()),
            BRANCH: (plain, branch.environ()),
            COVERAGE: ([*run, *plain[1:]], tracer),
            COVERAGE_BRANCH: ([*run, "--branch", *plain[1:]], tracer),
        }
        found: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
        for _ in range(rounds):
            for name, (command, env) in sides.items():
                found[name].append(_seconds(command, env))
        assert '"map": "native"' in str(agent.log().infos), "the map in C was not loaded"
        assert len(agent.ran(Path(KERNELS))) > 100, "nothing was measured"
        assert agent.ran(Path(KERNELS)) == slow.ran(Path(KERNELS)) < branch.ran(Path(KERNELS))
    return [*(_mean(name, found) for name in sides), *_kernels(found)]


def _seconds(command: list[str], env: Mapping[str, str]) -> dict[str, float]:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    seconds: dict[str, float] = json.loads(done.stdout)
    return seconds


def _ratio(kernel: str, side: str, found: Mapping[str, list[dict[str, float]]]) -> float:
    rounds = zip(found[side], found[NONE], strict=True)
    return statistics.median(mine[kernel] / theirs[kernel] for mine, theirs in rounds)


def _mean(side: str, found: Mapping[str, list[dict[str, float]]]) -> Row:
    total = statistics.median(sum(took.values()) for took in found[side])
    ratios = [_ratio(kernel, side, found) for kernel in found[side][0]]
    mean = statistics.geometric_mean(ratios)
    return Row(f"all eight kernels: {side} (ratio: geometric mean)", total, "s", NONE, mean)


def _kernels(found: Mapping[str, list[dict[str, float]]]) -> list[Row]:
    rows = []
    for kernel in found[OURS][0]:
        took = statistics.median(seconds[kernel] for seconds in found[OURS])
        rows.append(Row(f"{kernel}: {OURS}", took, "s", NONE, _ratio(kernel, OURS, found)))
    return rows
