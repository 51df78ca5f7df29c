"""A Django application of 500 modules, all measured: its start, its requests, its memory."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from django_site import MODULES, write_site
from peers import BRANCH, COVERAGE, NONE, OURS, SLIPCOVER, WRAPPER, Peers, peers, versions
from support.bench import Row, compare, interleave

SIDES = (NONE, OURS, BRANCH, COVERAGE, SLIPCOVER, WRAPPER)
REQUESTS = 100
Answer = dict[str, float]


class Figure(NamedTuple):
    """What is told of an answer of the site's main.py."""

    label: str
    unit: str
    of: Callable[[Answer], float]


FIGURES = (
    Figure("CPU time until the first answer", "ms", lambda a: a["start"] * 1000),
    Figure("CPU time of a request", "ms", lambda a: a["requests"] / REQUESTS * 1000),
    Figure("resident memory", "MiB", lambda a: a["rss"] / 1024),
)


def run(quick: bool) -> list[Row]:
    """Return FIGURES on each side and each Python. Everybody has warm caches."""
    rounds = 2 if quick else 9
    rows = []
    for version in versions():
        with peers(version) as environment:
            rows += _compare(environment, version, rounds)
    return rows


def _compare(environment: Peers, version: str, rounds: int) -> list[Row]:
    script = write_site(environment.folder / "site")
    runs = {side: partial(_run, environment, side, script) for side in SIDES}
    for warm in (*runs.values(), *runs.values()):  # .pyc files, and what the agent keeps
        warm()
    for side in (OURS, BRANCH):
        lines = environment.container(side).lines()
        assert len(lines) == MODULES, f"{len(lines)} modules were measured"
    answers = interleave(runs, rounds)
    rows = []
    for figure in FIGURES:
        found = {side: [figure.of(one) for one in some] for side, some in answers.items()}
        label = f"{figure.label}, {version}"
        rows += [compare(found, label, figure.unit, side, NONE) for side in SIDES]
    return rows


def _run(environment: Peers, side: str, script: Path) -> Answer:
    command, env = environment.side(side, [str(script), str(REQUESTS)], script.parent)
    done = subprocess.run(
        command, env=env, cwd=script.parent, capture_output=True, text=True, check=True
    )
    answer: Answer = json.loads(done.stdout.splitlines()[0])
    return answer
