"""A small project with its git history, and real sidecars that measured it."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from podcov.git import hash_blob
from support import sidecar
from support.spool import Writer

APP = """\
import sys


def greet(name):
    if name:
        return f"hello {name}"
    return "hello"


def part():
    return "bye"
"""
ENV = ("PODCOV_SOURCE_DIRS", "PODCOV_NAMESPACE", "PODCOV_FORWARD", "KUBECONFIG")


@dataclass
class Project:
    """A git repository with `shop/app.py`, which is also the working directory."""

    root: Path

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def commit(self, subject: str) -> str:
        self.git("add", ".")
        self.git("commit", "-q", "-m", subject)
        return self.git("rev-parse", "--short", "HEAD")

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
        done = subprocess.run(
            ["git", "-C", self.root, *who, *words], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def blob(self, name: str) -> str:
        return hash_blob((self.root / name).read_bytes())


@dataclass
class Agent:
    """A sidecar and the container that it reads."""

    url: str
    writer: Writer
    sidecar: sidecar.Sidecar

    def run(self, project: Project, name: str, *lines: int) -> None:
        """Let lines of a project's file run, at /app/NAME in the container."""
        self.writer.run(f"/app/{name}", *lines, blob=project.blob(name))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ENV:
        monkeypatch.delenv(name, raising=False)
    made = Project(root)
    made.git("init", "-q")
    made.write("shop/__init__.py", "")
    made.write("shop/app.py", APP)
    made.commit("The shop greets")
    return made


@pytest.fixture
def start_agent(tmp_path: Path) -> Iterator[Callable[[], Agent]]:
    """Start as many agents as a test needs."""
    with ExitStack() as stack:
        count = 0

        def start() -> Agent:
            nonlocal count
            count += 1
            scratch = tmp_path / f"agent{count}"
            writer = Writer(scratch / "spool" / "shop")
            running = stack.enter_context(sidecar.running(scratch / "spool", scratch))
            return Agent(f"http://127.0.0.1:{running.port}", writer, running)

        yield start


@pytest.fixture
def agent(start_agent: Callable[[], Agent]) -> Agent:
    return start_agent()
