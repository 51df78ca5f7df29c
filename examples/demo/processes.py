"""Starts and stops the demo's child processes: every one is stopped by its own id.

Each child is the leader of a session of its own, so that Ctrl-C reaches the demo alone and the
demo can stop a server together with its workers. Used by `local` and `cluster`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from say import DemoError

STOP_WITHIN_S = 10.0
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, kill, a closed terminal: each ends the demo and everything it started."""
PYTHON = Path(sys.executable)
"""The interpreter of the demo; what was installed with it lies beside it."""


class Processes:
    """Child processes with a log file each; leaving the context stops those that still run."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave some behind
        for process in reversed(self._running.values()):
            _stop(process)

    def start(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> None:
        """Start a process that goes on until the context is left."""
        with open(self.log(name), "wb") as log, _held():
            self._running[name] = subprocess.Popen(
                argv, env=env, cwd=cwd, stdout=log, stderr=log, start_new_session=True
            )

    def log(self, name: str) -> Path:
        """Return where the output of a process goes."""
        return self._logs / f"{name}.log"

    def wait_for_end(self, name: str, within_s: float) -> None:
        """Wait until a process has ended, or raise DemoError if it fails or takes too long."""
        process = self._running[name]
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(within_s)
        if process.returncode != 0:
            state = "is still running" if process.returncode is None else self._ended(name)
            raise DemoError(f"{name} {state} after {within_s:.0f} s", self._look(name))

    def wait_until(self, name: str, ready: Callable[[], bool], within_s: float = 30.0) -> None:
        """Wait until `ready()`, or raise DemoError when the process dies or takes too long."""
        deadline = time.monotonic() + within_s
        while not ready():
            if self._running[name].poll() is not None:
                raise DemoError(f"{name} {self._ended(name)}", self._look(name))
            if time.monotonic() > deadline:
                raise DemoError(f"{name} was not ready within {within_s:.0f} s", self._look(name))
            time.sleep(0.05)

    def _ended(self, name: str) -> str:
        return f"ended with status {self._running[name].returncode}"

    def _look(self, name: str) -> str:
        log = self.log(name)
        tail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-8:]
        return "\n  ".join([f"The end of {log}:", *tail])


@contextlib.contextmanager
def _held() -> Iterator[None]:
    """A signal that ends the demo waits until the block is left: nobody would stop a child that
    has begun and is not known yet."""
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in ENDING}
    heard = [number for number in ENDING if before[number] is not signal.SIG_IGN]
    for number in heard:
        signal.signal(number, lambda caught, _frame: came.append(caught))
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])
    for caught in came[:1]:
        signal.raise_signal(caught)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its own session: the workers too
        process.wait()


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
