"""An ended generation as the bytes of a file: zlib'ed JSON of the lines that ran.

Pure. Owns the format, and what a file looks like that is not as it was written. Called by
`generations`.
"""

from __future__ import annotations

import json
import zlib
from typing import NamedTuple

from podcov_agent.sidecar.lines import Marks, Source
from podcov_agent.sidecar.retention import Sessions

_UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    zlib.error,
)
"""What decoding raises where the bytes are not those that were written."""


class Record(NamedTuple):
    """The content of a file: its generations, the sessions when they ended, and what ran."""

    first: int
    last: int
    sessions: Sessions
    marks: Marks


class DamagedError(Exception):
    """These bytes are no record; `str()` says why."""


def encode(record: Record) -> bytes:
    """The bytes of a file."""
    content = {
        "first": record.first,
        "last": record.last,
        "sessions": record.sessions.starts,
        "forgotten": record.sessions.forgotten,
        "marks": {
            container: [(path, blob, f"{lines:x}") for (path, blob), lines in sources.items()]
            for container, sources in record.marks.items()
        },
    }
    return zlib.compress(json.dumps(content).encode("ascii"), 1)


def decode(data: bytes) -> Record:
    """The record that `encode` made these bytes of. Raises DamagedError."""
    try:
        return _decode(data)
    except _UNREADABLE as error:
        raise DamagedError(f"{type(error).__name__}: {error}") from None


def _decode(data: bytes) -> Record:
    content = json.loads(zlib.decompress(data))
    marks = {
        container: {Source(path, blob): int(digits, 16) for path, blob, digits in sources}
        for container, sources in content["marks"].items()
    }
    starts = tuple((str(name), int(start)) for name, start in content["sessions"])
    sessions = Sessions(starts, bool(content["forgotten"]))
    return Record(int(content["first"]), int(content["last"]), sessions, marks)
