"""Owns one request to one agent: HTTP, gzip and JSON over a forward, with every failure named.

Must not know what the JSON means: wire does. Called by session.
"""

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import cast

from podcov.connections import Connections, Line
from podcov.errors import (
    BadAnswerError,
    ForwardError,
    GenerationMergedError,
    PodcovError,
    UnreachableError,
)
from podcov.models import Target

TRIES = 2
"""A forward may break in the middle of an answer; every question may be asked twice."""
BROKEN = (OSError, HTTPException, EOFError, zlib.error)
"""How a connection fails."""


@dataclass(frozen=True, slots=True)
class Transport:
    """Asks agents."""

    connections: Connections
    timeout_s: float

    def get(self, target: Target, path: str) -> Mapping[str, object]:
        """The JSON object at `path`."""
        return self._ask(target, "GET", path, None)

    def post(self, target: Target, path: str, body: Mapping[str, object]) -> Mapping[str, object]:
        """The JSON object that answers `body`."""
        return self._ask(target, "POST", path, json.dumps(body).encode())

    def _ask(
        self, target: Target, method: str, path: str, body: bytes | None
    ) -> Mapping[str, object]:
        question = _Question(method, path, body)
        said = self._ask_kept(target, question) or self._ask_anew(target, question)
        return _decode(target, path, *said)

    def _ask_kept(self, target: Target, question: "_Question") -> tuple[int, bytes] | None:
        """The answer over the connection that was kept; None if there is none, or it has died."""
        line = self.connections.take(target)
        if line is None:
            return None
        try:
            return self._exchange(target, line, question)
        except (*BROKEN, ForwardError):
            return None

    def _ask_anew(self, target: Target, question: "_Question") -> tuple[int, bytes]:
        for left in reversed(range(TRIES)):
            try:
                return self._exchange(target, self.connections.open(target), question)
            except BROKEN as problem:
                refused = isinstance(problem, ConnectionRefusedError | TimeoutError)
                if not left or refused:
                    raise _unreachable(target, problem, self.timeout_s) from problem
        raise AssertionError("the last try returns or raises")

    def _exchange(self, target: Target, line: Line, question: "_Question") -> tuple[int, bytes]:
        """Status and body. The connection is kept after an answer, and closed after a failure."""
        try:
            answer = _exchange(line.connection, question)
        except BaseException:
            line.close()
            raise
        self.connections.keep(target, line)
        return answer


@dataclass(frozen=True, slots=True)
class _Question:
    method: str
    path: str
    body: bytes | None


def _exchange(connection: HTTPConnection, question: _Question) -> tuple[int, bytes]:
    headers = {"Accept-Encoding": "gzip"}
    if question.body is not None:
        headers["Content-Type"] = "application/json"
    connection.request(question.method, question.path, question.body, headers)
    with connection.getresponse() as answer:
        data = answer.read()
    if answer.getheader("Content-Encoding") == "gzip":
        data = gzip.decompress(data)
    return answer.status, data


def _decode(target: Target, path: str, status: int, data: bytes) -> Mapping[str, object]:
    try:
        answer = json.loads(data)
    except ValueError as problem:
        raise _stranger(target, path, status) from problem
    if not isinstance(answer, dict):
        raise _stranger(target, path, status)
    if status != 200:
        raise _refusal(target, path, status, answer)
    return cast(Mapping[str, object], answer)


def _stranger(target: Target, path: str, status: int) -> PodcovError:
    return BadAnswerError(
        f"What answers at port {target.port} of {target.name} is not a podcov agent "
        f"(HTTP {status} for {path}, no JSON object).",
        "Check the address, or what else listens at that port in the pod.",
    )


def _refusal(target: Target, path: str, status: int, answer: Mapping[str, object]) -> PodcovError:
    if "error" not in answer:
        return _stranger(target, path, status)
    message = f"{target.name} answered: {answer.get('message', answer['error'])}"
    remedy = str(answer.get("remedy") or "Run `podcov status` to see what it knows.")
    kind = GenerationMergedError if answer["error"] == "generation-merged" else BadAnswerError
    return kind(message, remedy)


def _unreachable(target: Target, problem: Exception, timeout_s: float) -> PodcovError:
    if isinstance(problem, TimeoutError):
        return UnreachableError(
            f"{target.name} did not answer within {timeout_s:g} s.",
            "Give it longer with --timeout, or look at the podcov-agent container's log.",
        )
    if target.url:
        return UnreachableError(
            f"Nobody answers at {target.url}: {_reason(problem)}.",
            "Check that the program was started by `podcov run` and still runs.",
        )
    return UnreachableError(
        f"The connection to {target.name} broke: {_reason(problem)}.",
        "Try again, or the other --forward; look at the podcov-agent container's log.",
    )


def _reason(problem: Exception) -> str:
    text = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
    return str(text).rstrip(".")
