"""Eight CPU-bound kernels, every line measured: the worst case."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from functools import partial

from peers import (
    BRANCH,
    COVERAGE,
    COVERAGE_BRANCH,
    NONE,
    OURS,
    PROGRAMS,
    PYTHON_MAP,
    SLIPCOVER,
    SLIPCOVER_BRANCH,
    WRAPPER,
    Peers,
    peers,
    versions,
)
from support.bench import Row, interleave
from support.interpreters import VERSIONS as EVERY_VERSION
from support.interpreters import find

KERNELS = PROGRAMS / "kernels.py"
SIDES = (
    *(NONE, OURS, PYTHON_MAP, BRANCH, COVERAGE, COVERAGE_BRANCH),
    *(SLIPCOVER, SLIPCOVER_BRANCH, WRAPPER),
)
Seconds = dict[str, float]


def run(quick: bool) -> list[Row]:
    """Return the seconds of all kernels on each side, and each kernel's under podcov.

    `podcov` has the map in C, which must have been compiled: `make native`. Pythons that are not
    in `versions` are measured with and without podcov only.
    """
    rounds, scale = (1, 1) if quick else (5, 2)
    rows = []
    full = versions()
    for version in full if quick else filter(find, EVERY_VERSION):
        sides = SIDES if version in full else (NONE, OURS)
        with peers(version, equipped=version in full) as environment:
            found = _measure(environment, sides, rounds, scale)
        rows += [_mean(side, found, version) for side in sides]
        rows += _kernels(found, version) if version in full else []
    return rows


def _measure(
    environment: Peers, sides: Sequence[str], rounds: int, scale: int
) -> dict[str, list[Seconds]]:
    words = [str(KERNELS), str(scale)]
    runs = {
        side: partial(_seconds, *environment.side(side, words, KERNELS.parent)) for side in sides
    }
    found = interleave(runs, rounds)
    ours = environment.container(OURS)
    assert '"map": "native"' in str(ours.log().infos), "the map in C was not loaded"
    assert len(ours.ran(KERNELS)) > 100, "nothing was measured"
    if BRANCH in sides:
        python_map, branch = environment.container(PYTHON_MAP), environment.container(BRANCH)
        assert ours.ran(KERNELS) == python_map.ran(KERNELS) < branch.ran(KERNELS)
    return found


def _seconds(command: list[str], env: Mapping[str, str]) -> Seconds:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    seconds: Seconds = json.loads(done.stdout.splitlines()[0])
    return seconds


def _ratio(kernel: str, side: str, found: Mapping[str, list[Seconds]]) -> float:
    rounds = zip(found[side], found[NONE], strict=True)
    return statistics.median(mine[kernel] / theirs[kernel] for mine, theirs in rounds)


def _mean(side: str, found: Mapping[str, list[Seconds]], version: str) -> Row:
    total = statistics.median(sum(took.values()) for took in found[side])
    ratios = [_ratio(kernel, side, found) for kernel in found[side][0]]
    mean = statistics.geometric_mean(ratios)
    return Row(f"geometric mean of eight kernels, {version}: {side}", total, "s", NONE, mean)


def _kernels(found: Mapping[str, list[Seconds]], version: str) -> list[Row]:
    rows = []
    for kernel in found[OURS][0]:
        took = statistics.median(seconds[kernel] for seconds in found[OURS])
        ratio = _ratio(kernel, OURS, found)
        rows.append(Row(f"{kernel}, {version}: {OURS}", took, "s", NONE, ratio))
    return rows
