"""Owns local ports: whether one is free. Called by forward and run, which must start quickly."""

import errno
import socket

from podcov.errors import LaunchError, PortTakenError


def check_free(port: int, host: str = "127.0.0.1", option: str = "--local-port") -> None:
    """PortTakenError if somebody listens on the local port; `option` chose it. LaunchError if
    nobody can listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE:
                raise LaunchError(
                    f"Nobody can listen at {host}:{port}: {problem.strerror}.",
                    "Name an IPv4 address of this machine, and a port that this user may have.",
                ) from problem
            raise PortTakenError(
                f"Local port {port} is in use, perhaps by a port-forward that still runs.",
                f"See who holds it: ss -ltnp 'sport = :{port}' (Linux), lsof -i :{port} (macOS). "
                f"{option} 0 takes a free one.",
            ) from problem
