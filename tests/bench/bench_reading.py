"""What an application feels while its coverage is read: its answers, alone and meanwhile.

The application is the shop under gunicorn with two workers, on a spool of 2,000 more files with
200,000 lines, all of which ran. The reader, a process of its own, asks ten times a second, as a
live view would. It is stopped and let go on many times, so that each figure is of many short
periods beside each other; a ratio is the median of those of groups of such periods.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench_servers import SERVERS, ask, serving
from support.bench import Row, compare, interleave
from support.measured import Container, install_agent
from support.sidecar import running
from support.spool import Writer

FILES, LINES_PER_FILE = 2_000, 100
PAUSE_S = 0.1
PERIOD_S, GROUP = 0.25, 10
ALONE = "alone"
AGAIN = "alone, once more: the noise"
READERS = {
    "while GET /coverage is asked": "GET /coverage?name=bench",
    "while turns are made": "POST /v1/turn",
}


def run(quick: bool) -> list[Row]:
    """The median and the 99th percentile of the application's answers, in ms, on each side."""
    groups = 2 if quick else 9
    words = tuple(word.replace("workers=1", "workers=2") for word in SERVERS[0].words)
    server = replace(SERVERS[0], words=words)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        container = Container(install_agent(folder / "home"), folder / "spool" / "shop")
        _fill(container.spool)
        sidecar = stack.enter_context(running(folder / "spool", folder))
        command, log = [sys.executable, "-m", *words], folder / "log"
        port = stack.enter_context(serving(command, container.environ(), server, log))
        answers = partial(_answers_ms, port, server.target)
        sides = {side: partial(answers, None) for side in (ALONE, AGAIN)}
        for side, request in READERS.items():
            sides[side] = partial(answers, stack.enter_context(_stopped(sidecar.port, request)))
        periods = interleave(sides, groups * GROUP)
    return [
        compare({side: _percentiles(some, share) for side, some in periods.items()}, *label)
        for share, what in ((50, "median"), (99, "99th percentile"))
        for label in ((f"{what} of the application's answers", "ms", side, ALONE) for side in sides)
    ]


def _percentiles(periods: list[list[float]], share: int) -> list[float]:
    """The percentile of each group of periods."""
    found = []
    for at in range(0, len(periods), GROUP):
        times = sorted(one for period in periods[at : at + GROUP] for one in period)
        found.append(times[len(times) * share // 100])
    return found


def _answers_ms(port: int, target: str, reader: int | None) -> list[float]:
    """How long each answer of one period takes, while the reader reads."""
    if reader is not None:
        os.kill(reader, signal.SIGCONT)
    found, end = [], time.perf_counter() + PERIOD_S
    while (began := time.perf_counter()) < end:
        ask(port, target)
        found.append((time.perf_counter() - began) * 1000)
    if reader is not None:
        os.kill(reader, signal.SIGSTOP)
    return found


@contextmanager
def _stopped(port: int, request: str) -> Iterator[int]:
    """A reader of the sidecar, stopped after its first answer; its process id."""
    paths = str(Path(__file__).parents[1])
    command = [sys.executable, __file__, str(port), request]
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"reading\n"
        process.send_signal(signal.SIGSTOP)
        try:
            yield process.pid
        finally:
            process.kill()


def _fill(spool: Path) -> None:
    writer = Writer(spool)
    for number in range(FILES):
        path, lines = f"/app/package/module_{number}.py", range(1, LINES_PER_FILE + 1)
        blob = hashlib.sha1(path.encode()).hexdigest()
        writer.run(path, *lines, slots=LINES_PER_FILE + 1, blob=blob)


def _read(port: int, request: str) -> None:

    method, target = request.split()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for count in range(sys.maxsize):
        connection.request(method, target)
        response = connection.getresponse()
        response.read()
        assert response.status == 200
        if not count:
            print("reading", flush=True)
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    _read(int(sys.argv[1]), sys.argv[2])
