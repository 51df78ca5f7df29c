"""Requests and answers as bytes."""

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from podcov_agent.sidecar import http
from podcov_agent.sidecar.errors import BadRequestError, GenerationMergedError


@pytest.mark.parametrize(
    ("target", "path", "parameters"),
    [
        ("/health", "/health", {}),
        ("/coverage?name=a", "/coverage", {"name": "a"}),
        ("/?name=a", "/", {"name": "a"}),
        ("/coverage?name=my test run", "/coverage", {"name": "my test run"}),
        ("/coverage?name=a+b%20c%2F%C3%BC", "/coverage", {"name": "a b c/ü"}),
        ("/coverage?name=ünï-日本", "/coverage", {"name": "ünï-日本"}),
        ("/coverage?name=50%", "/coverage", {"name": "50%"}),
        ("/coverage?name=R&D", "/coverage", {"name": "R&D"}),
        ("/coverage?name=a=b", "/coverage", {"name": "a=b"}),
        ("/coverage?name=what?", "/coverage", {"name": "what?"}),
        ("/coverage?name=a#b", "/coverage", {"name": "a#b"}),
        ("/coverage?name='\"<>\\{}|^`", "/coverage", {"name": "'\"<>\\{}|^`"}),
        ("/coverage?name=", "/coverage", {"name": ""}),
        ("/coverage?", "/coverage", {}),
        ("/coverage?format=sqlite&name=a b", "/coverage", {"format": "sqlite", "name": "a b"}),
    ],
)
def test_a_target_is_understood_however_it_is_escaped(
    target: str, path: str, parameters: dict[str, str]
) -> None:
    request = http.parse_head(f"GET {target} HTTP/1.1\r\nHost: x".encode())
    assert (request.path, request.parameters) == (path, parameters)


def test_a_name_that_is_no_utf8_is_still_a_name() -> None:
    request = http.parse_head(b"GET /coverage?name=a\xff HTTP/1.1")
    assert request.parameters == {"name": "a\ufffd"}


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"", "the request line is ''"),
        (b"GET /health", "the request line is 'GET /health'"),
        (b"GET  HTTP/1.1", "the request line is 'GET  HTTP/1.1'"),
        (b"\x16\x03\x01\x02", "the request line is '\\x16\\x03\\x01\\x02'"),
        (b"PRI * HTTP/2.0", "the request line is 'PRI * HTTP/2.0'"),
        (b"DELETE / HTTP/1.1", "the method is 'DELETE', expected GET, POST, HEAD"),
        (b"GET / HTTP/1.1\r\nno colon", "a header line is 'no colon'"),
    ],
)
def test_what_is_no_request_is_refused_with_what_was_seen(head: bytes, message: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        http.parse_head(head)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("version", "connection", "keeps_alive"),
    [
        ("HTTP/1.1", None, True),
        ("HTTP/1.1", "close", False),
        ("HTTP/1.1", "Close, TE", False),
        ("HTTP/1.0", None, False),
        ("HTTP/1.0", "Keep-Alive", True),
    ],
)
def test_the_connection_stays_open_as_the_client_wishes(
    version: str, connection: str | None, keeps_alive: bool
) -> None:
    header = f"\r\nConnection: {connection}" if connection else ""
    assert http.parse_head(f"GET / {version}{header}".encode()).keeps_alive is keeps_alive


@pytest.mark.parametrize(
    "length", ["-1", "x", "65537", "9" * 5000, "0" * 9 + "65537", "0" * 5000, "1 2", "٣"]
)
def test_a_length_that_is_none_or_too_much_is_refused(length: str) -> None:
    request = http.parse_head(f"POST / HTTP/1.1\r\nContent-Length: {length}".encode())
    with pytest.raises(BadRequestError, match=r"^Content-Length is .*, expected 0 to 65536$"):
        _ = request.body_bytes


def test_two_lengths_are_refused_unless_they_are_the_same() -> None:
    head = "POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: {}"
    with pytest.raises(BadRequestError, match="there are two Content-Lengths"):
        http.parse_head(head.format(3).encode())
    assert http.parse_head(head.format(2).encode()).body_bytes == 2


PIECES = [
    *(b"GET ", b"POST ", b"HEAD ", b"/health", b"/coverage?name=", b"&", b"%", b"?", b"=", b" "),
    *(b" HTTP/1.1", b"\r\n", b"\n", b"Host: x", b"Content-Length: ", b"9" * 30, b": ", b"\xff"),
    *(b"Transfer-Encoding: chunked", b"Connection: close", b"\0", "²".encode()),
]
HEADS = st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(PIECES)).map(b"".join))


@given(HEADS)
@settings(max_examples=500, deadline=None)
def test_any_bytes_are_a_request_or_a_bad_one(head: bytes) -> None:
    """Nothing but BadRequestError comes out of them, and every request can be answered."""
    try:
        request = http.parse_head(head)
        assert 0 <= request.body_bytes <= http.BODY_BYTES
    except BadRequestError:
        return
    answer = http.json_answer(200, {"path": request.path, **request.parameters}, may_compress=True)
    assert http.render(request, answer, 1, NOW).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_chunked_body_is_refused() -> None:
    request = http.parse_head(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked")
    with pytest.raises(BadRequestError, match="expected Content-Length"):
        _ = request.body_bytes


NOW = 1_700_000_000.0
GET = http.parse_head(b"GET / HTTP/1.1\r\nHost: x")


def test_an_answer_to_the_byte() -> None:
    assert http.render(GET, http.json_answer(200, {"a": 1}), 42, NOW) == (
        b"HTTP/1.1 200 OK\r\n"
        b"Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
        b"Content-Type: application/json\r\n"
        b"Content-Length: 8\r\n"
        b"X-Art-Coverage-Server: 1\r\n"
        b"X-Art-Coverage-Pid: 42\r\n"
        b"X-Art-Coverage-Binary: podcov-agent\r\n"
        b"Connection: keep-alive\r\n"
        b"\r\n"
        b'{"a": 1}'
    )


def test_an_error_to_the_byte() -> None:
    answer = http.error_answer(GenerationMergedError("generation 5 was merged"))
    assert http.render(None, answer, 42, NOW) == (
        b"HTTP/1.1 410 Gone\r\n"
        b"Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
        b"Content-Type: application/json\r\n"
        b"Content-Length: 163\r\n"
        b"X-Art-Coverage-Server: 1\r\n"
        b"X-Art-Coverage-Pid: 42\r\n"
        b"X-Art-Coverage-Binary: podcov-agent\r\n"
        b"Connection: close\r\n"
        b"\r\n"
        b'{"error": "generation-merged", "message": "generation 5 was merged", "remedy": '
        b'"Ask for an interval that begins at a session or at one of the newest generations."}'
    )


def test_head_gets_the_head_of_the_same_answer() -> None:
    answer = http.json_answer(200, {"a": 1})
    head = http.parse_head(b"HEAD / HTTP/1.1")
    whole = http.render(GET, answer, 42, NOW)
    assert http.render(head, answer, 42, NOW) == whole[: -len(answer.body)]


def test_only_v1_is_compressed_and_only_when_asked_for() -> None:
    asks = http.parse_head(b"GET / HTTP/1.1\r\nAccept-Encoding: deflate, gzip")
    value = {"a": "b" * 5000}
    for may, request, compressed in [
        (True, asks, True),
        (True, GET, False),
        (False, asks, False),
    ]:
        data = http.render(request, http.json_answer(200, value, may), 42, NOW)
        head, _, body = data.partition(b"\r\n\r\n")
        assert (b"Content-Encoding: gzip" in head) is compressed
        assert b"Content-Length: %d\r\n" % len(body) in head
        assert json.loads(gzip.decompress(body) if compressed else body) == value
