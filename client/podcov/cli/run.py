"""`podcov run`: a measured program on this machine."""

import click

from podcov.config import environment
from podcov.contract import DEFAULT_PORT
from podcov.run import Program, run_program
from podcov.screen import Screen


@click.command(
    name="run",
    short_help="run a program as an annotated pod would",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="The agent's port; 0: a free one.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The agent's address.")
@click.option("--source", multiple=True, metavar="WHAT", help="As coverage.io/source.")
@click.option("--omit", multiple=True, metavar="GLOB", help="As coverage.io/omit.")
@click.option("--branch", is_flag=True, help="Record branches too, as coverage.io/branch.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def command(
    command: tuple[str, ...],
    port: int,
    host: str,
    source: tuple[str, ...],
    omit: tuple[str, ...],
    branch: bool,
) -> int:
    """Run a program on this machine as an annotated pod would.

    For laptops and Compose. Every Python process of COMMAND is measured; signals reach it, and
    its exit code is passed on. Collect while it runs: podcov collect --url URL
    """
    screen = Screen()
    program = Program(command, port, host, source, omit, branch)
    return run_program(program, environment(), lambda url: screen.say(_greeting(url)))


def _greeting(url: str) -> str:
    return f"podcov: measuring; in another terminal: podcov collect --url {url}"
