"""coverport, re-enacted: Go's HTTP client and Go's strict types."""

from __future__ import annotations

import base64
import http.client
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import coverage
from support.sidecar import Sidecar
from support.spool import Writer

GO = {"User-Agent": "Go-http-client/1.1", "Accept-Encoding": "gzip"}
HEALTH = {"status": str, "coverage_enabled": bool, "data_dir": str, "coverage_files": int}
COVERAGE = {
    "label": str,
    "timestamp": str,
    "coverage_data": str,
    "files_combined": int,
    "message": str,
}


def get(sidecar: Sidecar, target: str, fields: dict[str, type]) -> Any:
    """A request of Go's client, whose answer is read by its length and decoded into a struct.

    A field of another type is an error in Go.
    """
    connection = http.client.HTTPConnection("127.0.0.1", sidecar.port, timeout=10)
    with closing(connection):
        connection.request("GET", target, headers=GO)
        response = connection.getresponse()
        value = json.loads(response.read())
    assert response.status == 200
    assert response.getheader("X-Art-Coverage-Server") == "1"
    assert response.getheader("Content-Encoding") is None
    wrong = {n: type(value[n]) for n, t in fields.items() if type(value[n]) is not t}
    assert not wrong, wrong
    return value


def test_its_whole_collection(sidecar: Sidecar, shop: Writer, tmp_path: Path) -> None:
    """Health says there is something; the bytes it writes to `.coverage` are a database."""
    shop.run("/app/shop.py", 1, 5)
    health = get(sidecar, "/health", HEALTH)
    assert health["status"] == "ok"
    assert health["coverage_enabled"] is True
    assert health["coverage_files"] >= 1, "with 0 it would send SIGHUP to pid 1"
    answer = get(sidecar, "/coverage?name=my-test", COVERAGE)
    assert (answer["label"], answer["files_combined"]) == ("my-test", 1)
    file = tmp_path / ".coverage"
    file.write_bytes(base64.b64decode(answer["coverage_data"], validate=True))
    data = coverage.CoverageData(str(file))
    data.read()
    assert data.lines("/app/shop.py") == [1, 5]


def test_it_is_healthy_before_anything_ran(sidecar: Sidecar) -> None:
    assert get(sidecar, "/health", HEALTH)["coverage_files"] >= 1


def test_its_url_mode_asks_at_the_root(sidecar: Sidecar, shop: Writer) -> None:
    """`--url http://host:9095` gets `?name=` appended and nothing else."""
    shop.run("/app/shop.py", 3)
    answer = get(sidecar, "/?name=x", COVERAGE)
    content = base64.b64decode(answer["coverage_data"], validate=True)
    assert content.startswith(b"SQLite format 3\0")


def test_saving_is_answered_as_it_expects(sidecar: Sidecar) -> None:
    assert get(sidecar, "/coverage/save", {"status": str})["status"] == "ok"


def test_the_database_is_whole(sidecar: Sidecar, shop: Writer, tmp_path: Path) -> None:
    """SQLite itself finds nothing to complain of, keys included."""
    for number in range(1200):
        shop.run(f"/app/{number}.py", 1)
    answer = get(sidecar, "/coverage?name=x", COVERAGE)
    file = tmp_path / "data"
    file.write_bytes(base64.b64decode(answer["coverage_data"]))
    connection = sqlite3.connect(file)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("SELECT count(*) FROM file").fetchone() == (1200,)
    finally:
        connection.close()
