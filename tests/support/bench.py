"""What a benchmark returns, and how it takes medians.

A benchmark is a file tests/bench/bench_*.py with `def run(quick: bool) -> list[Row]`. It measures
what it compares in the same round, one after the other, because a machine's speed drifts: ratios
of one round are true, absolute figures of two runs are not.
"""

from __future__ import annotations

import re
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar


class Row(NamedTuple):
    """One line of the table: `value` in `unit`, and how many times the `peer`'s value that is."""

    name: str
    value: float
    unit: str
    peer: str = ""
    """What `ratio` compares with; empty where there is nothing to compare with."""
    ratio: float | None = None


Found = TypeVar("Found")


def interleave(sides: Mapping[str, Callable[[], Found]], rounds: int) -> dict[str, list[Found]]:
    """Measure every side once a round, each round beginning with another side."""
    names = list(sides)
    found: dict[str, list[Found]] = {name: [] for name in names}
    for turn in range(rounds):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            found[name].append(sides[name]())
    return found


def compare(
    found: Mapping[str, Sequence[float]], label: str, unit: str, side: str, peer: str
) -> Row:
    """Return the row of a side: its median, and the median of its ratios to `peer` by round."""
    ratios = [mine / theirs for mine, theirs in zip(found[side], found[peer], strict=True)]
    median = statistics.median(found[side])
    return Row(f"{label}: {side}", median, unit, peer, statistics.median(ratios))


def seconds(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def child_cpu_s(action: Callable[[], object]) -> float:
    """Return the CPU seconds of the processes that an action starts and waits for.

    Unlike the time on the wall, they hardly change when others use the machine too.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    action()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def instructions(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Return how many instructions a process runs, which no other load on the machine changes.

    Needs valgrind.
    """
    counted = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
        env={**env, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"I +refs: +([\d,]+)", counted.stderr)
    assert found, counted.stderr
    return int(found[1].replace(",", ""))
