"""Servers with several workers: a line is in the spool when the answer that ran it has arrived.

Invariant 2 (a line executed before the request is in the answer) for real servers; the processes
are killed at the end, so that nothing of ours can have run at an exit.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.interpreters import interpreter, venv_python
from support.measured import Container
from support.steps import WORK, steps
from support.waiting import wait_until

APP = Path(__file__).parent / "programs/web"
GUNICORN = ("gunicorn==23.0.0", "gevent>=24,<26", "uvicorn>=0.30,<0.40")
STEPS = 40

SERVERS = {
    "sync": ["gunicorn", "-w", "2"],
    "gthread": ["gunicorn", "-w", "2", "-k", "gthread", "--threads", "4"],
    "gevent": ["gunicorn", "-w", "2", "-k", "gevent"],
    "preload": ["gunicorn", "-w", "2", "--preload"],
    "recycled": ["gunicorn", "-w", "2", "--max-requests", "3"],
    "uvicorn": ["uvicorn"],
    "uvicorn-4": ["uvicorn", "--workers", "4"],
}


def get(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(container: Container, python: Path, server: str) -> Iterator[int]:
    """The port of a running server; it is killed, all its processes at once, at the end."""
    port = free_port()
    name, *options = SERVERS[server]
    if name == "gunicorn":
        command = ["shop:app", "-c", "conf.py", "-b", f"127.0.0.1:{port}", "--log-level", "error"]
    else:
        command = ["shop:asgi", "--port", str(port), "--log-level", "error"]
    process = container.start([python.parent / name, *options, *command], APP)
    try:
        wait_until(f"{server} answers", lambda: get(port, "/?0"))
        yield port
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate(timeout=30)
    assert "Traceback" not in output, output


@pytest.mark.parametrize("version", ["3.8", "3.13"])
@pytest.mark.parametrize("server", SERVERS)
def test_each_answer_has_its_line_in_the_spool(
    container: Container, version: str, server: str
) -> None:
    """Of every worker, old and new; and what other workers ran stays there."""
    python = venv_python(interpreter(version), *GUNICORN)
    container.env["PODCOV_SOURCE"] = f"{APP},{WORK.parent}"
    container.env["PYTHONPATH"] = str(WORK.parent)
    with serving(container, python, server) as port:
        workers = set()
        for n in range(1, STEPS):
            workers.add(wait_until(f"answer {n}", lambda n=n: get(port, f"/?{n}")))  # type: ignore[misc]
            assert n in steps(container)
        if server == "sync":
            with pytest.raises((OSError, http.client.HTTPException)):
                get(port, "/die?50")
    wanted = set(range(STEPS)) | ({50} if server == "sync" else set())
    assert steps(container) - {59} == wanted
    assert (59 in steps(container)) == (SERVERS[server][0] == "gunicorn")
    assert container.notes() == []
    if server == "recycled":
        assert len(workers) > 5
