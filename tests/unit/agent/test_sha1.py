"""The hash that names contents, where the interpreter has it from."""

import hashlib
import subprocess
import sys

SHOW = """
import sys
sys.modules["_sha1"] = None
{blocked}
from podcov_agent.sha1 import sha1
print(sha1(b"text").hexdigest(), "hashlib" in sys.modules)
"""


def run(blocked: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", SHOW.format(blocked=blocked)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_without_the_builtin_it_is_openssls() -> None:
    """The same hash, and hashlib, which takes long to load, is not loaded."""
    done = run()
    assert (done.stdout, done.stderr) == (f"{hashlib.sha1(b'text').hexdigest()} False\n", "")


def test_with_neither_nothing_is_said_but_the_reason() -> None:
    """hashlib would log an error for every hash that it misses, on the application's stderr."""
    done = run('sys.modules["_hashlib"] = None')
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("ModuleNotFoundError: ")
    assert "ERROR" not in done.stderr
