"""What the comparison with coverage.py over real packages counted, and the table that shows it.

`test_packages` records a cell per package and interpreter in build/equality. `python -m
support.equality_table` in the folder tests/ writes the table of docs/equality.md from them; it asks
for a complete matrix, and says which cells are missing.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from support.interpreters import VERSIONS
from support.suites import PACKAGES, Package

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build/equality"
DOCUMENT = ROOT / "docs/equality.md"
BEGIN, END = (
    "<!-- table of packages: written by tests/support/equality_table.py -->\n",
    "<!-- end -->",
)

HEAD = (
    "| package | what | releases, on Python | suite | tests | statements | only ours "
    "| only coverage | branches | only ours | only coverage |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|\n"
)


@dataclass(frozen=True)
class Cell:
    """One package under one interpreter; `tests`: how many, 0 where branches were compared."""

    package: str
    version: str
    tests: int
    statements: int
    branches: int
    only_ours: int
    only_coverage: int


def record(cell: Cell) -> None:
    """Keep it, in place of an earlier one."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    kind = "lines" if cell.tests else "branches"
    path = FOLDER / f"{cell.package}-{cell.version}-{kind}.json"
    path.write_text(json.dumps(asdict(cell), indent=1))


def main() -> None:
    """Write the table; exits with the missing cells' names if there are any."""
    cells = [Cell(**json.loads(path.read_text())) for path in sorted(FOLDER.glob("*.json"))]
    there = {(cell.package, cell.version) for cell in cells if cell.tests}
    missing = [
        f"{package.name} on {version}"
        for package in PACKAGES
        for version in VERSIONS
        if (package.name, version) not in there
    ]
    if missing:
        sys.exit(f"not compared yet (PODCOV_NIGHTLY=1 does it): {', '.join(missing)}")
    text = DOCUMENT.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END, 1)[1]
    DOCUMENT.write_text(before + BEGIN + _table(cells) + END + after)


def _table(cells: list[Cell]) -> str:
    rows = [
        f"| {package.name} | {package.kind} | {releases(package)} | {package.part or 'all'} "
        f"| {_counts([cell for cell in cells if cell.package == package.name])} |"
        for package in PACKAGES
    ]
    rows.append(f"| all | | | | {_counts(cells)} |")
    return HEAD + "\n".join(rows) + "\n"


def releases(package: Package) -> str:
    """`3.0.6 on 3.8, 3.1.9 on 3.9 to 3.14`"""
    ranges: dict[str, list[str]] = {}
    for version in VERSIONS:
        ranges.setdefault(package.version(version), []).append(version)
    return ", ".join(f"{release} on {_span(found)}" for release, found in ranges.items())


def _span(versions: list[str]) -> str:
    return versions[0] if len(versions) == 1 else f"{versions[0]} to {versions[-1]}"


def _counts(cells: list[Cell]) -> str:
    """Sums over the interpreters, of lines and of branches."""
    lines = [cell for cell in cells if cell.tests]
    branches = [cell for cell in cells if not cell.tests]
    numbers = [sum(cell.tests for cell in lines), sum(cell.statements for cell in lines)]
    numbers += [sum(c.only_ours for c in lines), sum(c.only_coverage for c in lines)]
    numbers += [sum(cell.branches for cell in branches)]
    numbers += [sum(c.only_ours for c in branches), sum(c.only_coverage for c in branches)]
    return " | ".join(f"{number:,}" for number in numbers)


if __name__ == "__main__":
    main()
