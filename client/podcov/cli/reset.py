"""`podcov reset`: a named interval begins now, in every pod."""

import click

from podcov.cli.options import REACH, SESSION, with_options
from podcov.config import load_settings
from podcov.errors import require_all
from podcov.screen import Screen
from podcov.session import Session


@click.command(name="reset", short_help="let the next collection begin now")
@with_options(*REACH, *SESSION)
def command(**arguments: object) -> None:
    """Let the next collection begin now.

    The moment is kept in the pods under the session's name, so another machine may collect.
    Nobody else's data are touched: other sessions and intervals go on.
    """
    screen = Screen()
    settings = load_settings(arguments)
    session = Session.from_settings(settings)
    with screen.progress("resetting") as tick:
        interval = session.reset(settings.session, tick)
    names = [target.name for target in interval.answered]
    screen.show_pods(names, interval.failed, ())
    if names:
        screen.say(f"session {settings.session} begins now")
    require_all(len(interval.answered), [(item.name, item.error) for item in interval.failed])
