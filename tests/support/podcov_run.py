"""`podcov run` as a process of its own.

Owns starting it in tests. Called by process tests.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

WAITING = """\
import signal
import sys


def stop(number, frame):
    print("got", number, flush=True)
    sys.exit(3)


signal.signal(signal.SIGTERM, stop)
print("ready", flush=True); signal.pause()
"""
"""A program that ends with 3 after SIGTERM; all of it runs then."""


@contextmanager
def running(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`podcov run` with a free port, and the URL it says."""
    child = subprocess.Popen(
        [sys.executable, "-m", "podcov", "run", "--port", "0", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with child:
        try:
            assert child.stderr is not None
            said = child.stderr.readline()
            match = re.search(r"podcov collect --url (http://127\.0\.0\.1:\d+)$", said)
            if not match:
                child.terminate()  # what else it says has an end then
            assert match, said + child.stderr.read()
            yield child, match[1]
        finally:
            child.terminate()


def line_of(child: subprocess.Popen[str]) -> str:
    """The next line that the program prints."""
    assert child.stdout is not None
    return child.stdout.readline()


def finished(*words: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """`podcov run --port 0`, at its end."""
    return subprocess.run(
        [sys.executable, "-m", "podcov", "run", "--port", "0", *words],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **(env or {})},
    )
