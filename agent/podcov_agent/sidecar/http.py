"""HTTP/1.1 as bytes: a request's head into values, an answer into bytes.

Pure; knows no route and touches no socket. Written by hand because two existing clients depend on
the exact bytes, and because http.server would double the sidecar's memory. Called by `server`.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from podcov_agent.contract import HEADER_BINARY, HEADER_PID, HEADER_SERVER, SIDECAR_NAME
from podcov_agent.sidecar.errors import BadRequestError, SidecarError

HEAD_BYTES = 64 << 10
BODY_BYTES = 64 << 10
"""Longest head and body of a request that are read."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_METHODS = ("GET", "POST", "HEAD")
_REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    410: "Gone",
    500: "Internal Server Error",
    503: "Service Unavailable",
    507: "Insufficient Storage",
}
_GZIP_FROM_BYTES = 1024
_GZIP_WINDOW = 31


@dataclass(frozen=True)
class Request:
    """One request. Header names are in lower case, parameters are decoded."""

    method: str
    path: str
    parameters: dict[str, str]
    headers: dict[str, str]
    version: str = "HTTP/1.1"
    body: bytes = b""

    @property
    def keeps_alive(self) -> bool:
        """Whether the client expects the connection to stay open."""
        wish = self.headers.get("connection", "").lower()
        return "keep-alive" in wish if self.version == "HTTP/1.0" else "close" not in wish

    @property
    def body_bytes(self) -> int:
        """How long its body is. Raises BadRequestError when that cannot be known or is too much."""
        if "transfer-encoding" in self.headers:
            raise BadRequestError("Transfer-Encoding is not understood, expected Content-Length")
        text = self.headers.get("content-length", "0")
        is_number = text.isascii() and text.isdigit() and len(text) < 10
        if not is_number or int(text) > BODY_BYTES:
            raise BadRequestError(f"Content-Length is {text!r}, expected 0 to {BODY_BYTES}")
        return int(text)

    def accepts_gzip(self) -> bool:
        """Whether the answer may be compressed."""
        codings = self.headers.get("accept-encoding", "").lower().replace(" ", "").split(",")
        return "gzip" in codings


@dataclass(frozen=True)
class Answer:
    """What goes back; `may_compress` where the protocol allows it."""

    status: int
    body: bytes
    may_compress: bool = False


def json_answer(status: int, value: Mapping[str, object], may_compress: bool = False) -> Answer:
    """An answer with this body, all ASCII."""
    return Answer(status, json.dumps(value).encode("ascii"), may_compress)


def error_answer(error: SidecarError, may_compress: bool = False) -> Answer:
    """The answer that tells an error."""
    body = {"error": error.slug, "message": str(error), "remedy": error.remedy}
    return json_answer(error.status, body, may_compress)


def parse_head(head: bytes) -> Request:
    """The request that begins with these lines (without the empty one). Raises BadRequestError.

    The target may hold blanks and bytes that should have been escaped: one client does not escape.
    """
    line, *rest = head.decode("utf-8", "replace").split("\n")
    method, _, after = line.strip().partition(" ")
    target, _, version = after.rpartition(" ")
    if not version.startswith("HTTP/1.") or not target.strip():
        raise BadRequestError(f"the request line is {line.strip()[:80]!r}")
    if method not in _METHODS:
        raise BadRequestError(f"the method is {method[:20]!r}, expected {', '.join(_METHODS)}")
    headers: dict[str, str] = {}
    for entry in rest:
        name, colon, value = entry.partition(":")
        if not colon or not name.strip():
            raise BadRequestError(f"a header line is {entry.strip()[:80]!r}")
        name, value = name.strip().lower(), value.strip()
        if name == "content-length" and headers.get(name, value) != value:
            raise BadRequestError("there are two Content-Lengths, expected one")
        headers[name] = value
    path, _, query = target.strip().partition("?")
    return Request(method, path, _parameters(query), headers, version)


def render(request: Request | None, answer: Answer, pid: int, now: float) -> bytes:
    """The bytes of an answer at `now` (seconds since the epoch); no request is a malformed one."""
    body, extra = answer.body, {}
    if request is not None and answer.may_compress:
        extra["Vary"] = "Accept-Encoding"
        if request.accepts_gzip() and len(body) >= _GZIP_FROM_BYTES:
            packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP_WINDOW)
            body = packer.compress(body) + packer.flush()
            extra["Content-Encoding"] = "gzip"
    keeps_alive = request is not None and request.keeps_alive
    headers = {
        "Date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now)),
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **extra,
        HEADER_SERVER: "1",
        HEADER_PID: str(pid),
        HEADER_BINARY: SIDECAR_NAME,
        "Connection": "keep-alive" if keeps_alive else "close",
    }
    lines = [f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join([*lines, "", ""]).encode("ascii")
    return head if request is not None and request.method == "HEAD" else head + body


def _parameters(query: str) -> dict[str, str]:
    """Names to values. A part without `=` was an unescaped `&` in the value before it."""
    pairs: list[tuple[str, str]] = []
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        if equals:
            pairs.append((name, value))
        elif pairs:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]}&{part}")
    return {unquote_plus(name): unquote_plus(value) for name, value in pairs}
