"""An ended generation as the bytes of a file: three zlib streams, one after the other.

The first is JSON: the numbers, the sessions, the paths. The second is JSON, too: the blob of each
path. It is stored as it is, for hashes do not shrink. The third has the lines, as bits: how many
bytes each source has, and then these. (One JSON of all took half of the time of a turn.)

Pure. Owns the format, and what a file looks like that is not as it was written. Called by
`generations`.
"""

from __future__ import annotations

import json
import zlib
from array import array
from itertools import islice
from typing import NamedTuple

from podcov_agent.sidecar.lines import Marks, Source, numbits
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

_SIZE = "I"


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
    sources = [source for some in record.marks.values() for source in some]
    packed = [numbits(lines) for some in record.marks.values() for lines in some.values()]
    head = {
        "first": record.first,
        "last": record.last,
        "sessions": record.sessions.starts,
        "forgotten": record.sessions.forgotten,
        "containers": {container: len(some) for container, some in record.marks.items()},
        "paths": [source.path for source in sources],
    }
    sizes = array(_SIZE, map(len, packed)).tobytes()
    return b"".join(
        (
            zlib.compress(json.dumps(head).encode("ascii"), 1),
            zlib.compress(json.dumps([source.blob for source in sources]).encode("ascii"), 0),
            zlib.compress(b"".join((sizes, *packed)), 1),
        )
    )


def decode(data: bytes) -> Record:
    """The record that `encode` made these bytes of. Raises DamagedError."""
    try:
        return _decode(data)
    except _UNREADABLE as error:
        raise DamagedError(f"{type(error).__name__}: {error}") from None


def _decode(data: bytes) -> Record:
    first, data = _stream(data)
    second, data = _stream(data)
    bits, rest = _stream(data)
    head, blobs = json.loads(first), json.loads(second)
    sizes = array(_SIZE)
    at = len(head["paths"]) * sizes.itemsize
    sizes.frombytes(bits[:at])
    if rest or at + sum(sizes) != len(bits) or sum(head["containers"].values()) != len(sizes):
        raise ValueError(f"{len(sizes)} sources, {len(bits)} bytes of lines, {len(rest)} more")
    pieces = zip(map(Source, head["paths"], blobs), sizes, strict=True)
    marks: Marks = {}
    for container, count in head["containers"].items():
        some = marks[container] = {}
        for source, size in islice(pieces, count):
            some[source] = int.from_bytes(bits[at : at + size], "little")
            at += size
    starts = tuple((str(name), int(start)) for name, start in head["sessions"])
    sessions = Sessions(starts, bool(head["forgotten"]))
    return Record(int(head["first"]), int(head["last"]), sessions, marks)


def _stream(data: bytes) -> tuple[bytes, bytes]:
    """The content of the first stream, and the bytes after it."""
    stream = zlib.decompressobj()
    content = stream.decompress(data)
    if not stream.eof:
        raise ValueError("it ends too early")
    return content, stream.unused_data
