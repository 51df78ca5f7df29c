"""Two processes of one interpreter that run the same programs: under the agent, under coverage.py.

A program is a file that both import. The agent's is measured as in a pod, and read as the sidecar
reads it, while the process goes on. The processes are replaced after BATCH programs, each time with
the other map. Called by the tests of generated programs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import podcov.branches
import podcov_agent
from podcov_agent.contract import ENV_BRANCH, ENV_HOME, ENV_SOURCE, ENV_SPOOL, HOME_BOOTSTRAP
from podcov_agent.sidecar.install import install
from podcov_agent.sidecar.reader import Container
from support.maps import MAP_CHOICES, NATIVE_SO
from support.oracle import what_ran

BATCH = 100
RUNNER = Path(__file__).with_name("runner.py")


@dataclass(frozen=True)
class Seen:
    """What both made of a program."""

    ours: dict[str, Any]
    theirs: dict[str, Any]
    report: dict[str, Any]
    notes: list[str]


class InvalidError(Exception):
    """The program does not compile."""


class Pair:
    """Both processes; `branches`: these are recorded, too."""

    def __init__(self, python: Path, scratch: Path, *, branches: bool = False) -> None:
        self._python = python
        self._scratch = scratch
        self._branches = podcov.branches.__file__ if branches else None
        self._home = scratch / "home"
        self._batches = self._programs = 0
        self._workers: list[subprocess.Popen[str]] = []
        self._container = Container("")
        install(os.path.dirname(podcov_agent.__file__), str(self._home))

    def __enter__(self) -> Pair:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def compare(self, source: str, seed: int) -> Seen:
        """Run a program in both. Raises InvalidError, and AssertionError where a process dies."""
        if not self._workers or self._programs >= BATCH:
            self._start()
        self._programs += 1
        path = self._folder / f"program_{self._programs}.py"
        path.write_text(source)
        asked: dict[str, Any] = {"path": str(path), "seed": seed}
        ours = self._ask(0, asked)
        self._container.look()
        ran = what_ran(self._container).get(str(path), {"lines": [], "exits": []})
        theirs = self._ask(1, {**asked, "ours": ran, "branches": self._branches})
        notes = [f"{note['slug']}: {note['detail']}" for note in self._container.notes()]
        return Seen(ours["told"], theirs["told"], theirs["report"], notes)

    @property
    def _folder(self) -> Path:
        return self._scratch / f"batch_{self._batches}"

    def _start(self) -> None:
        """Both processes anew, in an empty folder."""
        self._stop()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._batches, self._programs = self._batches + 1, 0
        spool = self._folder / "spool"
        spool.mkdir(parents=True)
        self._container = Container(str(spool))
        kinds = list(MAP_CHOICES.values()) if NATIVE_SO.exists() else [{}]
        ours = {ENV_HOME: str(self._home), ENV_SPOOL: str(spool), ENV_SOURCE: str(self._folder)}
        ours |= {
            "PYTHONPATH": str(self._home / HOME_BOOTSTRAP),
            **kinds[self._batches % len(kinds)],
        }
        ours |= {ENV_BRANCH: "true"} if self._branches else {}
        self._workers = [self._begin(ours), self._begin({"COVERAGE_CORE": "ctrace"}, "coverage")]

    def _begin(self, env: dict[str, str], *options: str) -> subprocess.Popen[str]:
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("PODCOV_", "PYTHON"))}
        same = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        with (self._folder / "stderr").open("a") as stderr:
            return subprocess.Popen(
                [str(self._python), str(RUNNER), *options],
                env={**keep, **same, **env},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )

    def _ask(self, which: int, question: dict[str, Any]) -> dict[str, Any]:
        worker = self._workers[which]
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(json.dumps(question) + "\n")
        worker.stdin.flush()
        line = worker.stdout.readline()
        if not line:
            self._stop()
            said = (self._folder / "stderr").read_text()[-3000:]
            raise AssertionError(
                f"{['agent', 'coverage'][which]} died: {worker.returncode}\n{said}"
            )
        answer: dict[str, Any] = json.loads(line)
        if "invalid" in answer:
            raise InvalidError(answer["invalid"])
        return answer

    def _stop(self) -> None:
        for worker in self._workers:
            worker.communicate()
        self._workers = []
