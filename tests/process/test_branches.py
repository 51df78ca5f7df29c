"""Branches from a measured process to the report: real agent, sidecar and client."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from podcov import Session
from podcov.collection import LINES_ONLY, Collection
from support import sidecar
from support.measured import Container

APP = """\
import sys


def sign(n):
    if n < 0: return "-"
    for digit in str(n):
        if digit == "0":
            continue
        break
    else:
        return "0"
    return "+"


for word in sys.argv[1:]:
    print(sign(int(word)))
"""


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "app.py").write_text(APP)
    monkeypatch.chdir(folder)
    return folder / "app.py"


@pytest.fixture
def served(container: Container, tmp_path: Path) -> Iterator[tuple[Container, Session]]:
    """A container that records branches, and a client of its sidecar."""
    container.env["PODCOV_BRANCH"] = "true"
    (tmp_path / "pod").mkdir()
    spool = container.spool.rename(tmp_path / "pod" / "app")
    container.spool = spool
    (tmp_path / "sidecar").mkdir()
    with sidecar.running(spool.parent, tmp_path / "sidecar") as running:
        yield container, Session(urls=[f"http://127.0.0.1:{running.port}"])


def test_the_reports_are_those_of_coverage_run_branch(
    python: Path, served: tuple[Container, Session], app: Path, tmp_path: Path
) -> None:
    """XML, JSON and LCOV are equal for the same runs; HTML shows the partial branch."""
    container, session = served
    done = container.run([python, "app.py", "-3", "7", "10"], app.parent)
    assert (done.returncode, done.stdout) == (0, "-\n+\n+\n"), done.stderr
    collection = session.collect()
    coverage("run", "--branch", "app.py", "-3", "7", "10")
    for kind in ("xml", "json", "lcov"):
        ours, theirs = tmp_path / f"ours.{kind}", tmp_path / f"theirs.{kind}"
        collection.report(kind, ours)
        coverage(kind, "-o", str(theirs))
        assert content(ours) == content(theirs)
    assert missing(collection) == coverage("report", "--show-missing").splitlines()[2].split()
    collection.report("html", tmp_path / "html")
    assert 'class="par' in (tmp_path / "html" / "app_py.html").read_text()


def test_a_branch_is_in_the_generation_it_was_taken_in(
    python: Path, served: tuple[Container, Session], app: Path
) -> None:
    """A turn clears the marks of exits with those of lines; what ran at startup stays known."""
    container, session = served
    container.run([python, "app.py", "-3"], app.parent)
    interval = session.begin()
    container.run([python, "app.py", "7"], app.parent)
    (since,) = session.collect(since=interval).files
    assert since.branches is not None
    assert (5, -4) not in since.branches.arcs
    assert {(5, 6), (7, 9)} <= since.branches.arcs
    assert (5, -4) in since.branches.startup


def test_containers_without_branches_are_named(
    served: tuple[Container, Session], app: Path
) -> None:
    """Their lines count in the same report, and a note says why some branches are missing."""
    container, session = served
    other = Container(container.home, container.spool.parent / "lines")
    other.spool.mkdir()
    container.run([sys.executable, "app.py", "-3"], app.parent)
    other.run([sys.executable, "app.py", "7"], app.parent)
    collection = session.collect()
    assert [(n.container, n.slug) for n in collection.notes] == [("lines", LINES_ONLY[0])]
    (file,) = collection.files
    assert file.branches is not None
    assert {(5, -4), (6, 7)} <= file.branches.arcs
    assert (5, 6) not in file.branches.arcs


def test_processes_with_and_without_branches_share_the_lines(
    python: Path, served: tuple[Container, Session], app: Path
) -> None:
    """In one container: nothing that one of them marks is taken for something else."""
    container, session = served
    container.run([python, "app.py", "-3"], app.parent)
    container.env["PODCOV_BRANCH"] = "false"
    container.run([python, "app.py", "7"], app.parent)
    (file,) = session.collect().files
    assert file.branches is not None
    assert file.lines == {1, 4, 5, 6, 7, 9, 12, 15, 16}
    assert {(5, -4), (15, -1)} <= file.branches.arcs


def missing(collection: Collection) -> list[str]:
    """The words of the file's row in the table."""
    return collection.table(show_missing=True).text.splitlines()[2].split()


def coverage(*words: str) -> str:
    """What the coverage command says, as a user would run it."""
    command = [sys.executable, "-m", "coverage", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def content(path: Path) -> object:
    """A report without the time at which it was made."""
    if path.suffix == ".json":
        return json.loads(path.read_text())["files"]
    if path.suffix == ".xml":
        root = ET.parse(path).getroot()
        del root.attrib["timestamp"]
        return ET.tostring(root)
    return path.read_text()
