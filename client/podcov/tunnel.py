"""Owns the bytes to a port of a pod: what http.client needs of a socket, made of a websocket.

The only file that imports websocket. A frame begins with its channel: 0 holds the connection's
bytes, 1 the API server's words when it breaks; the first frame of each says only the port. There
is no thread: a frame is read when somebody waits for bytes. Called by kube, which opens websockets.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING

from websocket import (
    ABNF,
    WebSocket,
    WebSocketBadStatusException,
    WebSocketConnectionClosedException,
    WebSocketException,
    WebSocketTimeoutException,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

DATA, ERROR = 0, 1
Refuse = Callable[[str], Exception]


class Tunnel:
    """A connection to a port of a pod. Failures are OSErrors, or what `refuse` makes of the API
    server's words."""

    def __init__(self, websocket: WebSocket, refuse: Refuse) -> None:
        self._websocket = websocket
        self._refuse = refuse
        self._begun: set[int] = set()
        self._unread = b""
        self._readers = 0
        self._closing = False

    def settimeout(self, timeout_s: float) -> None:
        """How long a read or a write may wait."""
        self._websocket.settimeout(timeout_s)

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        with as_os_errors():
            self._websocket.send_binary(bytes([DATA]) + data)

    def makefile(self, mode: str = "rb") -> BufferedReader:
        """What comes in. The tunnel stays open until it is closed too, as with a socket."""
        self._readers += 1
        return BufferedReader(_Incoming(self))

    def close(self) -> None:
        """Close; at once, if nobody reads any more."""
        self._closing = True
        if not self._readers:
            self._websocket.shutdown()  # type: ignore[no-untyped-call]  # theirs has no types

    def end_reader(self) -> None:
        """One who reads has closed its file."""
        self._readers -= 1
        if self._closing:
            self.close()

    def receive(self, most: int) -> bytes:
        """The next bytes, at most so many; none at the end."""
        while not self._unread:
            with as_os_errors():
                try:
                    kind, frame = self._websocket.recv_data_frame(control_frame=True)
                except WebSocketConnectionClosedException:
                    return b""
            if kind == ABNF.OPCODE_CLOSE:
                return b""
            if kind == ABNF.OPCODE_BINARY and frame.data:
                self._take(frame.data)
        data, self._unread = self._unread[:most], self._unread[most:]
        return data

    def _take(self, data: bytes) -> None:
        channel, content = data[0], data[1:]
        if channel not in self._begun:
            self._begun.add(channel)
        elif channel == ERROR:
            raise self._refuse(content.decode("utf-8", "replace"))
        else:
            self._unread += content


class _Incoming(RawIOBase):
    """A tunnel's incoming bytes, as a file."""

    def __init__(self, tunnel: Tunnel) -> None:
        self._tunnel = tunnel

    def readable(self) -> bool:
        """It is read and nothing else."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill the buffer as far as there are bytes."""
        view = memoryview(buffer)
        data = self._tunnel.receive(len(view))
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Give the tunnel back."""
        if not self.closed:
            super().close()
            self._tunnel.end_reader()


@contextmanager
def as_os_errors() -> Iterator[None]:
    """The library's errors as those that a socket would have raised."""
    try:
        yield
    except WebSocketTimeoutException as problem:
        raise TimeoutError(str(problem)) from problem
    except WebSocketBadStatusException as problem:
        raise ConnectionError(_words(problem)) from problem
    except WebSocketException as problem:
        raise ConnectionError(str(problem)) from problem


def _words(problem: WebSocketBadStatusException) -> str:
    """Why the API server opens no websocket."""
    try:
        said = json.loads(problem.resp_body or b"")["message"]
    except (ValueError, LookupError, TypeError):
        said = "no websocket"
    return f"HTTP {problem.status_code}: {said}"
