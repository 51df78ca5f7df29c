"""The server's sockets: many, slow, broken and rude clients."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random

import pytest
from podcov_agent.sidecar import http
from podcov_agent.sidecar.server import Patience, Server
from support.sidecar import read_to_end
from support.waiting import wait_until

BIG = 8 << 20


def echo(request: http.Request) -> http.Answer:
    if request.path == "/big":
        return http.Answer(200, b"x" * BIG)
    if request.path == "/defect":
        raise KeyError("a defect of ours")
    return http.json_answer(
        200, {"path": request.path, "body": request.body.decode("utf-8", "replace")}
    )


@contextmanager
def serving(patience: Patience = Patience()) -> Iterator[int]:  # noqa: B008 - immutable
    server = Server(patience)
    port = server.listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.serve, args=(echo,))
    thread.start()
    try:
        yield port
    finally:
        server.close()
        thread.join(10)
        assert not thread.is_alive(), "the server did not end"


@pytest.fixture
def port() -> Iterator[int]:
    with serving() as bound:
        yield bound


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def ask(port: int, data: bytes) -> bytes:
    with connect(port) as connection:
        connection.sendall(data)
        return read_to_end(connection)


def read_answer(connection: socket.socket) -> bytes:
    """One answer, read by its Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(1 << 16)
        assert part, f"the connection ended after {data!r}"
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(1 << 16)
    assert len(body) == length, "more bytes than one answer"
    return body


def statuses(data: bytes) -> Iterator[bytes]:
    """Of whole answers that follow each other."""
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        assert head.startswith(b"HTTP/1.1 ")
        assert len(rest) >= length, "half an answer"
        yield head[9:12]
        data = rest[length:]


CLOSE = b"Host: x\r\nConnection: close\r\n\r\n"


def test_a_request_is_answered_and_the_connection_closed_when_asked(port: int) -> None:
    answer = ask(port, b"GET /a HTTP/1.1\r\n" + CLOSE)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b'{"path": "/a", "body": ""}')


def test_many_requests_share_a_connection(port: int) -> None:
    with connect(port) as connection:
        for number in range(50):
            connection.sendall(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number)
            assert b'"/%d"' % number in read_answer(connection)


def test_requests_sent_at_once_are_answered_in_order(port: int) -> None:
    data = ask(port, b"GET /1 HTTP/1.1\r\n\r\n\r\nGET /2 HTTP/1.1\r\n" + CLOSE)
    assert data.index(b'"/1"') < data.index(b'"/2"')


def test_a_body_is_read_by_its_length_however_it_is_cut(port: int) -> None:
    with connect(port) as connection:
        data = b"POST /p HTTP/1.1\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
        for at in range(len(data)):
            connection.sendall(data[at : at + 1])
        assert read_to_end(connection).endswith(b'{"path": "/p", "body": "hello"}')


def test_a_client_that_waits_for_100_continue_gets_it(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hi")
        assert b'"hi"' in read_answer(connection)


def test_lines_may_end_without_a_carriage_return(port: int) -> None:
    assert b'"/a"' in ask(port, b"GET /a HTTP/1.1\nConnection: close\n\n")


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000,
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ],
)
def test_what_is_no_request_is_told_so_and_closed(port: int, data: bytes) -> None:
    """Also when the client has sent more than was read: closing must not take the answer away."""
    answer = ask(port, data)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n"), answer[:80]
    assert b'"error": "bad-request"' in answer
    assert b"Connection: close" in answer


def test_clients_that_go_away_at_any_point_do_no_harm(port: int) -> None:
    data = b"POST /p HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
    for end in range(len(data)):
        with connect(port) as connection:
            connection.sendall(data[:end])
    assert b"200 OK" in ask(port, b"GET / HTTP/1.1\r\n" + CLOSE)


def test_a_client_that_reads_nothing_does_not_stop_others(port: int) -> None:
    """Its answer is larger than every buffer on the way; fifty others are answered meanwhile."""
    with connect(port) as slow, connect(port) as silent:
        slow.sendall(b"GET /big HTTP/1.1\r\n" + CLOSE)
        silent.sendall(b"GET /half")
        began = time.monotonic()
        with ThreadPoolExecutor(25) as pool:
            answers = list(pool.map(lambda _: ask(port, b"GET /a HTTP/1.1\r\n" + CLOSE), range(50)))
        assert all(b"200 OK" in answer for answer in answers)
        assert time.monotonic() - began < 5
        assert len(read_to_end(slow)) > BIG, "the slow client gets all of it in the end"


def test_more_connections_than_places_are_told_so() -> None:
    with serving(Patience(connections=2)) as port, connect(port) as one, connect(port) as two:
        for connection in (one, two):
            connection.sendall(b"GET /a HTTP/1.1\r\n\r\n")
            read_answer(connection)
        answer = ask(port, b"GET /a HTTP/1.1\r\n" + CLOSE)
        assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b'"message": "2 connections are open already"' in answer
        one.close()

        def retry() -> bytes:
            return ask(port, b"GET /a HTTP/1.1\r\n" + CLOSE)

        wait_until("a place is free again", retry, lambda seen: b"200 OK" in seen)


def test_a_thread_that_cannot_start_costs_one_client_and_no_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where a pod's limit of processes is reached."""

    def fail(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with serving(Patience(connections=1)) as port:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", fail)
            with connect(port) as refused:
                assert read_to_end(refused) == b""
        assert b"200 OK" in ask(port, b"GET /a HTTP/1.1\r\n" + CLOSE)


@pytest.mark.parametrize("cut", [1, 7])
def test_after_any_bytes_the_next_client_is_answered(port: int, cut: int) -> None:
    """Requests with bytes that are changed, dropped and doubled, each on a connection of its own:
    what comes back is whole answers, and the server goes on."""
    random = Random(cut)
    whole = b"POST /p?name=x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    for _ in range(150):
        data = bytearray(whole * cut)
        for _ in range(random.randrange(1, 6)):
            at = random.randrange(len(data))
            data[at : at + random.randrange(3)] = random.randbytes(random.randrange(3))
        with connect(port) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answers = read_to_end(connection)
        assert set(statuses(answers)) in ({b"200"}, {b"400"}, {b"200", b"400"}), data
    assert b"200 OK" in ask(port, b"GET / HTTP/1.1\r\n" + CLOSE)


def test_an_idle_connection_is_closed_after_a_while() -> None:
    with serving(Patience(idle_s=0.1)) as port, connect(port) as idle:
        assert read_to_end(idle) == b""


def test_a_defect_of_ours_is_a_500_and_told_on_stderr(
    port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = ask(port, b"GET /defect HTTP/1.1\r\n" + CLOSE)
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"KeyError: 'a defect of ours'" in answer
    assert "a defect of ours" in capsys.readouterr().err
    assert b"200 OK" in ask(port, b"GET / HTTP/1.1\r\n" + CLOSE)
