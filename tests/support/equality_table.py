"""What the comparison with coverage.py over real packages counted, and the table that shows it.

`test_packages` records a cell per package and interpreter in build/equality. `python -m
support.equality_table` in the folder tests/ writes the table of docs/equality.md from them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "build/equality"


@dataclass(frozen=True)
class Cell:
    """One package under one interpreter; `tests`: how many, 0 where branches were compared."""

    package: str
    version: str
    tests: int
    statements: int
    covered: int
    branches: int
    only_coverage: list[str]
    only_ours: list[str]
    branches_only_coverage: list[tuple[str, int, int]] = field(default_factory=list)
    branches_only_ours: list[tuple[str, int, int]] = field(default_factory=list)


def record(cell: Cell) -> None:
    """Keep it, in place of an earlier one."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    kind = "lines" if cell.tests else "branches"
    path = FOLDER / f"{cell.package}-{cell.version}-{kind}.json"
    path.write_text(json.dumps(asdict(cell), indent=1))
