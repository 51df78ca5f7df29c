"""A pod in which everybody dies again and again: its processes, and the sidecar while it turns.

Owns the processes and the once-only lines that they run. `tests/process/programs/deaths` is what
they run; called by test_nothing_lost.
"""

from __future__ import annotations

import base64
import json
import os
import random
import signal
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

from support.measured import Container
from support.sidecar import Sidecar, running

PROGRAM = Path(__file__).parents[1] / "process/programs/deaths/main.py"
PROCESSES = 3
THREADS = 2
SHARE = 1104
"""Functions of a thread."""
FUNCTIONS = PROCESSES * THREADS * SHARE
BODY = 5
"""Once-only lines in a function."""
MODES = ("killed", "exits", "aborts", "execs", "forks")
TURN_EVERY = FUNCTIONS // 800
"""Functions between two turns: the sidecar knows the boundaries of the newest 1,024."""
TURNS = 10
"""About how many turns a sidecar lives."""
DEADLINE_S = 300


def lines_of(function: int) -> range:
    """The body of a once-only function in `lines.py`."""
    first = function * (BODY + 1) + 2
    return range(first, first + BODY)


def write_lines(folder: Path) -> None:
    """Functions that are to run once each, most of the time in the middle of their bodies."""
    bodies = "    x = 1\n    x = 2\n    load()\n    x = 4\n    x = 5\n"
    functions = "".join(f"def once_{n}():\n{bodies}" for n in range(FUNCTIONS))
    load = "def load():\n    for n in range(5_000):\n        if n % 3:\n            n += 1\n"
    (folder / "lines.py").write_text(functions + load)


class Worker:
    """One of the container's processes: started again whenever it has died, until all is done."""

    def __init__(self, pod: Pod, number: int) -> None:
        self.pod, self.rolls = pod, random.Random(number)
        self.first = number * THREADS * SHARE
        self.end = self.first + THREADS * SHARE
        self.deaths: dict[str, int] = dict.fromkeys(MODES, 0)
        self.start()

    def start(self) -> None:
        self.counted = False  # its death, when what it said was read
        self.mode = self.rolls.choice(MODES)
        life = self.rolls.randint(1, 2 * self.pod.life)
        span = [str(self.first), str(self.end), str(life), self.mode]
        words = [self.pod.python, PROGRAM, self.pod.progress_file, *span]
        self.process = self.pod.container.start(words, self.pod.folder)
        self.last = self.begun() + life if self.mode in ("killed", "execs") else self.end

    def begun(self) -> int:
        part = self.pod.progress()[self.first : self.end]
        return self.first + len(part) - part.count(0)

    def look(self) -> None:
        """Kill it if its time has come; start it again if it has died."""
        if self.process.poll() is None:
            if self.begun() < self.last:
                return
            os.killpg(self.process.pid, signal.SIGKILL)
        if not self.counted:
            output, _ = self.process.communicate(timeout=30)
            assert not output, output
            self.deaths[self.mode] += 1
            self.counted = True
        if self.begun() < self.end:
            self.start()


class Pod:
    """The volume, its sidecar and the workers."""

    def __init__(self, folder: Path, python: Path, env: dict[str, str], life: int) -> None:
        self.folder, self.python, self.life, self.rolls = folder, python, life, random.Random(11)
        (folder / "spool/shop").mkdir(parents=True, mode=0o777)
        write_lines(folder)
        self.progress_file = folder / "progress"
        self.progress_file.write_bytes(bytes(FUNCTIONS))
        source = {"PODCOV_SOURCE": str(folder), "PYTHONPATH": str(folder)}
        self.container = Container(folder / "home", folder / "spool/shop", {**env, **source})
        self.deaths = 0
        self.seen: list[tuple[int, list[int], list[int]]] = []
        """For each turn: the generation that it began, and what had begun before and after."""

    def progress(self) -> bytes:
        return self.progress_file.read_bytes()

    def begun(self) -> list[int]:
        """How many functions have begun in each thread."""
        progress = self.progress()
        shares = [progress[n : n + SHARE] for n in range(0, FUNCTIONS, SHARE)]
        return [SHARE - share.count(0) for share in shares]

    def turn(self, sidecar: Sidecar) -> None:
        """A turn, and what is known of its moment."""
        before = self.begun()
        generation = json.loads(sidecar.get("/v1/turn")[1])["generation"]
        self.seen.append((generation, before, self.begun()))

    def kill_in_a_turn(self, sidecar: Sidecar) -> None:
        """The moment is anywhere between the request and the answer."""
        with socket.create_connection(("127.0.0.1", sidecar.port), timeout=20) as connection:
            connection.sendall(b"POST /v1/turn HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            time.sleep(self.rolls.random() * 0.01)  # the moment itself: nothing is waited for
            sidecar.kill()
        self.deaths += 1

    def run(self) -> list[Worker]:
        """Until every function has begun, turning all the time."""
        with running(self.folder / "spool", self.folder) as first:  # it installs the agent
            self.turn(first)
        workers = [Worker(self, n) for n in range(PROCESSES)]
        deadline = time.monotonic() + DEADLINE_S
        try:
            while sum(self.begun()) < FUNCTIONS or not all(w.counted for w in workers):
                assert time.monotonic() < deadline, f"{self.begun()} of {SHARE} each have begun"
                with running(self.folder / "spool", self.folder) as sidecar:
                    self.serve(sidecar, workers, deadline)
        finally:
            with ExitStack() as stack:
                for worker in workers:
                    stack.callback(end, worker.process)
        return workers

    def serve(self, sidecar: Sidecar, workers: list[Worker], deadline: float) -> None:
        """The life of one sidecar."""
        turns, turned = self.rolls.randint(1, 2 * TURNS), sum(self.begun())
        while time.monotonic() < deadline:
            for worker in workers:
                worker.look()
            begun = sum(self.begun())
            if begun == FUNCTIONS and all(w.counted for w in workers):
                return self.turn(sidecar)
            if begun < turned + TURN_EVERY:
                continue
            if not turns:
                return self.kill_in_a_turn(sidecar)
            self.turn(sidecar)
            turns, turned = turns - 1, begun
        return None

    def generations(self) -> dict[int, list[int]]:
        """Line -> the generations that it is in, as a sidecar that knows nothing says."""
        found: dict[int, list[int]] = {}
        with running(self.folder / "spool", self.folder) as sidecar:
            last = json.loads(sidecar.get("/v1/health")[1])["generation"]
            for number in range(last):
                answer = sidecar.get(f"/v1/snapshot?from={number}&to={number + 1}")[1]
                sources = json.loads(answer)["containers"]["shop"]["sources"]
                (numbits,) = [s["lines"] for s in sources if s["path"].endswith("/lines.py")]
                for place, byte in enumerate(base64.b64decode(numbits)):
                    for bit in range(8):
                        if byte >> bit & 1:
                            found.setdefault(place * 8 + bit, []).append(number)
        return found


def end(process: subprocess.Popen[str]) -> None:
    with process:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
