"""The listening socket and one thread per connection.

Owns every socket of the sidecar; knows no route. A connection that is slow, idle or broken costs
its own thread and nothing else. Called by `__main__`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
import sys
import threading
import time
from collections.abc import Callable

from podcov_agent.sidecar import errors, http

Responder = Callable[[http.Request], http.Answer]


@dataclasses.dataclass(frozen=True)
class Patience:
    """How long and how much the server bears. Times in seconds."""

    idle_s: float = 60.0
    """Without a byte in either direction."""
    linger_s: float = 1.0
    """For the client's last bytes, so that closing does not take our answer from it."""
    connections: int = 128


class Server:
    """Listens once `listen` has returned; serves until `close`."""

    def __init__(self, patience: Patience = Patience()) -> None:
        self._patience = patience
        self._places = threading.BoundedSemaphore(patience.connections)
        self._socket: socket.socket | None = None

    def listen(self, host: str, port: int) -> int:
        """Bind and return the port, which differs from `port` only if that is 0. Raises OSError."""
        self._socket = socket.create_server((host, port), backlog=128)
        return int(self._socket.getsockname()[1])

    def serve(self, respond: Responder) -> None:
        """Answer requests until `close` is called from another thread."""
        assert self._socket is not None, "listen() comes first"
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                if self._socket.fileno() < 0:
                    return
                time.sleep(0.05)  # out of descriptors: wait for a connection to end
                continue
            if self._places.acquire(blocking=False):
                self._start(self._converse, connection, respond)
            else:
                self._start(self._refuse, connection)

    def _start(self, work: Callable[..., None], connection: socket.socket, *more: object) -> None:
        try:
            threading.Thread(target=work, args=(connection, *more), daemon=True).start()
        except RuntimeError:  # no more threads: this client has to come again
            connection.close()
            if work == self._converse:
                self._places.release()

    def close(self) -> None:
        """Stop listening. Connections that are open end with their threads."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()

    def _converse(self, connection: socket.socket, respond: Responder) -> None:
        try:
            with connection, contextlib.suppress(OSError):
                connection.settimeout(self._patience.idle_s)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                received = bytearray()
                while _exchange(connection, received, respond):
                    pass
                _end(connection, self._patience.linger_s)
        finally:
            self._places.release()

    def _refuse(self, connection: socket.socket) -> None:
        limit = self._patience.connections
        with connection, contextlib.suppress(OSError):
            connection.settimeout(self._patience.linger_s)
            _reject(connection, errors.TooBusyError(f"{limit} connections are open already"))
            _end(connection, self._patience.linger_s)


def _exchange(connection: socket.socket, received: bytearray, respond: Responder) -> bool:
    """One request and its answer; True if another may follow."""
    try:
        request = _receive(connection, received)
    except errors.BadRequestError as error:
        _reject(connection, error)
        return False
    if request is None:
        return False
    try:
        answer = respond(request)
    except Exception as error:  # a defect of ours: the client is told, the log has the place
        sys.excepthook(type(error), error, error.__traceback__)
        answer = http.error_answer(errors.SidecarError(f"{type(error).__name__}: {error}"))
    _send(connection, http.render(request, answer, os.getpid(), time.time()))
    return request.keeps_alive


def _receive(connection: socket.socket, received: bytearray) -> http.Request | None:
    """The next request, None at the end of the connection. What follows it stays in `received`."""
    while (end := _end_of_head(received)) is None:
        if len(received) > http.HEAD_BYTES:
            raise errors.BadRequestError(f"the head is longer than {http.HEAD_BYTES} bytes")
        if not _receive_more(connection, received):
            if received.strip():
                raise errors.BadRequestError("the connection ended within the head")
            return None
    head_bytes, body_begins = end
    request = http.parse_head(bytes(received[:head_bytes]).lstrip(b"\r\n"))
    body_ends = body_begins + request.body_bytes
    if len(received) < body_ends and request.headers.get("expect", "").lower() == "100-continue":
        _send(connection, http.CONTINUE)
    while len(received) < body_ends:
        if not _receive_more(connection, received):
            raise errors.BadRequestError("the connection ended within the body")
    body = bytes(received[body_begins:body_ends])
    del received[:body_ends]
    return dataclasses.replace(request, body=body)


def _receive_more(connection: socket.socket, received: bytearray) -> bool:
    data = connection.recv(64 << 10)
    received += data
    return bool(data)


def _end_of_head(received: bytearray) -> tuple[int, int] | None:
    """Where the head ends and the body begins; empty lines before a head belong to it."""
    blank = len(received) - len(received.lstrip(b"\r\n"))
    ends = [(received.find(mark, blank), len(mark)) for mark in (b"\r\n\r\n", b"\n\n")]
    found = [(at, at + size) for at, size in ends if at >= 0]
    return min(found) if found else None


def _reject(connection: socket.socket, error: errors.SidecarError) -> None:
    answer = http.error_answer(error)
    _send(connection, http.render(None, answer, os.getpid(), time.time()))


def _send(connection: socket.socket, data: bytes) -> None:
    """All of it, as slowly as the client likes while it takes any at all."""
    left = memoryview(data)
    while left:
        left = left[connection.send(left) :]


def _end(connection: socket.socket, linger_s: float) -> None:
    """Close so that the client still gets what was sent: unread input would reset it."""
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(linger_s)
    until = time.monotonic() + linger_s
    while connection.recv(64 << 10) and time.monotonic() < until:
        pass
