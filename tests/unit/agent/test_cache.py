"""Kept code comes back only whole, and only for what it was made of."""

import os
import subprocess
import sys
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


def test_processes_that_keep_the_same_file_at_once_never_show_half_of_it(tmp_path: Path) -> None:
    """Code of very different sizes under one name: whoever reads meanwhile gets one of them."""
    program = (
        "import sys\n"
        "from podcov_agent.cache import Cache, Kept\n"
        "size = int(sys.argv[2])\n"
        "code = compile('x = 1\\n' * size, '/a.py', 'exec')\n"
        "cache = Cache(sys.argv[1])\n"
        "print('ready', flush=True), sys.stdin.readline()\n"
        "for _ in range(100):\n"
        "    cache.store('/a.py', '1 2 3 4', Kept(code, size, 0, 'c' * 40))\n"
    )
    env = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(cache.__file__))}
    sizes, pipe = (1, 500, 2000), subprocess.PIPE
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path), str(size)],
            stdin=pipe,
            stdout=pipe,
            env=env,
            bufsize=0,
        )
        for size in sizes
    ]
    for one in writers:
        assert one.stdout is not None
        assert one.stdout.readline() == b"ready\n"
    for one in writers:
        assert one.stdin is not None
        one.stdin.write(b"\n")
    seen, reader = [], Cache(str(tmp_path))
    while any(one.poll() is None for one in writers):
        seen.append(reader.load("/a.py", STAMP))
    for one in writers:
        one.communicate()
        assert one.returncode == 0
    found = [kept.slots for kept in seen if kept]
    assert len(set(found)) > 1, "they did not write at the same time"
    assert None not in seen[seen.index(next(filter(None, seen))) :], "a file was gone or torn"
    assert len(list((tmp_path / "code").iterdir())) == 1, "a temporary file stayed"
