"""Every route's answer, with the clock held still."""

from __future__ import annotations

import base64
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from coverage.numbits import nums_to_numbits
from hypothesis import given, settings
from hypothesis import strategies as st
from podcov_agent import record
from podcov_agent.errors import NOTES
from podcov_agent.sidecar import http
from podcov_agent.sidecar.api import Api
from podcov_agent.sidecar.generations import Generations
from podcov_agent.sidecar.ledger import Ledger
from podcov_agent.sidecar.reader import Spool
from podcov_agent.sidecar.retention import Limits
from support.spool import BLOB, Writer

NOW = 1_700_000_000.0
TIMESTAMP = "2023-11-14T22:13:20+00:00"


class Pod:
    """An API over a spool with one container."""

    def __init__(self, folder: Path) -> None:
        self.shop = Writer(folder / "shop")
        generations = Generations(str(folder / ".podcov"), Limits(boundaries=2, batch=1))
        self.api = Api(Ledger(Spool(str(folder)), generations), "/spool", 9095, lambda: NOW)

    def ask(self, line: str, body: bytes = b"") -> tuple[int, Any]:
        """Status and body of the answer to a request like `GET /health`."""
        request = http.parse_head(f"{line} HTTP/1.1".encode())
        answer = self.api.answer(replace(request, body=body))
        return answer.status, json.loads(answer.body)


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    return Pod(tmp_path)


def base64_lines(*lines: int) -> str:
    return base64.b64encode(nums_to_numbits(lines)).decode()


def test_health(pod: Pod) -> None:
    pod.shop.interpreter("3.11.7")
    pod.shop.run("/app/a.py", 1, 2)
    pod.shop.note("no-source", "/app/x.pyc")
    pod.shop.note("no-source", "/app/x.pyc")
    containers = {
        "shop": {
            "interpreters": [
                {"python": "3.11.7", "implementation": "cpython", "agent": "0.1.0", "map": "native"}
            ],
            "sources": 1,
            "lines": 2,
            "notes": [
                {
                    "slug": "no-source",
                    "detail": "/app/x.pyc",
                    "reason": NOTES["no-source"][0],
                    "remedy": NOTES["no-source"][1],
                    "count": 2,
                }
            ],
        }
    }
    assert pod.ask("GET /health") == (
        200,
        {
            "status": "ok",
            "coverage_enabled": True,
            "data_dir": "/spool",
            "coverage_files": 1,
            "version": "0.1.0",
            "protocol": 1,
            "containers": containers,
            "notes": [],
        },
    )
    assert pod.ask("GET /v1/health") == (
        200,
        {
            "protocol": 1,
            "version": "0.1.0",
            "generation": 0,
            "port": 9095,
            "sessions": {"default": 0},
            "containers": containers,
            "notes": [],
        },
    )


def test_a_note_this_sidecar_does_not_know_is_shown(pod: Pod) -> None:
    pod.shop.note("from-the-future", "x")
    note = pod.ask("GET /health")[1]["containers"]["shop"]["notes"][0]
    assert (note["slug"], note["reason"]) == (
        "from-the-future",
        "this sidecar does not know the slug",
    )


def test_coverage_save_files_and_reset(pod: Pod) -> None:
    pod.shop.run("/app/b.py", 1)
    pod.shop.run("/app/a.py", 1)
    status, coverage = pod.ask("GET /coverage?name=my test")
    assert base64.b64decode(coverage.pop("coverage_data"), validate=True).startswith(b"z")
    assert (status, coverage) == (
        200,
        {"label": "my test", "timestamp": TIMESTAMP, "files_combined": 2, "message": "2 files"},
    )
    assert pod.ask("GET /coverage/files") == (
        200,
        {"files": ["/app/a.py", "/app/b.py"], "count": 2},
    )
    assert pod.ask("GET /coverage/reset") == (
        200,
        {"status": "ok", "message": "coverage begins anew with generation 1", "generation": 1},
    )
    assert pod.ask("GET /coverage/save")[1]["status"] == "ok"
    assert pod.ask("GET /v1/health")[1]["sessions"] == {"default": 1}


def test_one_path_with_two_contents_is_told(pod: Pod) -> None:
    pod.shop.run("/app/a.py", 1)
    pod.shop.run("/app/a.py", 2, blob="b" * 40)
    assert pod.ask("GET /coverage")[1]["message"] == (
        "1 files; 1 of them with more than one content, which /v1/snapshot keeps apart"
    )


def test_no_source_yet_is_told_with_where_to_look(pod: Pod) -> None:
    coverage = pod.ask("GET /?name=x")[1]
    assert coverage["files_combined"] == 0
    assert coverage["message"].endswith("/health says what is not measured, and why")


def test_sqlite_for_go_and_for_who_asks(pod: Pod) -> None:
    pod.shop.run("/app/a.py", 1)
    for line in ["GET /coverage?format=sqlite", "GET /?name=x&format=sqlite"]:
        data = base64.b64decode(pod.ask(line)[1]["coverage_data"])
        assert data.startswith(b"SQLite format 3\0"), line
    request = http.parse_head(b"GET /coverage HTTP/1.1\r\nUser-Agent: Go-http-client/1.1")
    body = json.loads(pod.api.answer(request).body)
    assert base64.b64decode(body["coverage_data"]).startswith(b"SQLite format 3\0")


def test_turn_and_snapshot(pod: Pod) -> None:
    pod.shop.run("/app/a.py", 1)
    pod.shop.register("/app/idle.py")
    assert pod.ask("POST /v1/turn", b'{"session": "anna"}') == (
        200,
        {"protocol": 1, "generation": 1, "timestamp": TIMESTAMP},
    )
    pod.shop.run("/app/a.py", 2)
    expected = {
        "protocol": 1,
        "version": "0.1.0",
        "from": 1,
        "to": None,
        "generation": 1,
        "timestamp": TIMESTAMP,
        "containers": {
            "shop": {
                "sources": [
                    {
                        "path": "/app/a.py",
                        "blob": BLOB,
                        "lines": base64_lines(2),
                        "startup": base64_lines(1),
                    },
                    {"path": "/app/idle.py", "blob": BLOB, "lines": "", "startup": ""},
                ],
                "notes": [],
            }
        },
        "notes": [],
    }
    assert pod.ask("GET /v1/snapshot?from=1") == (200, expected)
    assert pod.ask("GET /v1/snapshot?session=anna") == (200, expected)
    ended = pod.ask("GET /v1/snapshot?from=0&to=1")[1]
    assert (ended["from"], ended["to"]) == (0, 1)
    assert ended["containers"]["shop"]["sources"][0]["lines"] == base64_lines(1)


def test_ended_generations_answer_alike_for_ever(pod: Pod) -> None:
    """Until they are merged, which is then said."""
    for number in range(1, 4):
        pod.shop.run("/app/a.py", number)
        pod.ask("POST /v1/turn")
    before = pod.ask("GET /v1/snapshot?from=2&to=3")
    pod.shop.run("/app/a.py", 9)
    after = pod.ask("GET /v1/snapshot?from=2&to=3")
    assert before == after
    for _ in range(9):
        pod.ask("POST /v1/turn")
    assert pod.ask("GET /v1/snapshot?from=2&to=3") == (
        410,
        {
            "error": "generation-merged",
            "message": "generation 2 was merged with its neighbours",
            "remedy": "Ask for an interval that begins at a session or at one of the newest "
            "generations.",
        },
    )


def test_the_legacy_reset_destroys_nobodys_interval(pod: Pod) -> None:
    pod.ask("POST /v1/turn", b'{"session": "anna"}')
    pod.shop.run("/app/a.py", 1)
    pod.ask("GET /coverage/reset")
    sources = pod.ask("GET /v1/snapshot?session=anna")[1]["containers"]["shop"]["sources"]
    assert sources[0]["lines"] == base64_lines(1)


@pytest.mark.parametrize(
    ("line", "body", "message"),
    [
        ("GET /v1/snapshot?from=x", b"", "from=x, expected the number of a generation"),
        ("GET /v1/snapshot?to=-1", b"", "to=-1, expected the number of a generation"),
        ("GET /v1/snapshot?from=٣", b"", "from=٣, expected the number of a generation"),
        ("GET /v1/snapshot?from=1", b"", "from=1 to=now is no interval of the generations 0 to 0"),
        (
            "GET /v1/snapshot?from=0&session=a",
            b"",
            "session and from are both given, expected one of them",
        ),
        ("GET /coverage?format=xml", b"", "format=xml, expected one of dumps, sqlite"),
        ("POST /v1/turn", b"nope", "the body is b'nope', expected {\"session\": NAME}"),
        ("POST /v1/turn", b"[]", "the body is b'[]', expected {\"session\": NAME}"),
        ("POST /v1/turn", b'{"a": 1}', 'the body is b\'{"a": 1}\', expected {"session": NAME}'),
        (
            "POST /v1/turn",
            b'{"session": ""}',
            "session is '', expected {\"session\": NAME} of 1 to 200 characters",
        ),
    ],
)
def test_a_bad_value_is_refused_with_what_was_expected(
    pod: Pod, line: str, body: bytes, message: str
) -> None:
    status, answer = pod.ask(line, body)
    assert (status, answer["error"], answer["message"]) == (400, "bad-value", message)
    assert pod.ask("GET /v1/health")[1]["generation"] == 0, "nothing was turned"


def test_an_unknown_route_names_those_there_are(pod: Pod) -> None:
    assert pod.ask("GET /nowhere") == (
        404,
        {
            "error": "no-such-route",
            "message": "nothing is served at /nowhere",
            "remedy": "Ask for one of /, /coverage, /coverage/files, /coverage/reset, "
            "/coverage/save, /health, /v1/health, /v1/snapshot, /v1/turn.",
        },
    )


def test_a_full_volume_is_507_and_loses_nothing(pod: Pod, tmp_path: Path) -> None:
    pod.ask("POST /v1/turn")
    pod.shop.run("/app/a.py", 1)
    (tmp_path / ".podcov" / "gen.pending.tmp").symlink_to("/dev/full")
    status, answer = pod.ask("GET /coverage/reset")
    assert (status, answer["error"], answer["message"]) == (
        507,
        "spool-full",
        "writing down generation 1 failed: No space left on device",
    )
    sources = pod.ask("GET /v1/snapshot?from=1")[1]["containers"]["shop"]["sources"]
    assert sources[0]["lines"] == base64_lines(1)


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_every_method_is_answered_alike(pod: Pod, method: str) -> None:
    pod.shop.run("/app/a.py", 1)
    for route in ("/health", "/coverage", "/coverage/files", "/coverage/save", "/v1/snapshot"):
        assert pod.ask(f"{method} {route}") == pod.ask(f"GET {route}")
    assert pod.ask(f"{method} /v1/turn")[1]["generation"] == 1
    assert pod.ask(f"{method} /coverage/reset")[1]["generation"] == 2


def test_what_is_lost_of_the_past_is_told_with_every_answer(pod: Pod, tmp_path: Path) -> None:
    """By slug, name of the file and reason; the lines of the other generations are there."""
    for line in (1, 2, 3):
        pod.shop.run("/app/a.py", line)
        pod.ask("POST /v1/turn")
    (tmp_path / ".podcov" / "gen.1-1").write_bytes(b"torn")
    again = Pod(tmp_path)
    snapshot = again.ask("GET /v1/snapshot")[1]
    assert snapshot["containers"]["shop"]["sources"][0]["lines"] == base64_lines(1, 3)
    reason, remedy = NOTES["generation-damaged"]
    detail = "gen.1-1: error: Error -3 while decompressing data: incorrect header check"
    note = {"slug": "generation-damaged", "detail": detail, "reason": reason, "remedy": remedy}
    assert snapshot["notes"] == [{**note, "count": 1}]
    for route in ("/health", "/v1/health"):
        status, answer = again.ask(f"GET {route}")
        assert (status, answer["notes"]) == (200, [{**note, "count": 1}])
    assert again.ask("GET /coverage?name=x")[0] == 200


LOGGED = st.one_of(
    st.text(max_size=40),
    st.builds("{}:{}".format, st.integers(-9, 10**30), st.text("0123456789+-,", max_size=9)),
    st.sampled_from(["9" * 5000, "[" * 50_000, "{}", '{"slug": 1, "detail": null}', "\udcff"]),
)


@given(st.lists(st.tuples(st.sampled_from("SBNIX"), st.lists(LOGGED, max_size=3))))
@settings(max_examples=100, deadline=None)
def test_whatever_a_container_writes_into_its_log_every_route_answers(
    records: list[tuple[str, list[str]]],
) -> None:
    """And the lines of its other files are in the answer."""
    with tempfile.TemporaryDirectory() as folder:
        pod = Pod(Path(folder))
        for kind, fields in records:
            pod.shop.append(record.encode(kind, BLOB, *fields, "/app/b.py"))
            pod.shop.append(record.encode(kind, *fields))
        pod.shop.run("/app/a.py", 1)
        for route in ("/health", "/coverage", "/coverage?format=sqlite", "/v1/health", "/v1/turn"):
            assert pod.ask(f"GET {route}")[0] == 200, route
        sources = pod.ask("GET /v1/snapshot")[1]["containers"]["shop"]["sources"]
        assert base64_lines(1) in [s["lines"] for s in sources if s["path"] == "/app/a.py"]
