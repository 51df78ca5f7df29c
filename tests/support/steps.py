"""A module of steps, each a function that nobody else runs, and which of them have run.

Owns the text of `work.py`. Called by process tests.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from support.measured import Container
from support.waiting import PAUSE_S

COUNT = 1000
"""Steps that there are."""
FORKED, DIES = COUNT - 2, COUNT - 3
"""The step of a server's own hook, and that of the request that ends its process."""
_DISPATCH = 'def step(n):\n    return globals()["step_%d" % n]()\n'


def write_work(folder: Path, count: int = COUNT) -> Path:
    """Put `work.py` into `folder`: `step(k)` calls a function with one line of its own."""
    path = folder / "work.py"
    path.write_text("".join(f"def step_{n}():\n    return {n}\n" for n in range(count)) + _DISPATCH)
    return path


def steps(container: Container, work: Path) -> set[int]:
    """The numbers of the steps that have run."""
    text = work.read_text().splitlines()
    return {
        line // 2 - 1
        for line in container.ran(work)
        if text[line - 1] == f"    return {line // 2 - 1}"
    }


class Clients:
    """Several clients at once, each of whose requests runs a step that no other request runs."""

    CLIENTS = 4
    WANTED = 40
    DEADLINE_S = 60

    def __init__(self, container: Container, work: Path, ask: Callable[[str], str]) -> None:
        self._container, self._work, self._ask = container, work, ask
        self._numbers = itertools.count(1)
        self._answers: list[str] = []
        self.asked: set[int] = set()
        """The steps of all requests."""
        self.missing: list[int] = []
        """Those that were not in the spool when the answer had come."""

    def run(self, workers: int) -> set[str]:
        """Until enough requests were answered, by so many processes; the answers that differ."""
        self._answers = []
        deadline = time.monotonic() + self.DEADLINE_S
        clients = [
            threading.Thread(target=self._client, args=(workers, deadline))
            for _ in range(self.CLIENTS)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        return set(self._answers)

    def _client(self, workers: int, deadline: float) -> None:
        while time.monotonic() < deadline:
            if len(self._answers) >= self.WANTED:
                if len(set(self._answers)) >= workers:
                    return
                time.sleep(PAUSE_S)  # a worker may still be on its way
            n = next(self._numbers)
            if n >= DIES:
                return
            self.asked.add(n)
            answer = self._answer(n, deadline)
            if n not in steps(self._container, self._work):
                self.missing.append(n)
            self._answers.append(answer)

    def _answer(self, n: int, deadline: float) -> str:
        """Asked again when a worker that is being replaced closed the connection."""
        while True:
            try:
                return self._ask(f"/?{n}")
            except (OSError, HTTPException):
                if time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE_S)
