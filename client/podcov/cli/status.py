"""`podcov status`: every agent's health, and what is not measured."""

import click

from podcov.cli.options import REACH, with_options
from podcov.config import load_settings
from podcov.errors import require_all
from podcov.screen import Screen
from podcov.session import Session


@click.command(name="status", short_help="ask every agent how it is")
@with_options(*REACH)
def command(**arguments: object) -> None:
    """Ask every agent how it is and what it does not measure.

    WORKLOAD is deploy/NAME, statefulset/NAME or pod/NAME; without it and -l, every pod of the
    namespace that has an agent.
    """
    screen = Screen()
    session = Session.from_settings(load_settings(arguments))
    with screen.progress("asking") as tick:
        status = session.status(tick)
    screen.show_health(status.answers)
    names = [answer.target.name for answer in status.answers]
    screen.show_pods(names, status.failed, status.skipped)
    screen.show_notes(note for answer in status.answers for note in answer.notes)
    require_all(len(status.answers), [(item.name, item.error) for item in status.failed])
