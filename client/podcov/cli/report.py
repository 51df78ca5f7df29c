"""`podcov report`: the reports again, from the data file."""

from pathlib import Path

import click

from podcov.cli.options import REPORTS, with_options
from podcov.cli.publish import check_limit, write_reports
from podcov.config import load_settings
from podcov.covdata import read_data
from podcov.screen import Screen


@click.command(name="report", short_help="report again what was collected")
@with_options(*REPORTS)
def command(show_missing: bool | None, **arguments: object) -> None:
    """Report again what was collected, without asking the pods."""
    screen = Screen()
    settings = load_settings(arguments)
    files = read_data(Path(settings.data))
    percent = write_reports(files, settings, screen, show_missing)
    check_limit(percent, settings)
