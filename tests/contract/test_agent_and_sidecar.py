"""The agent's writing side and the sidecar's reading side, both real: installed, run, asked."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import coverage
import pytest
from support import interpreters
from support.sidecar import Sidecar

PROGRAM = """\
import sys
def loop():
    for word in sys.stdin:
        if word == "left\\n":
            answer = "went left"
        else:
            answer = "went right"
        print(answer, flush=True)
loop()
"""
BEGUN, IN_LOOP, LEFT, RIGHT = {1, 2, 3, 9}, {3, 4, 8}, {5}, {7}


class App:
    """The program above, measured: it answers each word it is told."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def tell(self, word: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()


@contextmanager
def running_app(folder: Path, python: Path) -> Iterator[App]:
    """The program in the folder `app`, under the agent that the sidecar installed."""
    (folder / "app").mkdir(exist_ok=True)
    (folder / "app" / "main.py").write_text(PROGRAM)
    (folder / "spool" / "shop").mkdir(parents=True, exist_ok=True)
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(folder / "home" / "bootstrap"),
        "PODCOV_HOME": str(folder / "home"),
        "PODCOV_SPOOL": str(folder / "spool" / "shop"),
        "PODCOV_LAUNCHED": "1",
    }
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [python, "main.py"],
        cwd=folder / "app",
        env=environ,
        stdin=pipe,
        stdout=pipe,
        text=True,
    ) as process:
        try:
            yield App(process)
        finally:
            process.kill()


def collected(sidecar: Sidecar, path: Path) -> dict[str, set[int]]:
    """Context -> lines of the file."""
    data = coverage.CoverageData(no_disk=True)
    data.loads(base64.b64decode(json.loads(sidecar.get("/coverage?name=x")[1])["coverage_data"]))
    found = {}
    for context in data.measured_contexts():
        data.set_query_context(context)
        found[context] = set(data.lines(str(path)) or [])
    return found


@pytest.mark.parametrize("version", interpreters.each_version(interpreters.OLDEST_AND_NEWEST))
def test_every_line_is_in_the_answer_and_in_its_generation(
    sidecar: Sidecar, tmp_path: Path, version: str
) -> None:
    """A line that ran before the request is there; after a reset only what ran since."""
    main = (tmp_path / "app" / "main.py").resolve()
    with running_app(tmp_path, interpreters.interpreter(version).python) as app:
        assert app.tell("right") == "went right\n"
        assert collected(sidecar, main) == {"": BEGUN | IN_LOOP | RIGHT}
        sidecar.get("/coverage/reset")
        assert app.tell("left") == "went left\n"
        after = collected(sidecar, main)
        assert after["startup"] == BEGUN | IN_LOOP | RIGHT
        assert after[""] - {3} == (IN_LOOP | LEFT) - {3}  # a loop's own line: docs/limits.md
        assert app.tell("right") == "went right\n"
        assert collected(sidecar, main)[""] - {3} == (IN_LOOP | LEFT | RIGHT) - {3}


def test_what_ran_stays_after_the_process_was_killed(sidecar: Sidecar, tmp_path: Path) -> None:
    """And a later process of the container goes on in the same place."""
    main = (tmp_path / "app" / "main.py").resolve()
    with running_app(tmp_path, Path(sys.executable)) as app:
        app.tell("right")
        app.process.kill()
        app.process.wait()
        assert collected(sidecar, main) == {"": BEGUN | IN_LOOP | RIGHT}
    with running_app(tmp_path, Path(sys.executable)) as app:
        app.tell("left")
    assert collected(sidecar, main) == {"": BEGUN | IN_LOOP | LEFT | RIGHT}
    health = json.loads(sidecar.get("/v1/health")[1])["containers"]["shop"]
    assert (health["sources"], health["notes"]) == (1, [])
    assert len(health["interpreters"]) == 1
