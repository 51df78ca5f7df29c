"""A small project with its git history, and the sidecar's own answers about it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.project import Project, make_project
from support.sidecar import Served
from support.spool import Writer

ENV = ("PODCOV_SOURCE_DIRS", "PODCOV_NAMESPACE", "PODCOV_FORWARD", "KUBECONFIG")


@dataclass
class Agent:
    """A sidecar's answers and the container that it reads."""

    url: str
    writer: Writer
    served: Served

    def run(self, project: Project, name: str, *lines: int) -> None:
        """Let lines of a project's file run, at /app/NAME in the container."""
        self.writer.run(f"/app/{name}", *lines, blob=project.blob(name))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = make_project(tmp_path / "project")
    monkeypatch.chdir(made.root)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ENV:
        monkeypatch.delenv(name, raising=False)
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
            served = Served(scratch / "spool")
            stack.callback(served.stop)
            return Agent(f"http://127.0.0.1:{served.port}", writer, served)

        yield start


@pytest.fixture
def agent(start_agent: Callable[[], Agent]) -> Agent:
    return start_agent()
