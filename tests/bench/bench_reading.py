"""What an application feels while its coverage is read: its slowest answers, alone and meanwhile.

The application is the shop under gunicorn with two workers, on a spool of 2,000 more files with
200,000 lines, all of which ran. The reader asks ten times a second, as a live view would.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench_servers import SERVERS, ask, serving
from support.bench import Row, compare, interleave
from support.measured import Container, install_agent
from support.sidecar import Sidecar, running
from support.spool import Writer

FILES, LINES_PER_FILE = 2_000, 100
PAUSE_S = 0.1
ALONE, READ, TURNED = "alone", "while GET /coverage is asked", "while turns are made"


def run(quick: bool) -> list[Row]:
    """The 99th percentile of the application's answers, in ms, on each side."""
    rounds, requests = (3, 200) if quick else (15, 500)
    words = tuple(word.replace("workers=1", "workers=2") for word in SERVERS[0].words)
    server = replace(SERVERS[0], words=words)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        container = Container(install_agent(folder / "home"), folder / "spool" / "shop")
        _fill(container.spool)
        with (
            running(folder / "spool", folder) as sidecar,
            serving(["-m", *words], container.environ(), server, folder / "log") as port,
        ):
            slowest = partial(_p99_ms, port, server.target, requests)
            found = interleave(
                {
                    ALONE: partial(slowest, nullcontext),
                    READ: partial(slowest, partial(_reading, sidecar, "/coverage?name=bench")),
                    TURNED: partial(slowest, partial(_reading, sidecar, "/v1/turn")),
                },
                rounds,
            )
    label = "99th percentile of the application's answers"
    return [compare(found, label, "ms", side, ALONE) for side in found]


def _fill(spool: Path) -> None:
    writer = Writer(spool)
    for number in range(FILES):
        lines = range(1, LINES_PER_FILE + 1)
        writer.run(f"/app/package/module_{number}.py", *lines, slots=LINES_PER_FILE + 1)


def _p99_ms(port: int, target: str, requests: int, meanwhile: Callable[[], object]) -> float:
    with meanwhile():  # type: ignore[attr-defined]
        times = []
        for _ in range(requests):
            began = time.perf_counter()
            ask(port, target)
            times.append(time.perf_counter() - began)
    return sorted(times)[requests * 99 // 100] * 1000


@contextmanager
def _reading(sidecar: Sidecar, target: str) -> Iterator[None]:
    done = threading.Event()

    def read() -> None:
        while not done.wait(PAUSE_S):
            head, _ = sidecar.get(target)
            assert b" 200 " in head, head

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield
    finally:
        done.set()
        reader.join()
