"""The map object and the places that a process gets for its sources."""

import copy
import gc
import json
import os
import pickle
import sys
from pathlib import Path

import pytest
from podcov_agent import errors, linemap, pymap
from podcov_agent.contract import CHUNK_BYTES

BLOB = "b" * 40


def test_a_place_is_shared_by_all_who_ask(tmp_path: Path) -> None:
    """Two processes mark the same byte for the same line."""
    one, two = linemap.Spool(str(tmp_path)), linemap.Spool(str(tmp_path))
    first, base = one.place("/a.py", BLOB, 10)
    second, same = two.place("/a.py", BLOB, 10)
    first[base + 7] = 1
    assert (base, second[same + 7]) == (same, 1)


def test_marks_are_in_the_file_at_once(tmp_path: Path) -> None:
    """A reader needs no help from the writer."""
    chunk, base = linemap.Spool(str(tmp_path)).place("/a.py", BLOB, 10)
    chunk[base + 3] = 1
    assert (tmp_path / "chunk.0").read_bytes()[base : base + 10] == bytes([0, 0, 0, 1] + [0] * 6)


def test_a_source_that_no_chunk_can_hold_is_refused(tmp_path: Path) -> None:
    """With the number of lines that there is room for."""
    with pytest.raises(errors.NotMeasuredError) as caught:
        linemap.Spool(str(tmp_path)).place("/a.py", BLOB, CHUNK_BYTES + 1)
    assert (caught.value.slug, caught.value.detail) == (
        "too-many-lines",
        "/a.py: 262144 lines, at most 262143",
    )


def test_a_source_recorded_with_fewer_bytes_is_refused(tmp_path: Path) -> None:
    """Its neighbour's bytes come right after."""
    spool = linemap.Spool(str(tmp_path))
    spool.place("/a.py", BLOB, 10)
    with pytest.raises(errors.NotMeasuredError, match="recorded with 10 bytes, 11 are needed"):
        spool.place("/a.py", BLOB, 11)


def test_notes_are_written_once(tmp_path: Path) -> None:
    """However many processes have the same to say."""
    for _ in range(3):
        linemap.Spool(str(tmp_path)).note("no-source", "/a.pyc")
    assert (tmp_path / "log").read_bytes().count(b"no-source") == 1


def test_interpreters_are_announced_once(tmp_path: Path) -> None:
    """Also behind many records."""
    for n in range(200):
        linemap.Spool(str(tmp_path)).place(f"/{n}.py", BLOB, 10)
    for _ in range(3):
        linemap.Spool(str(tmp_path)).announce()
    text = (tmp_path / "log").read_text()
    assert text.count(' I {"python": ') == 1
    info = json.loads(text[text.index('{"python"') :])
    assert info["python"] == "{}.{}.{}".format(*sys.version_info)


def test_a_map_keeps_no_descriptor(tmp_path: Path) -> None:
    """Not while it is used, and it closes none when it goes out of sight."""
    before = os.listdir("/proc/self/fd")
    chunk, _ = linemap.Spool(str(tmp_path)).place("/a.py", BLOB, 10)
    assert len(os.listdir("/proc/self/fd")) == len(before)
    fds = [os.open("/dev/null", os.O_RDONLY) for _ in range(4)]
    del chunk
    gc.collect()
    for fd in fds:
        os.fstat(fd)
        os.close(fd)


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="mmap duplicates no descriptor there")
def test_a_map_closes_no_descriptor_but_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread opens the same chunk just when we are about to duplicate ours."""
    name = str(tmp_path / "chunk.0")
    others: list[int] = []

    def close_and_lose_the_number(fd: int) -> None:
        os.close(fd)
        if not others:
            others.append(os.open(name, os.O_RDWR))

    linemap.Spool(str(tmp_path)).place("/a.py", BLOB, 10)
    before = set(os.listdir("/proc/self/fd"))
    fd = os.open(name, os.O_RDWR)
    monkeypatch.setattr(pymap, "_close", close_and_lose_the_number)
    pymap.map_descriptor(fd, CHUNK_BYTES)
    for each in (fd, *others):
        os.close(each)
    assert set(os.listdir("/proc/self/fd")) == before


def test_a_chunk_is_made_in_the_middle_of_making_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal handler may import a module while the first one's chunk is written."""
    inner: list[linemap.Spool] = []

    def write(fd: int, data: bytes) -> int:
        if len(data) == CHUNK_BYTES and not inner:
            inner.append(linemap.Spool(str(tmp_path)))
            chunk, base = inner[0].place("/handler.py", BLOB, 10)
            chunk[base + 3] = 1
        return os.write(fd, data)

    monkeypatch.setattr(linemap, "_write", write)
    chunk, _ = linemap.Spool(str(tmp_path)).place("/a.py", BLOB, 10)
    base = inner[0].place("/handler.py", BLOB, 10)[1]
    assert chunk[base + 3] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chunk.0", "log"]


def test_a_map_can_be_hashed_copied_and_pickled(tmp_path: Path) -> None:
    """As a constant of a code object has to be; by value it becomes an empty dict."""
    chunk, _ = linemap.Spool(str(tmp_path)).place("/a.py", BLOB, 10)
    assert chunk in {chunk}
    assert copy.copy(chunk) is chunk
    assert copy.deepcopy(chunk) is chunk
    assert pickle.loads(pickle.dumps(chunk)) == {}


def test_the_meaning_of_exits_is_recorded_with_the_source(tmp_path: Path) -> None:
    """Once, by whoever is first."""
    for _ in range(2):
        linemap.Spool(str(tmp_path)).place("/a b.py", BLOB, 12, "10:3-,5+")
    body = f"B {BLOB} 10:3-,5+ /a b.py".encode()
    assert (tmp_path / "log").read_bytes().count(body) == 1


def test_a_process_without_branches_shares_the_bytes_of_the_lines(tmp_path: Path) -> None:
    """Its own code has no marks of exits, and leaves their bytes alone."""
    _, base = linemap.Spool(str(tmp_path)).place("/a.py", BLOB, 12, "10:3-,5+")
    assert linemap.Spool(str(tmp_path)).place("/a.py", BLOB, 10)[1] == base


def test_a_source_recorded_without_branches_is_not_measured_with_them(tmp_path: Path) -> None:
    """There is no room for its exits: its neighbour's bytes come right after."""
    linemap.Spool(str(tmp_path)).place("/a.py", BLOB, 10)
    with pytest.raises(errors.NotMeasuredError, match="recorded with 10 bytes, 12 are needed"):
        linemap.Spool(str(tmp_path)).place("/a.py", BLOB, 12, "10:3-,5+")


def test_more_exits_than_a_record_can_name_are_refused(tmp_path: Path) -> None:
    """Before anything is written."""
    with pytest.raises(errors.NotMeasuredError) as caught:
        linemap.Spool(str(tmp_path)).place("/a.py", BLOB, 90000, "45000:" + "44999-," * 45000)
    assert caught.value.slug == "too-many-lines"
    assert not (tmp_path / "log").exists()
