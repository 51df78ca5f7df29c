"""`python3 -m podcov_agent.sidecar`: install the agent, then serve until told to stop.

Owns the process: signals, stderr, return code. Nothing that fails here may keep the application
from starting once the agent is installed: a port that is taken is tried again.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import threading
import time

from podcov_agent.contract import SPOOL_SIDECAR, VERSION
from podcov_agent.sidecar import settings as settings_module
from podcov_agent.sidecar.api import Api
from podcov_agent.sidecar.errors import SidecarError
from podcov_agent.sidecar.generations import Generations
from podcov_agent.sidecar.install import install
from podcov_agent.sidecar.ledger import Ledger
from podcov_agent.sidecar.reader import Spool
from podcov_agent.sidecar.server import Server
from podcov_agent.sidecar.settings import Settings

_RETRY_S = 1.0
_ENDING = {signal.SIGTERM, signal.SIGINT}


def main() -> int:
    """Return code 0 once a signal asked for the end, 1 if the agent cannot be installed."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)  # as pid 1 too: waited for below
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # orphans that pid 1 inherits leave no zombie
    try:
        settings = settings_module.read(sys.argv[1:], os.environ)
        install(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), settings.home)
    except SidecarError as error:
        _say(f"{error}. {error.remedy}")
        return 1
    if settings.temporary is not None:
        threading.Thread(target=_outlive, args=(settings.temporary,), daemon=True).start()
    threading.Thread(target=_serve, args=(settings,), daemon=True).start()
    signal.sigwait(_ENDING)
    return 0


def _outlive(folder: str) -> None:
    """Wait for the end of stdin, clean up after whoever held it, and end."""
    while os.read(0, 4096):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os.kill(os.getpid(), signal.SIGTERM)


def _serve(settings: Settings) -> None:
    """Listen and serve; whatever fails is told once and tried again."""
    told = ""
    while True:
        server = Server()
        try:
            return _serve_with(server, settings)
        except Exception as error:
            server.close()
            reason = _reason(error, settings)
            if reason != told:
                _say(f"cannot serve: {reason}. Nothing is lost; trying again every second")
                if not isinstance(error, OSError):  # a defect of ours: the log has the place
                    sys.excepthook(type(error), error, error.__traceback__)
            told = reason
            time.sleep(_RETRY_S)


def _serve_with(server: Server, settings: Settings) -> None:
    port = server.listen(settings.host, settings.port)
    folder = os.path.join(settings.spool, SPOOL_SIDECAR)
    api = Api(Ledger(Spool(settings.spool), Generations(folder)), settings.spool, port)
    if settings.announce is not None:
        _announce(settings.announce, port)
    _say(f"{VERSION} serves {settings.spool} on {settings.host}:{port}")
    server.serve(api.answer)


def _reason(error: Exception, settings: Settings) -> str:
    if not isinstance(error, OSError):
        return f"{type(error).__name__}: {error}"
    what = error.filename or f"{settings.host}:{settings.port}"
    is_lookup = isinstance(error, socket.gaierror)  # its numbers are no errno
    return f"{what}: {os.strerror(error.errno) if error.errno and not is_lookup else error}"


def _announce(path: str, port: int) -> None:
    temporary = f"{path}.{os.getpid()}.new"
    with open(temporary, "w", encoding="ascii") as file:
        file.write(f"{port}\n")
    os.replace(temporary, path)


def _say(text: str) -> None:
    print(f"podcov-agent: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
