"""Requests per second of two servers, under everybody who measures coverage."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from peers import BRANCH, EVERYBODY, NONE, OURS, PROGRAMS, Peers, peers, versions
from support.bench import Row, compare, interleave
from support.waiting import wait_until

SHOP = Path(__file__).parents[2] / "examples" / "shop" / "src"


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
    """Return the requests per second of each server on each side, on each Python."""
    rounds, requests = (3, 50) if quick else (50, 60)
    rows = []
    for version in versions():
        with peers(version) as environment:
            for server in SERVERS:
                rows += _compare(environment, server, version, rounds, requests)
    return rows


def _compare(
    environment: Peers, server: Server, version: str, rounds: int, requests: int
) -> list[Row]:
    with ExitStack() as started:
        ports = {}
        for side in EVERYBODY:
            command, env = environment.side(side, ["-m", *server.words], server.folder)
            log = environment.folder / f"{EVERYBODY.index(side)}.log"
            ports[side] = started.enter_context(serving(command, env, server, log))
        for port in ports.values():
            _rate(port, server.target, requests)
        for side in (OURS, BRANCH):
            assert any(environment.container(side).lines().values()), "nothing was measured"
        measures = {
            side: partial(_rate, port, server.target, requests) for side, port in ports.items()
        }
        found = interleave(measures, rounds)
    name = f"{server.name}, {version}"
    return [compare(found, name, "requests/s", side, NONE) for side in ports]


@contextmanager
def serving(command: list[str], env: Mapping[str, str], server: Server, log: Path) -> Iterator[int]:
    """Start the server and yield its port once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    words = [word.replace("{port}", str(port)) for word in command]
    with log.open("wb") as out:
        process = subprocess.Popen(words, env=env, cwd=server.folder, stdout=out, stderr=out)
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
