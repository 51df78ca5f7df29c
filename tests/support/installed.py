"""The agent installed into a folder, and one container's spool: what a measured process needs.

Owns the environment that the launcher makes in a pod. No sidecar runs. Called by benchmarks.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from podcov.run import Program, child_environment
from podcov_agent.contract import CHUNK_BYTES
from podcov_agent.sidecar.install import install
from support.sidecar import AGENT


class Installed:
    """An installation with a spool of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.spool = folder / "spool" / "local"
        self.spool.mkdir(parents=True)
        install(str(AGENT), str(folder / "home"))

    def environment(self) -> dict[str, str]:
        """The environment of a measured process, made of this process's."""
        program = Program(command=[], port=0)
        return child_environment(program, self._folder, os.environ)

    def forget(self) -> None:
        """Empty the spool: the next process is the first in its container."""
        shutil.rmtree(self.spool)
        self.spool.mkdir()

    def marks(self) -> int:
        """How many lines are marked in all chunks."""
        chunks = [path.read_bytes() for path in self.spool.glob("chunk.*")]
        return sum(CHUNK_BYTES - chunk.count(0) for chunk in chunks)
