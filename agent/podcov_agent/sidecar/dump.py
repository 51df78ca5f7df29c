"""coverage.py's data, written by hand: the bytes of `CoverageData.dumps()` and of a data file.

Owns schema 7 of coverage.py (6.2 to 7.17 read it) without importing coverage, which would cost the
pod some 15 MB. Line data only. Contract tests load what it writes into real versions of coverage.
Called by `api`.
"""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from podcov_agent.contract import STARTUP_CONTEXT
from podcov_agent.sidecar.lines import numbits

if TYPE_CHECKING:
    import sqlite3

_SCHEMA = """\
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
"""
_ROWS = 500
"""Rows per INSERT: few statements, none of them long."""

Lines = dict[str, tuple[int, int]]
"""Path -> (lines, lines of `startup`)."""


def to_sql(lines: Lines) -> str:
    """The script that makes the database. Zero and what is no UTF-8 become \\xNN."""
    files: list[str] = []
    bits: list[str] = []
    for file_id, (path, contexts) in enumerate(_with_clean_paths(lines).items(), 1):
        quoted = path.replace("'", "''")
        files.append(f"({file_id},'{quoted}')")
        for context_id, numbers in enumerate(contexts, 1):
            if numbers:
                bits.append(f"({file_id},{context_id},X'{numbits(numbers).hex()}')")
    has_startup = any(startup for _, startup in lines.values())
    names = ["", STARTUP_CONTEXT] if has_startup else [""]
    contexts_rows = [f"({number},'{name}')" for number, name in enumerate(names, 1)]
    rows = {"context": contexts_rows, "file": files, "line_bits": bits}
    inserts = [one for table, some in rows.items() for one in _inserts(table, some)]
    return "".join(["BEGIN TRANSACTION;\n", _SCHEMA, *inserts, "COMMIT;"])


def to_dumps(lines: Lines) -> bytes:
    """What `CoverageData.loads()` takes: the same as coverage's own `dumps()` in effect."""
    return b"z" + zlib.compress(to_sql(lines).encode("utf-8"), 1)


def to_sqlite(lines: Lines) -> bytes:
    """A `.coverage` data file."""
    import sqlite3

    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(to_sql(lines))
        return _file_bytes(connection)
    finally:
        connection.close()


def _file_bytes(connection: sqlite3.Connection) -> bytes:
    if hasattr(connection, "serialize"):  # Python 3.11 and newer
        return bytes(connection.serialize())
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "data")
        connection.execute("VACUUM INTO ?", (path,))
        with open(path, "rb") as file:
            return file.read()


def _with_clean_paths(lines: Lines) -> Lines:
    clean: Lines = {}
    for path, (numbers, startup) in lines.items():
        name = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        name = name.replace("\0", "\\x00")
        others = clean.get(name, (0, 0))
        clean[name] = (numbers | others[0], startup | others[1])
    return clean


def _inserts(table: str, rows: list[str]) -> Iterable[str]:
    for at in range(0, len(rows), _ROWS):
        yield f"INSERT INTO {table} VALUES {','.join(rows[at : at + _ROWS])};\n"
