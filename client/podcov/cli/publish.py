"""Owns what `collect` and `report` do alike: the table on stdout, the report files, the limit."""

from collections.abc import Sequence
from pathlib import Path

from podcov.config import Settings
from podcov.covdata import FILES, Measured, find_limit, is_below, make_table, write_report
from podcov.errors import BelowError
from podcov.screen import Screen


def write_reports(
    files: Sequence[Measured], settings: Settings, screen: Screen, show_missing: bool | None
) -> float:
    """Print the table, write every report that was asked for; the total in percent."""
    table = make_table(files, None, show_missing, settings.rcfile)
    screen.show_table(table.text, table.warnings)
    for kind in (*FILES, "markdown"):
        to = getattr(settings, kind)
        if to:
            write_report(files, kind, Path(to), settings.rcfile)
            screen.wrote(kind, Path(to, "index.html") if kind == "html" else Path(to))
    return table.percent


def check_limit(percent: float, settings: Settings) -> None:
    """BelowError if the total is below `fail_under`, ours or coverage.py's."""
    limit = find_limit(settings.fail_under, settings.rcfile)
    if is_below(percent, limit, settings.rcfile):
        whose = "" if settings.fail_under is not None else " (fail_under of coverage.py's settings)"
        raise BelowError(
            f"The total is {percent:.2f} %, below the limit of {limit:g} %{whose}.",
            "See what did not run: add --show-missing.",
        )
