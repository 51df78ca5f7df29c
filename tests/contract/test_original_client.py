"""The first client of this protocol, re-enacted: a raw socket, read to its end, as UTF-8."""

from __future__ import annotations

import base64
import json
import socket
from typing import Any

import coverage
from support.sidecar import Sidecar, read_to_end
from support.spool import Writer


def ask(sidecar: Sidecar, path: str) -> str:
    """What the original client does with the socket of a port-forward; the path is not escaped."""
    with socket.create_connection(("127.0.0.1", sidecar.port), timeout=10) as connection:
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode("utf-8"))
        response = read_to_end(connection).decode("utf-8")
    assert "HTTP/1.1 200 OK" in response, response
    return response


def body_of(response: str) -> Any:
    """It takes everything after the first empty line."""
    return json.loads(response.split("\r\n\r\n", 1)[1])


def collect(sidecar: Sidecar, name: str) -> coverage.CoverageData:
    answer = body_of(ask(sidecar, f"/coverage?name={name}"))
    assert answer["label"] == name
    assert answer["coverage_data"], "the client gives up on empty data"
    data = coverage.CoverageData(no_disk=True)
    data.loads(base64.b64decode(answer["coverage_data"]))
    return data


def test_the_clients_whole_run(sidecar: Sidecar, shop: Writer) -> None:
    """Health, collect, reset, run something, collect again; then its reports merge both."""
    shop.run("/app/shop.py", 1, 2)
    assert "200 OK" in ask(sidecar, "/health")
    before = collect(sidecar, "first test, ünï & 100%")
    assert before.lines("/app/shop.py") == [1, 2]
    assert "200 OK" in ask(sidecar, "/coverage/reset")
    shop.run("/app/shop.py", 7)
    after = collect(sidecar, "second test")
    after.set_query_context("")
    assert after.lines("/app/shop.py") == [7]
    after.set_query_context("startup")
    assert sorted(after.lines("/app/shop.py") or []) == [1, 2]
    merged = coverage.CoverageData(no_disk=True)
    merged.update(before)
    merged.update(after)
    assert sorted(merged.lines("/app/shop.py") or []) == [1, 2, 7]
    assert not merged.has_arcs(), "branch data breaks this client"


def test_the_answer_is_plain(sidecar: Sidecar, shop: Writer) -> None:
    """Content-Length, neither chunks nor compression: the client understands nothing else."""
    for number in range(200):
        shop.run(f"/app/{number}.py", 1)
    head, body = sidecar.get("/coverage?name=x", "Accept-Encoding: gzip, deflate, br")
    assert b"\r\nContent-Length: %d\r\n" % len(body) in head
    assert b"Encoding" not in head
    assert body.isascii()


def test_an_interrupted_client_may_ask_again(sidecar: Sidecar, shop: Writer) -> None:
    """Collecting takes nothing away."""
    shop.run("/app/shop.py", 1)
    for _ in range(3):
        assert collect(sidecar, "x").lines("/app/shop.py") == [1]
