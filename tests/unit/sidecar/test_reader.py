"""The reader against folders in every state that processes, kubelets and people leave them in."""

import os
from pathlib import Path

import pytest
from podcov_agent import record
from podcov_agent.contract import CHUNK_BYTES, MAP_PYTHON
from podcov_agent.sidecar import chunk
from podcov_agent.sidecar.lines import Marks, Source
from podcov_agent.sidecar.reader import Spool
from support.maps import MAPS
from support.spool import BLOB, Writer, bits_of, lines_of

APP = Source("/app/a.py", BLOB)


@pytest.fixture(params=MAPS, autouse=True)
def which_map(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether the sidecar has the map in C; it must not matter."""
    which = str(request.param)
    if which == MAP_PYTHON:
        monkeypatch.setattr(chunk, "_native", lambda: None)
    return which


def seen(marks: Marks) -> dict[str, dict[str, set[int]]]:
    return {c: {s.path: lines_of(n) for s, n in some.items()} for c, some in marks.items()}


def test_lines_of_every_container_are_read(tmp_path: Path) -> None:
    Writer(tmp_path / "shop").run("/app/a.py", 1, 5)
    Writer(tmp_path / "db").run("/app/a.py", 2)
    assert seen(Spool(str(tmp_path)).read()) == {
        "shop": {"/app/a.py": {1, 5}},
        "db": {"/app/a.py": {2}},
    }


def test_every_read_shows_what_ran_since(tmp_path: Path) -> None:
    """Also in a source that was unchanged, in a new source, and in a new container."""
    spool, writer = Spool(str(tmp_path)), Writer(tmp_path / "shop")
    assert spool.read() == {"shop": {}}
    writer.run("/app/a.py", 1)
    assert seen(spool.read()) == {"shop": {"/app/a.py": {1}}}
    assert seen(spool.read()) == {"shop": {"/app/a.py": {1}}}
    writer.run("/app/a.py", 2)
    writer.run("/app/b.py", 9)
    assert seen(spool.read()) == {"shop": {"/app/a.py": {1, 2}, "/app/b.py": {9}}}
    Writer(tmp_path / "late").run("/x.py", 3)
    assert seen(spool.read())["late"] == {"/x.py": {3}}


def test_a_source_whose_marks_were_there_before_its_record_was_read_is_complete(
    tmp_path: Path,
) -> None:
    """A copy of the chunk may be taken between a record's reading and the first mark."""
    spool, writer = Spool(str(tmp_path)), Writer(tmp_path / "shop")
    writer.run("/app/a.py", 1, slots=60)
    chunk = tmp_path / "shop" / "chunk.0"
    with chunk.open("r+b") as file:
        file.seek(64 + 7)
        file.write(b"\x01")
    spool.read()
    writer.register("/app/b.py")
    assert seen(spool.read())["shop"]["/app/b.py"] == {7}


def test_clearing_touches_exactly_the_bytes_of_the_lines(tmp_path: Path) -> None:
    spool, writer = Spool(str(tmp_path)), Writer(tmp_path / "shop")
    writer.run("/app/a.py", 1, 2, 3, 50)
    read = spool.read()
    writer.run("/app/a.py", 4, 51)
    spool.clear(read)
    assert seen(spool.read())["shop"]["/app/a.py"] == {4, 51}


def test_only_bytes_that_were_seen_are_cleared(tmp_path: Path) -> None:
    """A line that ran in one place of a source may run in another one before the clearing."""
    spool, old = Spool(str(tmp_path)), Writer(tmp_path / "shop")
    old.run("/app/a.py", 3, 4)
    spool.read()
    for path in (tmp_path / "shop").iterdir():
        path.unlink()
    new = Writer(tmp_path / "shop")
    new.run("/app/a.py", 4)
    read = spool.read()
    new.run("/app/a.py", 3)
    spool.clear(read)
    assert seen(spool.read())["shop"]["/app/a.py"] == {3}


def test_a_source_has_no_bytes_but_its_own(tmp_path: Path) -> None:
    """Lines past its end, recorded where it was longer, are not its neighbour's."""
    spool, writer = Spool(str(tmp_path)), Writer(tmp_path / "shop")
    writer.run("/app/a.py", 1, slots=60)
    writer.run("/app/b.py", 0, 1, 2, slots=60)
    before = seen(spool.read())["shop"]
    spool.clear({"shop": {APP: bits_of({1, *range(60, 99)})}})
    assert seen(spool.read())["shop"] == {**before, "/app/a.py": set()}


def test_any_byte_but_1_is_no_line_and_is_never_written(tmp_path: Path) -> None:
    """Each value beside each other one, so that eight bytes at once are read as one by one."""
    spool, writer = Spool(str(tmp_path)), Writer(tmp_path / "shop")
    content = bytes(range(256)) + bytes(n % 3 for n in range(744))
    where, base = writer.register("/app/a.py", 1000)
    where[base : base + 1000] = content
    read = spool.read()
    assert seen(read)["shop"]["/app/a.py"] == {n for n, byte in enumerate(content) if byte == 1}
    spool.clear(read)
    assert where[base : base + 1000] == content.replace(b"\1", b"\0")


def test_sources_go_on_in_the_next_chunk(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "shop")
    for name in ("a", "b", "c"):
        writer.run(f"/app/{name}.py", 1, CHUNK_BYTES - 7, slots=CHUNK_BYTES - 5)
    assert {p: len(n) for p, n in seen(Spool(str(tmp_path)).read())["shop"].items()} == {
        "/app/a.py": 2,
        "/app/b.py": 2,
        "/app/c.py": 2,
    }


def test_a_folder_that_was_emptied_and_begun_anew_keeps_its_old_lines(tmp_path: Path) -> None:
    """The old process goes on marking chunks that have no name any more."""
    spool, old = Spool(str(tmp_path)), Writer(tmp_path / "shop")
    old.run("/app/a.py", 1)
    chunk, base = old.register("/app/a.py")
    spool.read()
    for file in (tmp_path / "shop").iterdir():
        file.unlink()
    Writer(tmp_path / "shop").run("/app/b.py", 2)
    chunk[base + 3] = 1
    both = spool.read()
    assert seen(both) == {"shop": {"/app/a.py": {1, 3}, "/app/b.py": {2}}}
    spool.clear(both)
    assert seen(spool.read()) == {"shop": {"/app/a.py": set(), "/app/b.py": set()}}


def test_a_record_whose_chunk_is_missing_is_read_once_the_chunk_is_there(tmp_path: Path) -> None:
    spool, writer = Spool(str(tmp_path)), Writer(tmp_path / "shop")
    writer.append(record.encode("S", BLOB, 100, "/app/a.py"))
    assert seen(spool.read()) == {"shop": {"/app/a.py": set()}}
    writer.run("/app/a.py", 8)
    assert seen(spool.read()) == {"shop": {"/app/a.py": {8}}}


def make_short(chunk: Path) -> None:
    chunk.write_bytes(b"\x01" * 100)


def make_long(chunk: Path) -> None:
    chunk.write_bytes(b"\x01" * (CHUNK_BYTES + 1))


def make_link(chunk: Path) -> None:
    chunk.symlink_to("/etc/passwd")


def make_fifo(chunk: Path) -> None:
    os.mkfifo(chunk)


def make_folder(chunk: Path) -> None:
    chunk.mkdir()


@pytest.mark.parametrize("make", [make_short, make_long, make_link, make_fifo, make_folder])
def test_what_is_no_chunk_is_left_alone(tmp_path: Path, make: object) -> None:
    """Neither a wrong size nor a link, pipe or folder in its place stops or fools a read."""
    assert callable(make)
    writer = Writer(tmp_path / "shop")
    writer.append(record.encode("S", BLOB, 100, "/app/a.py"))
    make(tmp_path / "shop" / "chunk.0")
    assert seen(Spool(str(tmp_path)).read()) == {"shop": {"/app/a.py": set()}}


def test_a_chunk_truncated_while_mapped_does_not_kill_the_reader(tmp_path: Path) -> None:
    """What was seen belongs to the living generation; touching the lost pages would be SIGBUS."""
    spool, writer = Spool(str(tmp_path)), Writer(tmp_path / "shop")
    writer.run("/app/a.py", 1)
    read = spool.read()
    os.truncate(tmp_path / "shop" / "chunk.0", 0)
    assert seen(spool.read()) == {"shop": {"/app/a.py": {1}}}
    spool.clear(read)
    assert seen(spool.read()) == {"shop": {"/app/a.py": set()}}


def test_a_garbled_log_hides_no_good_record(tmp_path: Path) -> None:
    spool, writer = Spool(str(tmp_path)), Writer(tmp_path / "shop")
    writer.append(os.urandom(999))
    writer.append(b"\n00000000 S no such checksum\n")
    writer.append(record.encode("S", BLOB, "many", "/app/bad.py"))
    writer.append(record.encode("N", "no json"))
    writer.append(record.encode("N", '["slug"]'))
    writer.append(record.encode("?", "a kind of the future"))
    writer.append(record.encode("S", BLOB, 100, "/app/torn.py")[:20])
    writer.run("/app/a.py", 1)
    assert seen(spool.read()) == {"shop": {"/app/a.py": {1}}}
    assert spool.notes() == {"shop": []}


def test_a_log_that_shrank_is_read_no_further(tmp_path: Path) -> None:
    """What follows is placed by rules the reader cannot know: better none than wrong."""
    spool, writer = Spool(str(tmp_path)), Writer(tmp_path / "shop")
    writer.run("/app/a.py", 1)
    spool.read()
    os.truncate(tmp_path / "shop" / "log", 0)
    spool.read()
    for number in range(9):
        writer.append(record.encode("S", BLOB, 100, f"/app/{number}.py"))
    assert seen(spool.read()) == {"shop": {"/app/a.py": {1}}}


def test_folders_that_are_no_containers_are_not_read(tmp_path: Path) -> None:
    Writer(tmp_path / ".podcov").run("/app/a.py", 1)
    (tmp_path / "file").write_text("")
    assert Spool(str(tmp_path)).read() == {}


def test_a_spool_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert Spool(str(tmp_path / "later")).read() == {}


def test_notes_and_interpreters_are_told(tmp_path: Path) -> None:
    spool, writer = Spool(str(tmp_path)), Writer(tmp_path / "shop")
    writer.interpreter("3.11.7")
    writer.interpreter("3.11.7")
    writer.note("no-source", "/app/x.pyc")
    spool.read()
    assert spool.notes() == {"shop": [{"slug": "no-source", "detail": "/app/x.pyc"}]}
    assert spool.interpreters() == {
        "shop": [
            {"python": "3.11.7", "implementation": "cpython", "agent": "0.1.0", "map": "native"}
        ]
    }


def test_reading_a_hundred_times_keeps_no_descriptor(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    Writer(tmp_path / "shop").run("/app/a.py", 1)
    spool.read()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(100):
        spool.read()
    assert len(os.listdir("/proc/self/fd")) == before
