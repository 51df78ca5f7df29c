"""What the sidecar writes by hand is read by real versions of coverage.py as its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import coverage
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from podcov_agent.sidecar import dump
from support import interpreters
from support.spool import bits_of

READER = Path(__file__).with_name("read_data.py")
NEWEST = "newest"
RELEASES = {"6.2": "3.8", "7.2.7": "3.11", "7.6.1": "3.8"}
"""Release of coverage.py to the interpreter it runs on here: the first and last of each kind."""

ODD = '/app/it\'s "odd" ünï\n;--.py'
LINES: dump.Lines = {
    "/app/a.py": (bits_of({1, 2, 77}), bits_of({1})),
    "/app/only_startup.py": (0, bits_of({3})),
    "/app/nothing_ran.py": (0, 0),
    "/app/long.py": (bits_of(range(1, 100_000, 3)), 0),
    ODD: (bits_of({8}), 0),
}
EXPECTED = {
    "/app/a.py": {"": [1, 2, 77], "startup": [1]},
    "/app/only_startup.py": {"": [], "startup": [3]},
    "/app/nothing_ran.py": {"": [], "startup": []},
    "/app/long.py": {"": list(range(1, 100_000, 3)), "startup": []},
    ODD: {"": [8], "startup": []},
}


def python_of(release: str) -> Path:
    if release == NEWEST:
        return Path(sys.executable)
    which = interpreters.interpreter(RELEASES[release])
    return interpreters.venv_python(which, f"coverage=={release}")


def read(python: Path, kind: str, data: bytes) -> Any:
    done = subprocess.run([python, READER, kind], input=data, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@pytest.mark.parametrize("release", [NEWEST, *RELEASES])
@pytest.mark.parametrize(("kind", "write"), [("dumps", dump.to_dumps), ("sqlite", dump.to_sqlite)])
def test_coverage_reads_it_and_finds_it_equal_to_its_own(
    release: str, kind: str, write: Any
) -> None:
    """Files, contexts and lines; a data object that coverage made of them is equal and merges."""
    assert read(python_of(release), kind, write(LINES)) == {
        "contents": EXPECTED,
        "equal": True,
        "merged": True,
        "has_arcs": False,
        "contexts": ["", "startup"],
    }


@pytest.mark.parametrize("write", [dump.to_dumps, dump.to_sqlite])
def test_no_line_at_all_is_data_too(write: Any) -> None:
    kind = write.__name__.removeprefix("to_")
    answer = read(Path(sys.executable), kind, write({}))
    assert (answer["contents"], answer["contexts"]) == ({}, [""])


PATHS = st.binary().map(lambda name: name.decode("utf-8", "surrogateescape"))


@settings(deadline=None, max_examples=50)
@example({"/app/a\0b.py": {1}})
@given(st.dictionaries(PATHS, st.sets(st.integers(1, 999))))
def test_any_paths_and_lines_survive(found: dict[str, set[int]]) -> None:
    """Whatever a path is made of, quotes, semicolons, zero and undecodable bytes among it."""
    data = coverage.CoverageData(no_disk=True)
    data.loads(dump.to_dumps({path: (bits_of(lines), 0) for path, lines in found.items()}))
    clean = {
        path.encode("utf-8", "surrogateescape")
        .decode("utf-8", "backslashreplace")
        .replace("\0", "\\x00"): lines
        for path, lines in found.items()
    }
    assert {path: set(data.lines(path) or []) for path in data.measured_files()} == clean


def test_paths_that_become_one_are_united() -> None:
    """A byte that is no UTF-8 and its escape, spelt out, would be the same key."""
    data = coverage.CoverageData(no_disk=True)
    data.loads(dump.to_dumps({"/a\udcff": (0b10, 0), "/a\\xff": (0b100, 0b1000)}))
    assert data.measured_files() == {"/a\\xff"}
    assert sorted(data.lines("/a\\xff") or []) == [1, 2, 3]


def test_coverage_reports_from_the_data_file(tmp_path: Path) -> None:
    """`coverage report` takes the file as if `coverage run` had written it."""
    source = tmp_path / "a.py"
    source.write_text("x = 1\nif x:\n    y = 2\nelse:\n    y = 3\n")
    (tmp_path / ".coverage").write_bytes(dump.to_sqlite({str(source): (bits_of({1, 2, 3}), 0)}))
    report = [sys.executable, "-m", "coverage", "report", "-m"]
    out = subprocess.check_output(report, cwd=tmp_path, text=True)
    assert out.splitlines()[-1].split() == ["TOTAL", "4", "1", "75%"], out


def test_a_data_file_is_made_where_python_cannot_serialize_a_database() -> None:
    """Python 3.10, on which `podcov run` may run."""
    old = interpreters.interpreter("3.10")
    program = (
        "import sys; from podcov_agent.sidecar import dump\n"
        "sys.stdout.buffer.write(dump.to_sqlite({'/app/a.py': (6, 0)}))"
    )
    agent = Path(dump.__file__).parents[2]
    done = subprocess.run(
        [old.python, "-c", program], env={"PYTHONPATH": str(agent)}, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    answer = read(Path(sys.executable), "sqlite", done.stdout)
    assert answer["contents"] == {"/app/a.py": {"": [1, 2]}}
