"""Owns the report of `podcov run`: asks the program's agent, then does what `collect` does.

Imported when the program has ended, so that its start does not wait for this.
"""

from pathlib import Path

from podcov.cli.publish import check_limit, write_reports
from podcov.config import Settings
from podcov.errors import NoDataError
from podcov.rules import Rules
from podcov.screen import Screen
from podcov.session import Session


def report(
    url: str,
    rules: Rules,
    settings: Settings,
    screen: Screen,
    show_missing: bool | None,
) -> None:
    """Everything that ran, under the paths it ran from; PodcovError if there is no report."""
    with Session(
        urls=[url],
        timeout_s=settings.timeout,
        rcfile=settings.rcfile,
        in_place=rules,
    ) as session:
        collection = session.collect()
    screen.show_notes(collection.notes)
    screen.show_maps(collection.unmapped, collection.stale, merged=False)
    screen.show_unread(collection.unread)
    if not any(box.sources for snapshot in collection.snapshots for box in snapshot.containers):
        raise NoDataError(
            "No Python file that is measured was run.",
            "Measured is what lies in the working directory or beside the script, or is named by "
            "--source; nothing is under python -I, -E and -S.",
        )
    files = collection.require_files()
    collection.save(settings.data)
    percent = write_reports(files, settings, screen, show_missing)
    screen.wrote("data", Path(settings.data))
    collection.require_complete()
    check_limit(percent, settings)
