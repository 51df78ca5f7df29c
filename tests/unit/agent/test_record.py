"""The log's records and the places that follow from their order."""

import itertools
import json
import os
import random

import pytest
from podcov_agent import record
from podcov_agent.contract import CHUNK_BYTES, SLOT_ALIGN
from podcov_agent.flatjson import to_json

BLOB = "a" * 40


@pytest.fixture
def log_fd(tmp_path):
    fd = os.open(tmp_path / "log", os.O_RDWR | os.O_CREAT | os.O_APPEND)
    yield fd
    os.close(fd)


def read(fd):
    log = record.Log()
    log.read(fd)
    return log


@pytest.mark.parametrize(
    "path", ["/a b.py", "/back\\slash\\n", "/new\nline", "/\\\n\\\\n", "/\udcff", "/ü😀", "/\\"]
)
def test_any_path_survives_the_log(log_fd, path):
    os.write(log_fd, record.encode("S", BLOB, 5, path))
    assert list(read(log_fd).sources) == [(path, BLOB)]


def test_the_order_of_the_log_is_the_allocation(log_fd):
    for number, slots in enumerate([1, 64, 65, CHUNK_BYTES - 64 * 5, 64, 64]):
        os.write(log_fd, record.encode("S", BLOB, slots, f"/{number}.py"))
    places = [(p.chunk, p.base) for p in read(log_fd).sources.values()]
    assert places == [(0, 0), (0, 64), (0, 128), (0, 256), (0, CHUNK_BYTES - 64), (1, 0)]


def test_no_source_crosses_the_end_of_a_chunk_and_none_overlap(log_fd):
    """Whatever the sizes, every place is aligned, within one chunk, and its own."""
    sizes = random.Random(1)
    for number in range(300):
        os.write(log_fd, record.encode("S", BLOB, sizes.randint(1, 9000), f"/{number}.py"))
    log = read(log_fd)
    spans = sorted((p.chunk, p.base, p.base + p.slots) for p in log.sources.values())
    assert all(base % SLOT_ALIGN == 0 and end <= CHUNK_BYTES for _, base, end in spans)
    assert all(a[0] < b[0] or a[2] <= b[1] for a, b in itertools.pairwise(spans))
    assert log.chunks == spans[-1][0] + 1


def test_the_first_record_of_a_source_counts(log_fd):
    for slots in (10, 500):
        os.write(log_fd, record.encode("S", BLOB, slots, "/a.py"))
    os.write(log_fd, record.encode("S", "b" * 40, 10, "/a.py"))
    log = read(log_fd)
    assert [(p.base, p.slots) for p in log.sources.values()] == [(0, 10), (64, 10)]


def test_a_source_larger_than_a_chunk_gets_no_place(log_fd):
    os.write(log_fd, record.encode("S", BLOB, CHUNK_BYTES + 1, "/a.py"))
    os.write(log_fd, record.encode("S", BLOB, CHUNK_BYTES, "/b.py"))
    assert list(read(log_fd).sources) == [("/b.py", BLOB)]


@pytest.mark.parametrize(
    "garbage",
    [
        b"\0" * 100,
        b"\n\n\n",
        b"x" * 700_000,
        b"\n00000000 S \n",
        record.encode("S", BLOB, 900, "/torn.py")[:-5],
        record.encode("S", BLOB, "many", "/a.py"),
        record.encode("S", BLOB, -3, "/a.py"),
        record.encode("S"),
        record.encode("Z", "a kind of tomorrow"),
    ],
)
def test_garbage_between_records_changes_nothing(log_fd, garbage):
    """A torn or foreign stretch is ignored, and the records on both sides of it count."""
    os.write(log_fd, record.encode("S", BLOB, 5, "/before.py") + garbage)
    os.write(log_fd, record.encode("S", BLOB, 5, "/after.py"))
    places = {path: p.base for (path, _), p in read(log_fd).sources.items()}
    assert places == {"/before.py": 0, "/after.py": 64}


def test_reading_in_steps_is_reading_at_once(log_fd):
    steps = record.Log()
    for number in range(50):
        data = record.encode("S", BLOB, number * 7 + 1, f"/{number}.py")
        os.write(log_fd, data[:20])
        steps.read(log_fd)
        os.write(log_fd, data[20:])
        steps.read(log_fd)
    assert repr(steps.sources) == repr(read(log_fd).sources)
    assert len(steps.sources) == 50


def test_a_second_walk_over_the_same_records_gives_the_same_places(log_fd):
    """What happens when two threads read at once: the later one begins at an older position."""
    log = record.Log()
    for number in range(5):
        os.write(log_fd, record.encode("S", BLOB, 100, f"/{number}.py"))
    log.read(log_fd)
    before = repr(log.sources)
    log._position = (0, 0)
    log.read(log_fd)
    assert repr(log.sources) == before


def test_a_log_that_shrinks_is_refused(log_fd):
    os.write(log_fd, record.encode("S", BLOB, 5, "/a.py"))
    log = read(log_fd)
    os.ftruncate(log_fd, 3)
    with pytest.raises(record.LogShrunkError):
        log.read(log_fd)


def test_notes_and_infos_are_json(log_fd):
    fields = {"slug": "no-source", "detail": 'a "quoted"\n\\path\udcff/ü😀'}
    os.write(log_fd, record.encode("N", to_json(fields)))
    os.write(log_fd, record.encode("I", to_json({"python": "3.8.18"})))
    log = read(log_fd)
    assert [json.loads(text) for text in log.notes.values()] == [fields]
    assert [json.loads(text) for text in log.infos.values()] == [{"python": "3.8.18"}]


@pytest.mark.parametrize("path", ["/a b.py", "/new\nline", "/\udcff"])
def test_what_the_exits_of_a_source_mean_is_kept_by_path_and_blob(log_fd, path):
    """The first record counts, as for sources."""
    for exits in ("9:3-,5+", "9:4-"):
        os.write(log_fd, record.encode("B", BLOB, exits, path))
    os.write(log_fd, record.encode("B", BLOB, "9:"))
    assert read(log_fd).exits == {(path, BLOB): "9:3-,5+"}
