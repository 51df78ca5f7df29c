"""`podcov collect`: fetch, map, report."""

import click

from podcov.cli.options import REACH, REPORTS, SESSION, with_options
from podcov.cli.publish import check_limit, write_reports
from podcov.collection import Collection
from podcov.config import Settings, load_settings
from podcov.errors import InterruptedCollectionError
from podcov.screen import Screen
from podcov.session import Session

EPILOG = """\
The data file goes with coverage.py: `coverage combine --append` joins it with
the coverage of unit tests.
"""


@click.command(name="collect", short_help="fetch coverage and report it", epilog=EPILOG)
@with_options(
    *REACH,
    click.option(
        "--source", multiple=True, metavar="DIR", help="Local sources (repeatable); default: ."
    ),
    click.option(
        "--allow-stale",
        is_flag=True,
        default=None,
        help="Count files whose local version differs.",
    ),
    *SESSION,
    *REPORTS,
)
def command(show_missing: bool | None, **arguments: object) -> None:
    """Fetch coverage from the pods and report it under local paths.

    WORKLOAD is deploy/NAME, statefulset/NAME or pod/NAME; without it and -l, every pod of the
    namespace that has an agent. Counts what ran since the session's last reset.
    """
    screen = Screen()
    settings = load_settings(arguments)
    session = Session.from_settings(settings)
    with screen.progress("collecting") as tick:
        collection = session.collect(settings.session, tick)
    if collection.interrupted:
        _rescue(collection, settings)
    screen.show_pods(collection.answered, collection.failed, collection.skipped)
    screen.show_notes(collection.notes)
    screen.show_maps(collection.unmapped, collection.stale, merged=settings.allow_stale)
    screen.show_unread(collection.unread)
    files = collection.require_files()
    saved = collection.save(settings.data)
    percent = write_reports(files, settings, screen, show_missing)
    screen.wrote("data", saved)
    collection.require_complete()
    check_limit(percent, settings)


def _rescue(collection: Collection, settings: Settings) -> None:
    """Save what had come before Ctrl-C, and say so."""
    total = len(collection.snapshots) + len(collection.failed)
    came = f"Interrupted: {len(collection.snapshots)} of {total} pods had answered"
    if not collection.files:
        raise InterruptedCollectionError(f"{came}; nothing was saved.", "Collect again.")
    saved = collection.save(settings.data)
    raise InterruptedCollectionError(
        f"{came}; their lines are in {saved}.",
        f"Look at them with `podcov report --data {saved}`, or collect again.",
    )
