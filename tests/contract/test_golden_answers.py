"""Every answer that the two existing clients can get, byte for byte, from a sidecar that runs.

What differs between two runs is checked by its form and put back as a word in capitals.
"""

from __future__ import annotations

import base64
import json
import re
import zlib

import pytest
from support.sidecar import Sidecar
from support.spool import Writer

HEAD = (
    "HTTP/1.1 {status}\r\n"
    "Date: DATE\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: LENGTH\r\n"
    "X-Art-Coverage-Server: 1\r\n"
    "X-Art-Coverage-Pid: PID\r\n"
    "X-Art-Coverage-Binary: podcov-agent\r\n"
    "Connection: close\r\n"
    "\r\n"
)
FORMS = {
    "DATE": r"(?<=\r\nDate: )\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT(?=\r\n)",
    "LENGTH": r"(?<=\r\nContent-Length: )\d+(?=\r\n)",
    "PID": r"(?<=\r\nX-Art-Coverage-Pid: )\d+(?=\r\n)",
    "TIME": r'(?<="timestamp": ")\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00(?=")',
    "FOLDER": r'(?<="data_dir": ")[^"]+(?=")',
    "DATA": r'(?<="coverage_data": ")[A-Za-z0-9+/]+=*(?=")',
}
COVERAGE = (
    '{"label": "a b", "timestamp": "TIME", "coverage_data": "DATA", "files_combined": 1, '
    '"message": "1 files"}'
)
ANSWERS = {
    "/health": '{"status": "ok", "coverage_enabled": true, "data_dir": "FOLDER", '
    '"coverage_files": 1, "version": "0.1.0", "protocol": 1, "containers": {"shop": '
    '{"interpreters": [], "sources": 1, "lines": 2, "notes": []}}, "notes": []}',
    "/coverage?name=a b": COVERAGE,
    "/coverage?name=a%20b": COVERAGE,
    "/?name=a+b": COVERAGE,
    "/coverage?format=sqlite&name=a b": COVERAGE,
    "/coverage/save": '{"status": "ok", "message": "nothing to save: every line is visible when '
    'it runs"}',
    "/coverage/files": '{"files": ["/app/shop.py"], "count": 1}',
    "/coverage/reset": '{"status": "ok", "message": "coverage begins anew with generation 1", '
    '"generation": 1}',
}
DUMP = """\
BEGIN TRANSACTION;
CREATE TABLE coverage_schema (version integer);
CREATE TABLE meta (key text, value text, unique (key));
CREATE TABLE file (id integer primary key, path text, unique (path));
CREATE TABLE context (id integer primary key, context text, unique (context));
CREATE TABLE line_bits (file_id integer, context_id integer, numbits blob,
  foreign key (file_id) references file (id),
  foreign key (context_id) references context (id),
  unique (file_id, context_id));
CREATE TABLE arc (file_id integer, context_id integer, fromno integer, tono integer,
  foreign key (file_id) references file (id),
  foreign key (context_id) references context (id),
  unique (file_id, context_id, fromno, tono));
CREATE TABLE tracer (file_id integer primary key, tracer text,
  foreign key (file_id) references file (id));
INSERT INTO coverage_schema VALUES (7);
INSERT INTO meta VALUES ('has_arcs','0');
INSERT INTO context VALUES (1,'');
INSERT INTO file VALUES (1,'/app/shop.py');
INSERT INTO line_bits VALUES (1,1,X'06');
COMMIT;
"""


def masked(data: bytes) -> str:
    """An answer as text, in which the length was right and the changing parts have their form."""
    head, _, body = data.partition(b"\r\n\r\n")
    assert f"\r\nContent-Length: {len(body)}\r\n".encode() in head + b"\r\n"
    text = data.decode("utf-8")
    for word, form in FORMS.items():
        text = re.sub(form, word, text)
    return text


def ask(sidecar: Sidecar, method: str, target: str) -> bytes:
    head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    return sidecar.send(head.encode())


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_answer_to_the_byte(sidecar: Sidecar, shop: Writer, method: str) -> None:
    """Whatever the method and the spelling of the name; the reset comes last."""
    shop.run("/app/shop.py", 1, 2)
    seen = {target: masked(ask(sidecar, method, target)) for target in ANSWERS}
    assert seen == {t: HEAD.format(status="200 OK") + body for t, body in ANSWERS.items()}


def test_head_is_the_same_head(sidecar: Sidecar, shop: Writer) -> None:
    """With the length of the body that a GET would bring, and no body."""
    shop.run("/app/shop.py", 1, 2)
    whole = ask(sidecar, "GET", "/coverage/files")
    head = ask(sidecar, "HEAD", "/coverage/files")
    date = re.compile(FORMS["DATE"].encode())
    assert date.sub(b"", head) == date.sub(b"", whole.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")


def test_what_is_not_served_to_the_byte(sidecar: Sidecar) -> None:
    """The routes are named."""
    assert masked(ask(sidecar, "GET", "/coverage/nope")) == HEAD.format(status="404 Not Found") + (
        '{"error": "no-such-route", "message": "nothing is served at /coverage/nope", '
        '"remedy": "Ask for one of /, /coverage, /coverage/files, /coverage/reset, '
        '/coverage/save, /health, /v1/health, /v1/snapshot, /v1/turn."}'
    )


def test_the_data_to_the_byte(sidecar: Sidecar, shop: Writer) -> None:
    """`dumps()` is the letter z and the zlib'ed text of schema 7."""
    shop.run("/app/shop.py", 1, 2)
    answer = json.loads(sidecar.get("/coverage?name=x")[1])
    data = base64.b64decode(answer["coverage_data"], validate=True)
    assert data[:1] == b"z"
    assert zlib.decompress(data[1:]).decode() == DUMP.rstrip("\n")
