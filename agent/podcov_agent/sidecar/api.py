"""The routes: a request in, an answer out.

Owns every JSON shape that the sidecar serves, for the two existing clients and for ours. Does no
I/O of its own; asks the ledger. Called by `server` from many threads.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from podcov_agent import contract
from podcov_agent.sidecar import dump, errors, views
from podcov_agent.sidecar.http import Answer, Request, error_answer, json_answer
from podcov_agent.sidecar.ledger import Ledger, Snapshot

_GO_CLIENT = "Go-http-client/"
_FORMATS: dict[str, Callable[[dump.Lines], bytes]] = {
    "dumps": dump.to_dumps,
    "sqlite": dump.to_sqlite,
}


@dataclass(frozen=True)
class Api:
    """The routes of one sidecar. `data_dir` and `port` are told to whoever asks for its health."""

    ledger: Ledger
    data_dir: str
    port: int
    now: Callable[[], float] = time.time

    def answer(self, request: Request) -> Answer:
        """The answer to any request; every SidecarError becomes one."""
        is_ours = request.path.startswith("/v1/")
        try:
            route = _ROUTES.get(request.path)
            if route is None:
                raise errors.NoSuchRouteError(request.path, sorted(_ROUTES))
            return json_answer(200, route(self, request), is_ours)
        except errors.SidecarError as error:
            return error_answer(error, is_ours)

    def health(self, request: Request) -> Mapping[str, object]:
        """`/health`: what the existing clients look at, and ours."""
        v1 = self.v1_health(request)
        return {
            "status": "ok",
            "coverage_enabled": True,
            "data_dir": self.data_dir,
            "coverage_files": 1,
            "version": contract.VERSION,
            "protocol": contract.PROTOCOL,
            "containers": v1["containers"],
            "notes": v1["notes"],
        }

    def coverage(self, request: Request) -> Mapping[str, object]:
        """`/coverage`: the default session as coverage.py's data, in the form the client reads."""
        is_go = request.headers.get("user-agent", "").startswith(_GO_CLIENT)
        form = request.parameters.get("format", "sqlite" if is_go else "dumps")
        if form not in _FORMATS:
            raise errors.BadValueError(f"format={form}, expected one of {', '.join(_FORMATS)}")
        lines, mixed = views.by_path(self._session_snapshot(contract.DEFAULT_SESSION))
        return {
            "label": request.parameters.get("name", ""),
            "timestamp": self._timestamp(),
            "coverage_data": base64.b64encode(_FORMATS[form](lines)).decode("ascii"),
            "files_combined": len(lines),
            "message": views.message(lines, mixed),
        }

    def reset(self, request: Request) -> Mapping[str, object]:
        """`/coverage/reset`: only the default session begins anew."""
        generation = self.ledger.turn(contract.DEFAULT_SESSION)
        message = f"coverage begins anew with generation {generation}"
        return {"status": "ok", "message": message, "generation": generation}

    def save(self, request: Request) -> Mapping[str, object]:
        """`/coverage/save`: what ran is in shared memory already."""
        return {"status": "ok", "message": "nothing to save: every line is visible when it runs"}

    def files(self, request: Request) -> Mapping[str, object]:
        """`/coverage/files`: the paths of the sources that were loaded."""
        snapshot = self._session_snapshot(contract.DEFAULT_SESSION)
        paths = sorted({s.path for sources in snapshot.containers.values() for s in sources})
        return {"files": paths, "count": len(paths)}

    def v1_health(self, request: Request) -> Mapping[str, object]:
        """`/v1/health`."""
        return views.health(self.ledger.health(), self.port)

    def v1_turn(self, request: Request) -> Mapping[str, object]:
        """`/v1/turn`: end a generation; the session named in the body begins with the next."""
        generation = self.ledger.turn(_session_in(request.body))
        return {
            "protocol": contract.PROTOCOL,
            "generation": generation,
            "timestamp": self._timestamp(),
        }

    def v1_snapshot(self, request: Request) -> Mapping[str, object]:
        """`/v1/snapshot`: an interval, by its numbers or by a session's name."""
        session = request.parameters.get("session")
        start, end = _number(request, "from"), _number(request, "to")
        if session is not None and start is not None:
            raise errors.BadValueError("session and from are both given, expected one of them")
        if session is not None:
            start = self.ledger.session_start(session)
        return views.snapshot(self.ledger.snapshot(start or 0, end), self._timestamp())

    def _session_snapshot(self, session: str) -> Snapshot:
        return self.ledger.snapshot(self.ledger.session_start(session))

    def _timestamp(self) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(self.now()))


_ROUTES: dict[str, Callable[[Api, Request], Mapping[str, object]]] = {
    contract.ROUTE_ROOT: Api.coverage,
    contract.ROUTE_COVERAGE: Api.coverage,
    contract.ROUTE_FILES: Api.files,
    contract.ROUTE_HEALTH: Api.health,
    contract.ROUTE_RESET: Api.reset,
    contract.ROUTE_SAVE: Api.save,
    contract.ROUTE_V1_HEALTH: Api.v1_health,
    contract.ROUTE_V1_SNAPSHOT: Api.v1_snapshot,
    contract.ROUTE_V1_TURN: Api.v1_turn,
}


def _number(request: Request, name: str) -> int | None:
    text = request.parameters.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise errors.BadValueError(f"{name}={text}, expected the number of a generation")
    return int(text)


def _session_in(body: bytes) -> str | None:
    """The session a turn moves: the body is empty or `{"session": NAME}`."""
    if not body.strip():
        return None
    expected = 'expected {"session": NAME}'
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise errors.BadValueError(f"the body is {body[:80]!r}, {expected}") from None
    if not isinstance(value, dict) or not value.keys() <= {"session"}:
        raise errors.BadValueError(f"the body is {body[:80]!r}, {expected}")
    session = value.get("session")
    if session is not None and not (isinstance(session, str) and 0 < len(session) <= 200):
        raise errors.BadValueError(f"session is {session!r}, {expected} of 1 to 200 characters")
    return session
