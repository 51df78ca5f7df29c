"""The sidecar as a process of its own, and its bytes on the wire.

Owns starting and stopping it in tests. Called by unit, contract and process tests and benchmarks.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import podcov_agent
from podcov_agent.contract import SPOOL_SIDECAR
from podcov_agent.sidecar.api import Api
from podcov_agent.sidecar.generations import Generations
from podcov_agent.sidecar.ledger import Ledger
from podcov_agent.sidecar.reader import Spool
from podcov_agent.sidecar.server import Server
from support.waiting import wait_until

AGENT = Path(podcov_agent.__file__).parent
"""The folder of the agent's package."""


class Sidecar:
    """A running sidecar."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, errors: Path) -> None:
        self.process, self.port, self.errors = process, port, errors

    def send(self, data: bytes) -> bytes:
        """Write these bytes, read to the end of the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(data)
            return read_to_end(connection)

    def get(self, target: str, *headers: str) -> tuple[bytes, bytes]:
        """Head and body of the answer to a GET."""
        lines = [f"GET {target} HTTP/1.1", "Host: x", "Connection: close", *headers, "", ""]
        head, _, body = self.send("\r\n".join(lines).encode()).partition(b"\r\n\r\n")
        return head, body

    def rss_kib(self) -> int:
        """Its resident memory, as the kernel counts it."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def cpu_s(self) -> float:
        """The processor time it has had, in steps of the kernel's clock."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """End it as the kernel's memory killer would."""
        self.process.kill()
        self.process.wait(20)

    def stop(self) -> int:
        """End it by SIGTERM; its return code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def read_to_end(connection: socket.socket) -> bytes:
    """Everything the other side sends until it closes."""
    data = b""
    while part := connection.recv(1 << 16):
        data += part
    return data


def start(
    arguments: list[str],
    errors: Path,
    environ: dict[str, str] | None = None,
    python: str | Path = sys.executable,
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start the sidecar with nothing but this in its environment; stderr goes to a file."""
    path = {"PATH": os.environ["PATH"], "PYTHONPATH": str(AGENT.parent)}
    with errors.open("ab") as stderr:
        return subprocess.Popen(
            [python, "-m", "podcov_agent.sidecar", *arguments],
            env={**path, **(environ or {})},
            stdin=stdin,
            stderr=stderr,
        )


def announced_port(announce: Path, errors: Path) -> int:
    """The port in the file that `--announce` names, once it is there."""

    def ask() -> str:
        return announce.read_text() if announce.exists() else errors.read_text()

    return int(wait_until("the sidecar announces its port", ask, lambda t: t.strip().isdigit()))


class Served:
    """A sidecar's answers from a thread of this process: for tests that ask it and no more."""

    def __init__(self, spool: Path) -> None:
        self._server = Server()
        self.port = self._server.listen("127.0.0.1", 0)
        ledger = Ledger(Spool(str(spool)), Generations(str(spool / SPOOL_SIDECAR)))
        api = Api(ledger, str(spool), self.port)
        self._thread = threading.Thread(target=self._server.serve, args=(api.answer,))
        self._thread.start()

    def stop(self) -> None:
        """From now on connections are refused."""
        self._server.close()
        self._thread.join(20)


@contextmanager
def running(spool: Path, scratch: Path, python: str | Path = sys.executable) -> Iterator[Sidecar]:
    """A sidecar that serves `spool` on a free port; it installs into `scratch`, as in a pod."""
    announce, errors = scratch / "port", scratch / "stderr"
    announce.unlink(missing_ok=True)
    environ = {"PODCOV_HOME": str(scratch / "home"), "PODCOV_SPOOL": str(spool)}
    process = start(["--port", "0", "--announce", str(announce)], errors, environ, python)
    try:
        yield Sidecar(process, announced_port(announce, errors), errors)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(20)
