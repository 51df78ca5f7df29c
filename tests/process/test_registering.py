"""Many processes register the same sources at once, and all agree where each is.

The part of invariant 2 that is decided before the first line runs: no line is booked to a source
other than its own, whoever is killed and whatever is torn.
"""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
from pathlib import Path

import pytest
from support.measured import PACKAGE, Container

PROGRAM = Path(__file__).parent / "programs/registering/main.py"
SOURCES = 300
PROCESSES = 16


@pytest.mark.parametrize("kill", [0, 1, 2], ids=["whole", "torn", "killed"])
def test_all_processes_agree_on_every_place(container: Container, python: Path, kill: int) -> None:
    """16 processes of 2 threads, 300 sources: one place for each, none overlapping, no mark lost.

    With torn records in between, and with some of the processes killed on the way.
    """
    processes = [
        subprocess.Popen(
            [
                *(str(python), "-B", str(PROGRAM), str(PACKAGE.parent), str(container.spool)),
                *(str(seed), str(SOURCES), str(kill if seed >= PROCESSES // 2 else min(kill, 1))),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in range(PROCESSES)
    ]
    outputs = [p.communicate(timeout=120)[0] for p in processes]
    codes = [p.returncode for p in processes]
    assert set(codes) <= ({0, -signal.SIGKILL} if kill == 2 else {0})
    found = [json.loads(text) for text, code in zip(outputs, codes, strict=True) if code == 0]
    assert len(found) >= PROCESSES // 2
    assert all(places == found[0] for places in found)

    log = container.log()
    spans = sorted((p.chunk, p.base, p.base + p.slots) for p in log.sources.values())
    assert len(spans) == SOURCES
    assert all(a[0] < b[0] or a[2] <= b[1] for a, b in itertools.pairwise(spans))
    finished = {seed + 1 for seed, code in enumerate(codes) if code == 0}
    assert all(finished <= lines for lines in container.lines().values())
    assert all(lines <= set(range(1, PROCESSES + 1)) for lines in container.lines().values())
