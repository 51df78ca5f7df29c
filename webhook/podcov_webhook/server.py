"""Owns the listening socket and the life of the server process.

The only importer of uvicorn. Called by `cli serve`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import uvicorn

from podcov_webhook.api import make_app
from podcov_webhook.decision import Context
from podcov_webhook.errors import SettingsError
from podcov_webhook.settings import AgentSettings, ServerSettings
from podcov_webhook.tls import CertificateFiles

log = logging.getLogger(__name__)

GRACE_S = 10
"""After SIGTERM, answers under way get this long; an admission call lasts at most 30 s, ours 5."""


def serve(settings: ServerSettings, agent: AgentSettings) -> None:
    """Answer reviews until SIGTERM or SIGINT. Raises SettingsError when it cannot listen."""
    files = CertificateFiles(Path(settings.tls_cert), Path(settings.tls_key))
    app = make_app(Context(settings.namespace, agent), files)
    with _listen(settings) as listener:
        log.info(
            "listening at %s:%s",
            *listener.getsockname()[:2],
            extra={"event": "listening", "port": listener.getsockname()[1]},
        )
        config = uvicorn.Config(
            app,
            ssl_context_factory=lambda _config, _default: files.serving_context(),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _leave)
        asyncio.run(_run(uvicorn.Server(config), listener, files, settings.tls_poll_s))


async def _run(
    server: uvicorn.Server, listener: socket.socket, files: CertificateFiles, poll_s: float
) -> None:
    following = asyncio.create_task(files.follow(poll_s))
    try:
        await server.serve(sockets=[listener])
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


def _leave(_number: int, _frame: object) -> NoReturn:
    """Until uvicorn listens to signals, and again when it has answered everybody."""
    raise SystemExit(0)


def _listen(settings: ServerSettings) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        listener = socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        raise SettingsError(
            f"cannot listen at {settings.host}:{settings.port}: {os.strerror(error.errno or 0)}; "
            "choose another --host or --port"
        ) from error
    # Inherited by every connection; asyncio does not set it for a socket made without a protocol,
    # and without it each answer waits 40 ms for the client's acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
