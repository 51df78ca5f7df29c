"""A way to an agent that can be watched and cut: a port whose connections lead to another port.

With `api=True` it speaks as the API server does when it forwards a port of a pod: a websocket of
two channels. Owns its sockets and threads. Called by tests of the client.
"""

import base64
import hashlib
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BINARY, CLOSE = 2, 8
Wrap = Callable[[bytes], bytes]


class Relay:
    """`accepted` connections so far; `open` ones now; `says` goes to the error channel instead of
    anything else; `refuses` answers the request for a websocket with this status."""

    def __init__(self, to: int, api: bool = False) -> None:
        self.accepted = 0
        self.says = self.refuses = ""
        self._to, self._api = to, api
        self._open: set[socket.socket] = set()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def open(self) -> int:
        """How many connections there are now."""
        return len(self._open)

    def cut(self) -> None:
        """End every connection, as when a pod dies."""
        for client in tuple(self._open):
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Take no more connections."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                self.accepted += 1
                self._open.add(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(EOFError, OSError), client:
            if not self._api or self._shake_hands(client):
                self._hand_on(client)
        self._open.discard(client)

    def _hand_on(self, client: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", self._to)) as agent:
            wrap = _frame_of_data if self._api else bytes
            back = threading.Thread(target=pump, args=(agent, client, wrap), daemon=True)
            back.start()
            with suppress(EOFError, OSError):
                while data := (_read_frame(client) if self._api else client.recv(1 << 16)):
                    agent.sendall(data)
            agent.shutdown(socket.SHUT_RDWR)
            back.join()

    def _shake_hands(self, client: socket.socket) -> bool:
        request = b""
        while b"\r\n\r\n" not in request:
            request += _read(client, 1)
        if self.refuses:
            body = b'{"message": "the pod has no host"}'
            head = f"HTTP/1.1 {self.refuses}\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body)
            return False
        key = re.search(rb"(?i)sec-websocket-key: (\S+)", request)
        wanted = re.search(rb"(?i)sec-websocket-protocol: (\S+)", request)
        assert key
        assert wanted
        client.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: %s\r\n\r\n"
            % (
                base64.b64encode(hashlib.sha1(key[1] + GUID).digest()),
                wanted[1].split(b",")[-1],
            )
        )
        for channel in (b"\0", b"\1"):
            client.sendall(_frame(channel + struct.pack("<H", 9095)))
        if self.says:
            client.sendall(_frame(b"\1" + self.says.encode()))
        return not self.says


def pump(source: socket.socket, sink: socket.socket, wrap: Wrap = bytes) -> None:
    """Hand on what comes, at once, until either side ends; then end both."""
    with suppress(OSError):
        for each in (source, sink):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while data := source.recv(1 << 16):
            sink.sendall(wrap(data))
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def _frame_of_data(data: bytes) -> bytes:
    return _frame(b"\0" + data)


def _frame(data: bytes) -> bytes:
    return bytes([0x80 | BINARY, 127]) + struct.pack(">Q", len(data)) + data


def _read_frame(client: socket.socket) -> bytes:
    """What a masked frame holds for the data channel; nothing when the client closes."""
    first, second = _read(client, 2)
    size = second & 0x7F
    if size > 125:
        size = int.from_bytes(_read(client, 2 if size == 126 else 8), "big")
    mask = _read(client, 4)
    data = bytes(byte ^ mask[at % 4] for at, byte in enumerate(_read(client, size)))
    return b"" if first & 0xF == CLOSE else data[1:]


def _read(client: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = client.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


@contextmanager
def relaying(to: int, api: bool = False) -> Iterator[Relay]:
    """A relay to a port of this machine, while the block runs."""
    relay = Relay(to, api)
    try:
        yield relay
    finally:
        relay.close()
