"""Owns the way to an agent's port: an HTTP connection over the API server, kubectl, or straight.

Must not send a request: transport does. What `connect` yields is not connected twice, and
everything it opened (sockets, kubectl) is closed when the block ends. Called by connections, made
by session.
"""

import atexit
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from selectors import EVENT_READ, DefaultSelector
from typing import IO, Protocol
from urllib.parse import urlsplit

from podcov.errors import ForwardError
from podcov.kube import Kube
from podcov.models import Target
from podcov.ports import check_free

FORWARDS = ("native", "kubectl")
_living: dict[subprocess.Popen[bytes], int] = {}
"""The kubectls of threads that an interrupted program does not wait for, and whose they are."""
_LISTENING = re.compile(rb"Forwarding from 127\.0\.0\.1:(\d+) ")


class Forwarder(Protocol):
    """A way to reach targets."""

    @contextmanager
    def connect(self, target: Target, timeout_s: float) -> Iterator[HTTPConnection]:
        """An HTTP connection to the target's agent; ForwardError or PortTakenError."""


@dataclass(frozen=True, slots=True)
class Straight:
    """To the address a target names: `podcov run`, Compose, or somebody else's forward."""

    @contextmanager
    def connect(self, target: Target, timeout_s: float) -> Iterator[HTTPConnection]:
        """An HTTP connection to the target's URL."""
        address = urlsplit(target.url)
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        with closing(kind(address.hostname or "", address.port, timeout=timeout_s)) as connection:
            yield connection


@dataclass(frozen=True, slots=True)
class Native:
    """Over the API server by the kubernetes library: no child process, no local port."""

    kube: Kube

    @contextmanager
    def connect(self, target: Target, timeout_s: float) -> Iterator[HTTPConnection]:
        """An HTTP connection over a socket that the API server forwards."""
        tunnel = self.kube.open_port(target.namespace, target.name, target.port)
        with closing(tunnel):
            tunnel.settimeout(timeout_s)
            connection = HTTPConnection("127.0.0.1", target.port, timeout=timeout_s)
            connection.sock = tunnel  # has all that http.client asks of a socket
            connection.auto_open = 0  # there is nothing at that address here
            with closing(connection):
                yield connection


@dataclass(frozen=True, slots=True)
class Kubectl:
    """Over `kubectl port-forward`, for clusters whose login only kubectl knows."""

    kubeconfig: str | None = None
    context: str | None = None
    local_port: int = 0
    """0: kubectl takes a free one."""
    program: str = "kubectl"

    @contextmanager
    def connect(self, target: Target, timeout_s: float) -> Iterator[HTTPConnection]:
        """An HTTP connection to the local port of a kubectl that ends with the block."""
        if self.local_port:
            check_free(self.local_port)
        try:
            child = subprocess.Popen(
                self.command(target), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
        except OSError as problem:
            raise ForwardError(
                f"{self.program} could not be started: {problem.strerror}.",
                "Install kubectl, or use --forward native.",
            ) from problem
        _living[child] = os.getpid()
        with child:
            try:
                port = _await_port(child, target, timeout_s)
                connection = HTTPConnection("127.0.0.1", port, timeout=timeout_s)
                with closing(connection):
                    yield connection
            finally:
                _end(child, _living.pop(child))

    def command(self, target: Target) -> list[str]:
        """The words of the child process."""
        words = [self.program]
        words += ["--kubeconfig", self.kubeconfig] if self.kubeconfig else []
        words += ["--context", self.context] if self.context else []
        words += ["port-forward", "--address", "127.0.0.1", "-n", target.namespace]
        return [*words, f"pod/{target.name}", f"{self.local_port}:{target.port}"]


@atexit.register
def _end_living() -> None:
    for child, owner in tuple(_living.items()):
        _end(child, owner)


def _end(child: subprocess.Popen[bytes], owner: int) -> None:
    """End it, unless this is a fork of the process that it belongs to."""
    if owner == os.getpid():
        child.terminate()


def _await_port(child: subprocess.Popen[bytes], target: Target, timeout_s: float) -> int:
    """The port that kubectl says it listens on; ForwardError with its words if there is none."""
    assert child.stdout is not None
    said = b""
    for piece in _read_until(child.stdout, time.monotonic() + timeout_s):
        said += piece
        match = _LISTENING.search(said)
        if match:
            return int(match[1])
    text = " ".join(said.decode(errors="replace").split()) or f"nothing for {timeout_s:g} s"
    raise ForwardError(
        f"kubectl could not forward port {target.port} of pod {target.name}; it said: {text}",
        "Try the same by hand: "
        f"kubectl port-forward -n {target.namespace} pod/{target.name} :{target.port}",
    )


def _read_until(stream: IO[bytes], deadline: float) -> Iterator[bytes]:
    """What a child prints, piece by piece, until it closes its end or the deadline has come."""
    with DefaultSelector() as selector:
        selector.register(stream, EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            piece = stream.read1(4096)  # type: ignore[attr-defined]  # a pipe's buffered reader
            if not piece:
                return
            yield piece
