"""One request: whatever answers, or does not, has a name."""

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from podcov.connections import Connections
from podcov.errors import BadAnswerError, GenerationMergedError, UnreachableError
from podcov.forward import Straight
from podcov.models import Target
from podcov.transport import Transport
from support.played_cluster import Routes, serving


def get(url: str, path: str = "/v1/health", timeout_s: float = 10) -> object:
    port = int(url.rpartition(":")[2])
    target = Target(url, f"127.0.0.1:{port}", port, url=url)
    with closing(Connections(Straight(), timeout_s)) as connections:
        return Transport(connections, timeout_s).get(target, path)


def answer(routes: Routes) -> object:
    with serving(routes) as url:
        return get(url)


@contextmanager
def saying(*answers: bytes) -> Iterator[str]:
    """A server that says these bytes, one for each connection, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for data in answers:
                connection, _ = server.accept()
                with connection:
                    connection.recv(1 << 16)
                    connection.sendall(data)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join(10)
        assert not thread.is_alive()


def test_merged_generations_have_their_own_error() -> None:
    """410: message and remedy are the agent's."""
    body = {"error": "generation-merged", "message": "generation 3 is gone", "remedy": "Reset."}
    with pytest.raises(GenerationMergedError) as caught:
        answer({"/v1/health": (410, body)})
    assert caught.value.message.endswith(" answered: generation 3 is gone")
    assert caught.value.remedy == "Reset."


def test_a_stranger_at_the_port_is_said() -> None:
    """A web server of somebody else: no JSON, or none of ours."""
    for routes in ({"/v1/health": (200, b"<html>")}, {}, {"/v1/health": (200, [1])}):
        with pytest.raises(BadAnswerError, match="is not a podcov agent"):
            answer(routes)


def test_what_the_agent_refuses_is_told() -> None:
    """400 with the agent's words."""
    with pytest.raises(BadAnswerError, match="answered: from=x"):
        answer({"/v1/health": (400, {"error": "bad-value", "message": "from=x"})})


def test_an_answer_that_breaks_off_is_asked_for_again() -> None:
    """A forward may die in the middle of megabytes."""
    torn = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
    whole = b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{"a": 1}'
    with saying(torn, whole) as url:
        assert get(url) == {"a": 1}


def test_an_answer_that_breaks_off_twice_is_an_error() -> None:
    """Half an answer is never taken for one."""
    torn = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
    with saying(torn, torn) as url, pytest.raises(UnreachableError, match="Nobody answers"):
        get(url)


def test_a_compressed_answer_is_unpacked() -> None:
    """And a broken one is asked for again."""
    data = gzip.compress(b'{"a": 1}')
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    broken = b"x" * len(data)
    with saying(head % len(data) + broken, head % len(data) + data) as url:
        assert get(url) == {"a": 1}


def test_silence_ends_after_the_timeout() -> None:
    """The exact message; silence is not asked twice."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(UnreachableError) as caught:
            get(url, timeout_s=0.2)
    assert caught.value.message == f"{url.partition('//')[2]} did not answer within 0.2 s."
