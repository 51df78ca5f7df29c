"""Runs servers under the agent and asks them. Called by process tests.

Owns the processes of a server: all of them are killed, at once, at the end.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from support.measured import Container
from support.waiting import wait_until

FRAMEWORKS = (
    *("django>=4.2,<4.3", "flask>=3.0,<3.2", "celery>=5.3,<5.6"),
    *("hypercorn>=0.17,<0.19", "eventlet>=0.36,<0.41", "gunicorn==23.0.0"),
)
"""One environment for all servers and queues that can share one."""


def get(port: int, path: str) -> str:
    """The body of the answer to a GET. Raises OSError, HTTPException; AssertionError if not 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
    finally:
        connection.close()
    assert answer.status == 200, f"{answer.status} {body[:500]}"
    return body


def free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(container: Container, command: Sequence[str], cwd: Path) -> Iterator[int]:
    """The port of a server that answers; `{port}` in its command becomes that port."""
    port = free_port()
    with running(container, [part.format(port=port) for part in command], cwd):
        wait_until(f"{command[0]} answers", lambda: get(port, "/?0"))
        yield port


@contextmanager
def running(container: Container, command: Sequence[str], cwd: Path) -> Iterator[None]:
    """A program that runs until it is killed, and must have printed no traceback."""
    process = container.start(command, cwd)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate(timeout=30)
        print(output)  # pytest shows it if anything failed
    assert "Traceback" not in output, output
