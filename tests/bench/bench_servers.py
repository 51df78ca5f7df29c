"""Requests per second of two servers: without us, under podcov, under `coverage run`."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from podcov_agent.contract import ENV_BRANCH
from support.bench import Row, compare, interleave
from support.measured import Container, install_agent
from support.waiting import wait_until

PROGRAMS = Path(__file__).parent / "programs"
SHOP = Path(__file__).parents[2] / "examples" / "shop" / "src"
NONE, OURS, BRANCH = "none", "podcov", "podcov, branches"
COVERAGE, COVERAGE_BRANCH = "coverage run", "coverage run --branch"


@dataclass(frozen=True)
class Server:
    """How a server is started (as a module), and what it is asked."""

    name: str
    words: tuple[str, ...]
    folder: Path
    target: str


SERVERS = (
    Server(
        "Flask + gunicorn",
        (
            "gunicorn",
            "--no-control-socket",
            "--workers=1",
            "--bind=127.0.0.1:{port}",
            "shop.wsgi:app",
        ),
        SHOP,
        "/products?category=office&sort=price",
    ),
    Server(
        "FastAPI + uvicorn",
        ("uvicorn", "--no-access-log", "--port={port}", "asgi_app:app"),
        PROGRAMS,
        "/articles?tag=c",
    ),
)


def run(quick: bool) -> list[Row]:
    """Return the requests per second of each server on each side."""
    rounds, requests = (3, 50) if quick else (60, 100)
    return [row for server in SERVERS for row in _compare(server, rounds, requests)]


def _compare(server: Server, rounds: int, requests: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as started:
        agent = Container(install_agent(Path(folder, "home")), Path(folder, "spool"))
        branch = Container(agent.home, Path(folder, "branch"), {ENV_BRANCH: "true"})
        for container in (agent, branch):
            container.spool.mkdir()
        run = ["-m", "coverage", "run", f"--data-file={folder}/data"]
        coverage = [f"--source={server.folder}", "-m", *server.words]
        plain = ["-m", *server.words]
        sides = {
            NONE: (plain, agent.environ(measured=False)),
            OURS: (plain, agent.environ()),
            BRANCH: (plain, branch.environ()),
            COVERAGE: ([*run, *coverage], agent.environ(measured=False)),
            COVERAGE_BRANCH: ([*run, "--branch", *coverage], agent.environ(measured=False)),
        }
        ports = {
            side: started.enter_context(serving(words, env, server, Path(folder) / f"{side}.log"))
            for side, (words, env) in sides.items()
        }
        for port in ports.values():
            _rate(port, server.target, requests)
        for container in (agent, branch):
            assert any(container.lines().values()), "nothing was measured"
        measures = {
            side: partial(_rate, port, server.target, requests) for side, port in ports.items()
        }
        found = interleave(measures, rounds)
    return [compare(found, server.name, "requests/s", side, NONE) for side in ports]


@contextmanager
def serving(words: list[str], env: Mapping[str, str], server: Server, log: Path) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, *(word.format(port=port) for word in words)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=env, cwd=server.folder, stdout=out, stderr=out)
    try:
        wait_until(f"{server.name} answers", lambda: ask(port, server.target))
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _rate(port: int, target: str, requests: int) -> float:
    """Requests per second of one client that asks one after the other."""
    began = time.perf_counter()
    for _ in range(requests):
        ask(port, target)
    return requests / (time.perf_counter() - began)


def ask(port: int, target: str) -> bytes:
    request = f"GET {target} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request.encode())
        answer = b""
        while part := connection.recv(1 << 16):
            answer += part
    assert re.match(rb"HTTP/1.1 200", answer), answer
    return answer
