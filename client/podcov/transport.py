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

from podcov.errors import (
    BadAnswerError,
    GenerationMergedError,
    PodcovError,
    UnreachableError,
)
from podcov.forward import Forwarder
from podcov.models import Target

TRIES = 2
"""A forward may break in the middle of an answer; every question may be asked twice."""


@dataclass(frozen=True, slots=True)
class Transport:
    """Asks agents."""

    forwarder: Forwarder
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
        for left in reversed(range(TRIES)):
            try:
                with self.forwarder.connect(target, self.timeout_s) as connection:
                    status, data = _exchange(connection, method, path, body)
                break
            except (OSError, HTTPException, EOFError, zlib.error) as problem:
                refused = isinstance(problem, ConnectionRefusedError | TimeoutError)
                if not left or refused:
                    raise _unreachable(target, problem, self.timeout_s) from problem
        return _decode(target, path, status, data)


def _exchange(
    connection: HTTPConnection, method: str, path: str, body: bytes | None
) -> tuple[int, bytes]:
    headers = {"Accept-Encoding": "gzip", "Connection": "close"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
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
