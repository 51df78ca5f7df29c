"""Owns the entry point: which commands there are, and the only place that prints errors.

A command's module is imported when it is called: `podcov run` should not wait for the Kubernetes
library. Every command has one file here with a function `command`.
"""

import sys
from collections.abc import Sequence
from importlib import import_module

import click

from podcov.contract import VERSION
from podcov.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, PodcovError
from podcov.screen import Screen

COMMANDS = {
    "status": "ask every agent how it is and what it does not measure",
    "collect": "fetch coverage from the pods and report it under local paths",
    "reset": "let the next collection begin now",
    "report": "report again what was collected, without asking the pods",
    "run": "run a program on this machine as an annotated pod would",
}

OVERVIEW = """\
podcov: live coverage of Python programs in running Kubernetes pods.

Examples:

\b
  podcov collect deploy/shop -n shop --html out/
  podcov reset deploy/shop -n shop
  podcov run -- python app.py
"""

EPILOG = """\
Exit codes: 0 ok, 1 error, 2 wrong usage or setting, 3 some pods did not
answer, 4 below --fail-under, 130 interrupted.

Settings come from options, then PODCOV_<NAME> in the environment, then
[tool.podcov] in pyproject.toml. A pod is measured when its workload has the
annotation coverage.io/enabled=true.
"""


class Commands(click.Group):
    """The table above as a click group."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None if there is no such name."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"podcov.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, invoke_without_command=True, help=OVERVIEW, epilog=EPILOG)
@click.version_option(VERSION, prog_name="podcov")
@click.pass_context
def group(ctx: click.Context) -> None:
    """Print the overview when nothing is asked for."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code. Errors are printed here and nowhere else."""
    try:
        result = group.main(
            list(sys.argv[1:] if arguments is None else arguments),
            prog_name="podcov",
            standalone_mode=False,
        )
    except PodcovError as error:
        Screen().fail(error)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except (KeyboardInterrupt, click.Abort):
        Screen().say("podcov: interrupted; nothing was changed on this side.")
        return EXIT_INTERRUPTED
    return result if isinstance(result, int) else EXIT_OK
