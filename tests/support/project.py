"""A small project with its git history, for tests of the client.

Called by unit and process tests.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from podcov.git import hash_blob

APP = """\
import sys


def greet(name):
    if name:
        return f"hello {name}"
    return "hello"


def part():
    return "bye"
"""


@dataclass
class Project:
    """A git repository with `shop/app.py`."""

    root: Path

    def write(self, name: str, text: str) -> Path:
        """A file, with the folders above it."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def commit(self, subject: str) -> str:
        """Everything, as a commit; its short name."""
        self.git("add", ".")
        self.git("commit", "-q", "-m", subject)
        return self.git("rev-parse", "--short", "HEAD")

    def git(self, *words: str) -> str:
        """What git says."""
        who = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
        done = subprocess.run(
            ["git", "-C", self.root, *who, *words], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def blob(self, name: str) -> str:
        """git's name of a file's content."""
        return hash_blob((self.root / name).read_bytes())


def make_project(root: Path) -> Project:
    """The project, committed."""
    root.mkdir()
    made = Project(root)
    made.git("init", "-q")
    made.write("shop/__init__.py", "")
    made.write("shop/app.py", APP)
    made.commit("The shop greets")
    return made
