"""Kept code comes back only whole, and only for what it was made of."""

from pathlib import Path

import pytest
from podcov_agent import cache, rewrite
from podcov_agent.cache import Cache

BLOB = "c" * 40
SOURCE = rewrite.rewrite(b"x = 1\n", "/a.py")


def test_code_is_kept_between_processes(tmp_path: Path) -> None:
    """Another process finds it, with the number of its bytes."""
    Cache(str(tmp_path)).store("/a.py", BLOB, SOURCE)
    found = Cache(str(tmp_path)).load("/a.py", BLOB)
    assert found is not None
    assert (found.code, found.slots) == (SOURCE.code, SOURCE.slots)


@pytest.mark.parametrize(("path", "blob"), [("/b.py", BLOB), ("/a.py", "d" * 40)])
def test_code_of_another_file_is_not_found(tmp_path: Path, path: str, blob: str) -> None:
    """The path is in the code, and the content decides what it does."""
    Cache(str(tmp_path)).store("/a.py", BLOB, SOURCE)
    assert Cache(str(tmp_path)).load(path, blob) is None


@pytest.mark.parametrize("name", ["INTERPRETER", "REWRITER"])
def test_code_of_another_interpreter_or_rewriter_is_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Both are in the key."""
    Cache(str(tmp_path)).store("/a.py", BLOB, SOURCE)
    monkeypatch.setattr(cache, name, "another")
    assert Cache(str(tmp_path)).load("/a.py", BLOB) is None


def test_the_folder_does_not_grow_without_end(tmp_path: Path) -> None:
    """What others have kept counts, too."""
    one = Cache(str(tmp_path), limit_bytes=1)
    one.store("/a.py", BLOB, SOURCE)
    one.store("/b.py", BLOB, SOURCE)
    Cache(str(tmp_path), limit_bytes=1).store("/c.py", BLOB, SOURCE)
    assert len(list((tmp_path / "code").iterdir())) == 1


def test_every_byte_is_checked(tmp_path: Path) -> None:
    """Whichever one is flipped, the code is not taken."""
    Cache(str(tmp_path)).store("/a.py", BLOB, SOURCE)
    (file,) = (tmp_path / "code").iterdir()
    data = file.read_bytes()
    for at in range(len(data)):
        file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert Cache(str(tmp_path)).load("/a.py", BLOB) is None
