"""Kept code comes back only whole, and only for what it was made of."""

from pathlib import Path

import pytest
from podcov_agent import cache, rewrite
from podcov_agent.cache import Cache, Kept

STAMP = "1 2 3 4"
KEPT = Kept(rewrite.rewrite(b"x = 1\n", "/a.py").code, 2, 64, "c" * 40)


def test_code_is_kept_between_processes(tmp_path: Path) -> None:
    """Another process finds it, with all that it needs to place it."""
    Cache(str(tmp_path)).store("/a.py", STAMP, KEPT)
    found = Cache(str(tmp_path)).load("/a.py", STAMP)
    assert found is not None
    assert [getattr(found, name) for name in Kept.__slots__] == [
        getattr(KEPT, name) for name in Kept.__slots__
    ]


@pytest.mark.parametrize(("path", "stamp"), [("/b.py", STAMP), ("/a.py", "1 2 3 5")])
def test_code_of_another_file_is_not_found(tmp_path: Path, path: str, stamp: str) -> None:
    """The path is in the code, and the stamp stands for the content."""
    Cache(str(tmp_path)).store("/a.py", STAMP, KEPT)
    assert Cache(str(tmp_path)).load(path, stamp) is None


@pytest.mark.parametrize("name", ["INTERPRETER", "REWRITER"])
def test_code_of_another_interpreter_or_rewriter_is_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Both are in the key."""
    Cache(str(tmp_path)).store("/a.py", STAMP, KEPT)
    monkeypatch.setattr(cache, name, "another")
    assert Cache(str(tmp_path)).load("/a.py", STAMP) is None


def test_the_folder_does_not_grow_without_end(tmp_path: Path) -> None:
    """What others have kept counts, too."""
    one = Cache(str(tmp_path), limit_bytes=1)
    one.store("/a.py", STAMP, KEPT)
    one.store("/b.py", STAMP, KEPT)
    Cache(str(tmp_path), limit_bytes=1).store("/c.py", STAMP, KEPT)
    assert len(list((tmp_path / "code").iterdir())) == 1


def test_every_byte_is_checked(tmp_path: Path) -> None:
    """Whichever one is flipped, the code is not taken."""
    Cache(str(tmp_path)).store("/a.py", STAMP, KEPT)
    (file,) = (tmp_path / "code").iterdir()
    data = file.read_bytes()
    for at in range(len(data)):
        file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert Cache(str(tmp_path)).load("/a.py", STAMP) is None


def test_code_with_branches_is_kept_beside_code_without(tmp_path: Path) -> None:
    """The two never stand in for each other."""
    lines, branches = Cache(str(tmp_path)), Cache(str(tmp_path), branches=True)
    lines.store("/a.py", STAMP, KEPT)
    assert branches.load("/a.py", STAMP) is None
    branches.store("/a.py", STAMP, Kept(KEPT.code, 3, 64, KEPT.blob, "2:1-"))
    found = [cache.load("/a.py", STAMP) for cache in (lines, branches)]
    assert [(kept.slots, kept.exits) for kept in found if kept] == [(2, None), (3, "2:1-")]
