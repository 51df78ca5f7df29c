"""The newest interpreter, which Debian's packages may have brought, is an ordinary one here."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support import debian_python, interpreters
from support.interpreters import interpreter, venv_python

MODULES = """_bz2 _ctypes _curses _dbm _decimal _hashlib _lzma _multiprocessing _posixshmem _sqlite3
_ssl _uuid _zstd annotationlib concurrent.interpreters pyexpat readline string.templatelib zlib"""
LIBRARIES_OF_A_CHILD = """
import subprocess, sys
maps = subprocess.run(["cat", "/proc/self/maps"], capture_output=True, text=True, check=True)
sys.exit(sys.base_prefix in maps.stdout)
"""
EACH_START_METHOD = """
import multiprocessing, sys
if __name__ == "__main__":
    for method in multiprocessing.get_all_start_methods():
        with multiprocessing.get_context(method).Pool(1) as pool:
            print(method, pool.apply(pow, (6, 2)))
"""


@pytest.fixture
def python() -> Path:
    """In an environment with one requirement that was compiled for this version."""
    return venv_python(interpreter(debian_python.VERSION), "markupsafe")


def test_every_extension_loads(python: Path) -> None:
    """The standard library is whole: each module that needs a library of its own loads."""
    _run(python, "-W", "error", "-c", f"import {', '.join(MODULES.split())}")


def test_what_it_starts_keeps_the_libraries_of_this_machine(python: Path) -> None:
    """Its own C library is not handed down to programs like git and sh."""
    _run(python, "-c", LIBRARIES_OF_A_CHILD)


def test_it_starts_itself(python: Path, tmp_path: Path) -> None:
    """Every start method of multiprocessing finds the interpreter again."""
    script = tmp_path / "script.py"
    script.write_text(EACH_START_METHOD)
    assert sorted(_run(python, str(script)).split()) == ["36"] * 3 + ["fork", "forkserver", "spawn"]


def test_environments_are_its_own(python: Path) -> None:
    """`sys` names the environment, and a compiled requirement that pip installed there loads."""
    said = _run(python, "-c", "import sys, markupsafe._speedups; print(sys.prefix, sys.executable)")
    assert said.split() == [str(python.parents[1]), str(python)]


@pytest.mark.parametrize("required", [False, True])
def test_where_it_cannot_be_made(
    required: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """The reason is named; that is a failure where everything has to run, and else not."""
    monkeypatch.setattr(interpreters, "find", lambda version: None)
    monkeypatch.setattr(interpreters, "CACHE", tmp_path)
    monkeypatch.setattr(interpreters, "MUST_BE_HERE", ("3.14",) if required else ())
    monkeypatch.setattr(debian_python, "NEEDS", {"/no/such/program": "no-such-package"})
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert interpreters.main() == int(required)
    assert "missing programs: install no-such-package" in capsys.readouterr().err
    kind = pytest.fail.Exception if required else pytest.skip.Exception
    with pytest.raises(kind, match=r"no Python 3\.14 in .*make python-prepare"):
        interpreter("3.14")


def _run(python: Path, *arguments: str) -> str:
    command = [str(python), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
