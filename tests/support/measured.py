"""Runs programs under the agent, in real interpreters, and reads what they ran from the spool.

Owns the folders that stand for a pod's two volumes. Called by process tests.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import podcov_agent
from podcov_agent import record
from podcov_agent.contract import CHUNK_BYTES, HOME_BOOTSTRAP, SPOOL_CHUNK, SPOOL_LOG
from podcov_agent.sidecar.install import install

PACKAGE = Path(podcov_agent.__file__).parent


def install_agent(home: Path) -> Path:
    """The agent as the sidecar installs it."""
    install(str(PACKAGE), str(home))
    return home


@dataclass
class Container:
    """One measured container: the installed agent, its spool folder, its environment."""

    home: Path
    spool: Path
    env: dict[str, str] = field(default_factory=dict)

    def environ(self, *, measured: bool = True) -> dict[str, str]:
        """The environment of a process; not `measured`: as if the pod had never been annotated."""
        env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **self.env}
        if measured:
            bootstrap = str(self.home / HOME_BOOTSTRAP)
            known = env.get("PYTHONPATH")
            env["PYTHONPATH"] = f"{bootstrap}:{known}" if known else bootstrap
            env["PODCOV_SPOOL"] = str(self.spool)
            env["PODCOV_HOME"] = str(self.home)
        return env

    def run(
        self,
        command: Sequence[str | Path],
        cwd: Path,
        *,
        measured: bool = True,
        stdin: str | None = None,
        timeout_s: float = 60,
        errors: str = "strict",
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        return subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            env=self.environ(measured=measured),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            encoding="utf-8",
            errors=errors,
            timeout=timeout_s,
        )

    def start(self, command: Sequence[str | Path], cwd: Path) -> subprocess.Popen[str]:
        """Start a server, in a session of its own, with its output in a pipe."""
        return subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=self.environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def log(self) -> record.Log:
        """What the log says now."""
        log = record.Log()
        if (self.spool / SPOOL_LOG).exists():
            fd = os.open(self.spool / SPOOL_LOG, os.O_RDONLY)
            try:
                log.read(fd)
            finally:
                os.close(fd)
        return log

    def lines(self) -> dict[str, set[int]]:
        """The lines that ran, by real path, of every source that was loaded."""
        ran: dict[str, set[int]] = {}
        for (path, _), lines in self.sources().items():
            ran.setdefault(path, set()).update(lines)
        return ran

    def lines_by_blob(self, path: Path) -> dict[str, set[int]]:
        """The lines of one file that ran, by the git hash of its content."""
        real = os.path.realpath(path)
        return {blob: lines for (name, blob), lines in self.sources().items() if name == real}

    def sources(self) -> dict[tuple[str, str], set[int]]:
        """The lines that ran, by real path and content."""
        chunks: dict[int, bytes] = {}
        ran: dict[tuple[str, str], set[int]] = {}
        for key, place in self.log().sources.items():
            if place.chunk not in chunks:
                file = self.spool / (SPOOL_CHUNK % place.chunk)
                whole = file.is_file() and not file.is_symlink()
                chunks[place.chunk] = file.read_bytes() if whole else bytes(CHUNK_BYTES)
            piece = chunks[place.chunk][place.base : place.base + place.slots]
            ran[key] = {n for n, byte in enumerate(piece) if byte}
        return ran

    def ran(self, path: Path) -> set[int]:
        """The lines of one file that ran; empty if it was not loaded."""
        return self.lines().get(os.path.realpath(path), set())

    def notes(self) -> list[dict[str, str]]:
        """The notes in the log."""
        return [json.loads(text) for text in self.log().notes.values()]

    def slugs(self) -> list[str]:
        """The slugs of the notes."""
        return [note["slug"] for note in self.notes()]


def line_of(path: Path, text: str) -> int:
    """The number of the only line that contains `text`."""
    found = [n for n, line in enumerate(path.read_text().splitlines(), 1) if text in line]
    assert len(found) == 1, f"{text!r} is in lines {found} of {path}"
    return found[0]
