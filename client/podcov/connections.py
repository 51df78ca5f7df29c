"""Owns the connections of a session: one is kept for each agent, as long as it lives.

A forward takes longer than most questions, and a run that turns with every test asks thousands of
them. Must not know what is asked. Called by transport, closed by session.
"""

import os
import threading
from contextlib import ExitStack
from http.client import HTTPConnection

from podcov.forward import Forwarder
from podcov.models import Target

MOST = 64
"""Connections that are kept; with `kubectl`, each is a process."""


class Line:
    """An open connection to an agent, with everything that it needs."""

    def __init__(self, forwarder: Forwarder, target: Target, timeout_s: float) -> None:
        """Open it; ForwardError or PortTakenError."""
        with ExitStack() as stack:
            self.connection: HTTPConnection = stack.enter_context(
                forwarder.connect(target, timeout_s)
            )
            self._opened = stack.pop_all()

    @property
    def is_open(self) -> bool:
        """Whether the agent would take another question."""
        return self.connection.sock is not None

    def close(self) -> None:
        """Close it and what was opened for it."""
        self._opened.close()


class Connections:
    """Those that nobody uses at the moment. Every method may be called from any thread."""

    def __init__(self, forwarder: Forwarder, timeout_s: float) -> None:
        self._forwarder = forwarder
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._kept: dict[str, Line] = {}
        self._owner = os.getpid()
        self._closed = False

    def take(self, target: Target) -> Line | None:
        """The one that was kept; None if there is none. It may have died meanwhile."""
        with self._lock:
            if self._is_ours():
                return self._kept.pop(target.key, None)
            return None

    def open(self, target: Target) -> Line:
        """A new one; ForwardError or PortTakenError."""
        return Line(self._forwarder, target, self._timeout_s)

    def keep(self, target: Target, line: Line) -> None:
        """For the next question; closed if the agent will not take another, or nobody asks."""
        superfluous = [line]
        with self._lock:
            if line.is_open and not self._closed and self._is_ours():
                superfluous = [old] if (old := self._kept.pop(target.key, None)) else []
                self._kept[target.key] = line
                if len(self._kept) > MOST:
                    superfluous.append(self._kept.pop(next(iter(self._kept))))
        for each in superfluous:
            each.close()

    def close(self) -> None:
        """Close all of them; what is in use now is closed when it is given back."""
        with self._lock:
            self._closed = True
            lines: list[Line] = []
            if self._is_ours():
                lines, self._kept = list(self._kept.values()), {}
        for line in lines:
            line.close()

    def _is_ours(self) -> bool:
        """A forked child has copies of everything; what it closes or asks would be its parent's."""
        return os.getpid() == self._owner
