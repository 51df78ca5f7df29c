"""Runs every benchmark and writes one table: `python tests/bench [--quick] [NAME ...]`.

Finds bench_*.py beside itself. A whole run replaces docs/benchmarks.md; a run of some benchmarks,
or a quick one, only prints. Everything it loads is on this machine.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import subprocess
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent))

from rich.console import Console  # noqa: E402 - the path above is where `support` is
from rich.table import Table  # noqa: E402
from support.bench import Row  # noqa: E402

TABLE_MD = ROOT / "docs" / "benchmarks.md"
console = Console(highlight=False)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tests/bench", description="What podcov costs.")
    parser.add_argument("--quick", action="store_true", help="few rounds, to try a benchmark out")
    parser.add_argument("names", nargs="*", help="benchmarks without their bench_ (default: all)")
    args = parser.parse_args()
    everything = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    if unknown := set(args.names) - set(everything):
        parser.error(f"no such benchmark: {sorted(unknown)}; there are {everything}")
    tables: dict[str, list[Row]] = {}
    failed = [name for name in args.names or everything if not _run(name, args.quick, tables)]
    if not (failed or args.names or args.quick):
        TABLE_MD.write_text(_page(tables), encoding="utf-8")
        console.print(f"written to {TABLE_MD.relative_to(ROOT)}")
    if failed:
        console.print(f"[red]failed: {', '.join(failed)}[/]")
    return 1 if failed else 0


def _run(name: str, quick: bool, tables: dict[str, list[Row]]) -> bool:
    module = importlib.import_module(f"bench_{name}")
    headline = (module.__doc__ or name).splitlines()[0]
    began = time.monotonic()
    try:
        with console.status(headline):
            rows: list[Row] = module.run(quick)
    except Exception:  # the other benchmarks still count, and the run fails at its end
        traceback.print_exc()
        return False
    tables[headline] = rows
    console.print(_table(f"{headline} [dim]({time.monotonic() - began:.0f} s)[/]", rows))
    return True


def _cells(row: Row) -> list[str]:
    value = f"{row.value:,.4g} {row.unit}"
    if row.ratio is None:
        return [row.name, value, ""]
    digits = ".2f" if row.ratio >= 0.1 else ".2g"
    return [row.name, value, f"{row.ratio:{digits}} x {row.peer}"]


def _table(title: str, rows: list[Row]) -> Table:
    table = Table(title=title, title_justify="left")
    for column in ("what", "median", "in the same round"):
        table.add_column(column)
    for row in rows:
        table.add_row(*_cells(row))
    return table


def _page(tables: dict[str, list[Row]]) -> str:
    lines = [
        "# What podcov costs",
        "",
        "Written by `make bench`; do not edit. Each figure is a median. A ratio compares with its",
        "peer in the same round, and is what to read: absolute figures belong to this machine:",
        "",
        *(f"- {line}" for line in _machine()),
    ]
    for headline, rows in tables.items():
        lines += [
            "",
            f"## {headline.rstrip('.')}",
            "",
            "| what | median | ratio |",
            "|---|---|---|",
        ]
        lines += ["| " + " | ".join(_cells(row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _machine() -> list[str]:
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    )
    load = os.getloadavg()[0]
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return [
        f"{machine}, load {load:.1f} at the end",
        f"{platform.python_implementation()} {platform.python_version()}",
        f"{time.strftime('%Y-%m-%d')}, commit {commit.stdout.strip() or 'unknown'}",
    ]


if __name__ == "__main__":
    sys.exit(main())
