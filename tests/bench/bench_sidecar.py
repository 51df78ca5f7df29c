"""What the sidecar costs: 2,000 files of 200,000 lines in all, while four processes run them.

Owns the sidecar's figures: GET /coverage, a turn, an answer to our own client, its memory. The
peer of an answer is the same answer made by the `coverage` library from the same lines.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import mmap
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import repeat
from pathlib import Path

import coverage
from support.bench import Row, compare, interleave, seconds
from support.sidecar import AGENT, Sidecar, running
from support.spool import Writer

Places = list[tuple[mmap.mmap, int]]
"""Map and base of each file."""

FILES = 2_000
LINES_PER_FILE = 100
WRITERS = 4
PAUSE_S = 0.001
"""Between two files that a worker runs, so that it has a core for some of the time."""
SPARSE = 40
"""Lines that run between two turns, as in one request of a test."""
DENSITY = 0.6
ANSWERS = ("GET /coverage", "GET /v1/snapshot")
LIBRARY = "coverage's add_lines() and dumps()"
EACH = 5
"""Answers on one connection, of which the median counts in its round."""


def run(quick: bool) -> list[Row]:
    """The rows of this benchmark; quick takes fewer rounds of the same load."""
    rounds = 15 if quick else 60
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=_memory())))
        shop = folder / "spool" / "shop"
        places = _register(shop)
        sidecar = stack.enter_context(running(folder / "spool", folder))
        idle_kib = sidecar.rss_kib()
        _run_all(places)
        with _writers(shop):
            asks = {side: partial(_median_ms, sidecar, *side.split(), EACH) for side in ANSWERS}
            asks[LIBRARY] = partial(_library_ms, _lines(sidecar))
            found = interleave(asks, rounds // EACH)
            cpu_before = sidecar.cpu_s()
            _median_ms(sidecar, "GET", "/coverage", rounds)
            cpu = (sidecar.cpu_s() - cpu_before) / rounds * 1000
            turn = _median_ms(sidecar, "POST", "/v1/turn", rounds)
            busy = [_turns(sidecar, max(rounds // 3, 3), run, places) for run in RUNS.values()]
        peak_kib = sidecar.rss_kib()
        alone = [_turns(sidecar, max(rounds // 3, 3), run, places) for run in RUNS.values()]
    load = f"{WRITERS} writing processes, {FILES} files, {FILES * LINES_PER_FILE // 1000}k lines"
    return [
        *(compare(found, load, "ms", side, LIBRARY) for side in ANSWERS),
        Row("GET /coverage: the sidecar's own processor time in it", cpu, "ms"),
        Row(f"a turn: {load}", turn, "ms"),
        *(
            Row(f"a turn: {what}; {WRITERS} writing", took, "ms")
            for what, took in zip(RUNS, busy, strict=True)
        ),
        *(Row(f"a turn: {what}", took, "ms") for what, took in zip(RUNS, alone, strict=True)),
        Row("the sidecar's memory: idle", idle_kib / 1024, "MiB"),
        Row(f"the sidecar's memory: after {load}", peak_kib / 1024, "MiB"),
    ]


def _memory() -> str | None:
    """A memory-backed folder, as the spool is one in a pod."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _register(folder: Path) -> Places:
    writer = Writer(folder)
    paths = [f"/app/package/module_{n}.py" for n in range(FILES)]
    blobs = [hashlib.sha1(path.encode()).hexdigest() for path in paths]
    return [writer.register(*each) for each in zip(paths, repeat(LINES_PER_FILE + 1), blobs)]


@contextmanager
def _writers(folder: Path) -> Iterator[None]:
    """Workers that run all lines of one file after the other until the end."""
    paths = os.pathsep.join([str(AGENT.parent), str(Path(__file__).parents[1])])
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": paths}
    command = [sys.executable, __file__, str(folder)]
    with ExitStack() as stack:
        pipe = subprocess.PIPE
        for _ in range(WRITERS):
            writer = stack.enter_context(subprocess.Popen(command, env=environ, stdout=pipe))
            stack.callback(writer.kill)
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"writing\n"
        yield


def _write(folder: str) -> None:
    places = _register(Path(folder))
    print("writing", flush=True)
    while True:
        chunk, base = random.choice(places)
        for line in range(1, LINES_PER_FILE + 1):
            chunk[base + line] = 1
        time.sleep(PAUSE_S)


def _median_ms(sidecar: Sidecar, method: str, target: str, rounds: int) -> float:
    """The median of as many requests on one connection, as our client makes them."""
    connection = http.client.HTTPConnection("127.0.0.1", sidecar.port, timeout=30)

    def ask() -> None:
        connection.request(method, target)
        response = connection.getresponse()
        response.read()
        assert response.status == 200

    try:
        return statistics.median([seconds(ask) for _ in range(rounds)]) * 1000
    finally:
        connection.close()


def _turns(
    sidecar: Sidecar, rounds: int, run_lines: Callable[[Places], None], places: Places
) -> float:
    """The median of turns, each after these lines have run."""
    found = []
    for _ in range(rounds):
        run_lines(places)
        found.append(_median_ms(sidecar, "POST", "/v1/turn", 1))
    return statistics.median(found)


def _run_some(places: Places) -> None:
    for chunk, base in random.sample(places, SPARSE):
        chunk[base + random.randint(1, LINES_PER_FILE)] = 1


def _run_at_random(places: Places) -> None:
    for chunk, base in places:
        lines = bytes(random.random() < DENSITY for _ in range(LINES_PER_FILE))
        chunk[base + 1 : base + 1 + LINES_PER_FILE] = lines


def _run_all(places: Places) -> None:
    for chunk, base in places:
        chunk[base + 1 : base + 1 + LINES_PER_FILE] = b"\1" * LINES_PER_FILE


RUNS = {
    f"{SPARSE} lines ran since the last": _run_some,
    "every line ran since the last": _run_all,
    f"{DENSITY:.0%} of the lines ran since the last, at random": _run_at_random,
}


def _lines(sidecar: Sidecar) -> dict[str, list[int]]:
    """What an answer holds."""
    answer = json.loads(sidecar.get("/coverage?name=bench")[1])
    known = coverage.CoverageData(no_disk=True)
    known.loads(base64.b64decode(answer["coverage_data"]))
    return {path: known.lines(path) or [] for path in known.measured_files()}


def _library_ms(lines: Mapping[str, list[int]]) -> float:
    """The same answer's data, made by the library from the lines themselves."""

    def make() -> None:
        data = coverage.CoverageData(no_disk=True)
        data.add_lines(lines)
        base64.b64encode(data.dumps())

    return seconds(make) * 1000


if __name__ == "__main__":
    _write(sys.argv[1])
