"""Servers with several workers: a line is in the spool when the answer that ran it has arrived.

Invariant 2 (a line executed before the request is in the answer) for real servers; the processes
are killed at the end, so that nothing of ours can have run at an exit.
"""

from __future__ import annotations

import http.client
from pathlib import Path

import pytest
from support.interpreters import OLDEST_AND_NEWEST, interpreter, venv_python
from support.measured import Container
from support.serving import get, serving
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
WHAT = {
    "gunicorn": ["shop:app", "-c", "conf.py", "-b", "127.0.0.1:{port}", "--log-level", "error"],
    "uvicorn": ["shop:asgi", "--port", "{port}", "--log-level", "error"],
}


@pytest.mark.parametrize("version", OLDEST_AND_NEWEST)
@pytest.mark.parametrize("server", SERVERS)
def test_each_answer_has_its_line_in_the_spool(
    container: Container, version: str, server: str
) -> None:
    """Of every worker, old and new; and what other workers ran stays there."""
    python = venv_python(interpreter(version), *GUNICORN)
    container.env["PODCOV_SOURCE"] = f"{APP},{WORK.parent}"
    container.env["PYTHONPATH"] = str(WORK.parent)
    name, *options = SERVERS[server]
    command = [str(python.parent / name), *options, *WHAT[name]]
    with serving(container, command, APP) as port:
        workers = set()
        for n in range(1, STEPS):
            workers.add(wait_until(f"answer {n}", lambda n=n: get(port, f"/?{n}")))  # type: ignore[misc]
            assert n in steps(container)
        if server == "sync":
            with pytest.raises((OSError, http.client.HTTPException)):
                get(port, "/die?50")
    wanted = set(range(STEPS)) | ({50} if server == "sync" else set())
    assert steps(container) - {59} == wanted
    assert (59 in steps(container)) == (name == "gunicorn")
    assert container.notes() == []
    if server == "recycled":
        assert len(workers) > 5
