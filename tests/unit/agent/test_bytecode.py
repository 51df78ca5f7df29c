"""Which byte code Python takes, and whether it is of the source beside it."""

import importlib.util
import os
import py_compile
from pathlib import Path

import pytest
from podcov_agent import bytecode

SOURCE = b"x = 1\n"
MODES = py_compile.PycInvalidationMode


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "mod.py"
    path.write_bytes(SOURCE)
    return path


def examine(path: Path) -> str:
    return bytecode.examine(str(path), path.stat())


def test_without_byte_code_the_source_is_compiled(module: Path) -> None:
    """Nothing there, or nothing that Python can read."""
    assert examine(module) == bytecode.ABSENT
    py_compile.compile(str(module))
    cached = Path(importlib.util.cache_from_source(str(module)))
    for broken in (b"", b"short", b"\0" * 16, cached.read_bytes()[:4] + b"\x09" + bytes(11)):
        cached.write_bytes(broken)
        assert examine(module) == bytecode.ABSENT


@pytest.mark.parametrize("mode", MODES)
def test_byte_code_of_this_source_is_current(module: Path, mode: MODES) -> None:
    """Whichever way it is tied to the source."""
    py_compile.compile(str(module), invalidation_mode=mode)
    assert examine(module) == bytecode.CURRENT


@pytest.mark.parametrize(
    ("mode", "answer"),
    [
        (MODES.TIMESTAMP, bytecode.ABSENT),
        (MODES.CHECKED_HASH, bytecode.ABSENT),
        (MODES.UNCHECKED_HASH, bytecode.FOREIGN),
    ],
)
def test_byte_code_of_another_source(module: Path, mode: MODES, answer: str) -> None:
    """Python compiles again where it checks, and runs the old code where it does not."""
    py_compile.compile(str(module), invalidation_mode=mode)
    module.write_bytes(b"y = 2\n")
    os.utime(module, (1, 1))
    assert examine(module) == answer


def test_where_byte_code_lies_is_asked_anew_when_the_prefix_changes(
    module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An application may set sys.pycache_prefix at any time; names with dots are no others."""
    dotted = module.with_name("a.b.py")
    dotted.write_bytes(SOURCE)
    for path in (module, dotted):
        py_compile.compile(str(path))
        assert examine(path) == bytecode.CURRENT
    monkeypatch.setattr("sys.pycache_prefix", str(tmp_path / "elsewhere"))
    assert examine(module) == bytecode.ABSENT
    py_compile.compile(str(module))
    assert examine(module) == bytecode.CURRENT
