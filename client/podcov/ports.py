"""Owns local ports: whether one is free. Called by forward and run, which must start quickly."""

import socket

from podcov.errors import PortTakenError


def check_free(port: int, host: str = "127.0.0.1", option: str = "--local-port") -> None:
    """PortTakenError if somebody listens on the local port; `option` chose it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise PortTakenError(
                f"Local port {port} is in use, perhaps by a port-forward that still runs.",
                f"See who holds it: ss -ltnp 'sport = :{port}' (Linux), lsof -i :{port} (macOS). "
                f"{option} 0 takes a free one.",
            ) from problem
