"""The agent's pure parts pass their own unit tests under every interpreter on this machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support.interpreters import each_version, interpreter, venv_python

ROOT = Path(__file__).parents[2]
FILES = (
    *("test_branches.py", "test_rewrite.py", "test_rewritten_code.py", "test_scope.py"),
    *("test_rewritten_tracebacks.py", "test_rewrite_warnings.py", "test_bytecode_readers.py"),
    *("test_hidden.py", "test_nativemap.py"),
)
"""Those that need nothing but pytest and the standard library, in the Python of 3.8."""

PYTEST = "pytest==8.3.5"  # the last that runs on 3.8


@pytest.mark.parametrize("version", each_version())
def test_the_unit_tests_pass(version: str) -> None:
    python = venv_python(interpreter(version), PYTEST)
    options = ["-q", "--noconftest", "-c", os.devnull, "--rootdir", str(ROOT / "tests")]
    options += ["--import-mode=importlib", "-p", "no:cacheprovider", "-W", "error"]
    files = [str(ROOT / "tests/unit/agent" / name) for name in FILES]
    done = subprocess.run(
        [str(python), "-m", "pytest", *options, *files],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'agent'}:{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
