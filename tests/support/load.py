"""Processes that run lines until they are done or killed.

Owns the load in tests of the ledger: programs of their own, because forking a test
runner that has threads is no sound experiment. Called by tests; run as `python -m support.load`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.sidecar import AGENT
from support.spool import Writer

PATH = "/app/a.py"
WRITERS = 3
ONCE = 4000
"""Lines that each writer runs, one time."""
SLOTS = WRITERS * ONCE + 100
SPARE_LINE = WRITERS * ONCE + 50
"""A line that no writer runs."""
_ROUND = 20


@contextmanager
def once_only_writers(folder: Path, seconds: float) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that run the lines 1 to WRITERS * ONCE, each once, within about these seconds."""
    writers = [_start(str(folder), str(n), str(seconds)) for n in range(WRITERS)]
    try:
        yield writers
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()


def running(processes: list[subprocess.Popen[bytes]]) -> bool:
    """Whether any of them still runs. AssertionError if one failed."""
    codes = [process.poll() for process in processes]
    assert not any(codes), f"return codes of the load: {codes}"
    return None in codes


def _start(*arguments: str) -> subprocess.Popen[bytes]:
    paths = os.pathsep.join([str(AGENT.parent), str(Path(__file__).parents[1])])
    return subprocess.Popen(
        [sys.executable, "-m", "support.load", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": paths},
    )


def _write(folder: str, number: str, seconds: str) -> None:
    chunk, base = Writer(Path(folder)).register(PATH, slots=SLOTS)
    begin = int(number) * ONCE
    for line in range(begin, begin + ONCE):
        chunk[base + 1 + line] = 1
        if line % _ROUND == 0:
            time.sleep(float(seconds) * _ROUND / ONCE)  # the pace of the load, not a wait


if __name__ == "__main__":
    _write(*sys.argv[1:])
