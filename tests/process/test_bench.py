"""`make bench`'s runner, with the one benchmark that takes seconds."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"


def test_a_quick_run_prints_a_table_and_writes_nothing() -> None:
    """The table has the plain process beside the measured one; the page of figures stays."""
    before = PAGE.read_text()
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "bench"), "--quick", "start"],
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"python -c pass, 3\.\d+: agent on +│ [\d.]+ ms +│ [\d.]+ x none", done.stdout)
    assert PAGE.read_text() == before


def test_an_unknown_benchmark_is_refused_by_name() -> None:
    """A misspelt name ends the run before anything is measured, and the known ones are listed."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "bench"), "stort"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "no such benchmark: ['stort']; there are ['cpu', " in done.stderr
