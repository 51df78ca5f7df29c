"""`podcov run`: a measured program on this machine."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib import import_module

import click

from podcov.cli.options import REPORTS, with_options
from podcov.config import environment, load_settings
from podcov.contract import DEFAULT_PORT, ENV_BRANCH, ENV_OMIT, ENV_SOURCE
from podcov.errors import EXIT_RUN, BelowError, PodcovError, SettingError
from podcov.rules import Rules, read_rules
from podcov.run import Program, run_program
from podcov.screen import Screen

EPILOG = """\
Exit codes: those of COMMAND, 128 + N if signal N ended it; 125 if podcov
failed and COMMAND did not; 4 below --fail-under; 2 wrong usage.
"""


@click.command(
    name="run",
    short_help="run a program as an annotated pod would",
    context_settings={"allow_interspersed_args": False},
    epilog=EPILOG,
)
@with_options(
    click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=DEFAULT_PORT,
        show_default=True,
        help="The agent's port; 0: a free one.",
    ),
    click.option("--host", default="127.0.0.1", show_default=True, help="The agent's address."),
    click.option(
        "--source", multiple=True, metavar="WHAT", help="Folder or package to measure (repeatable)."
    ),
    click.option(
        "--omit", multiple=True, metavar="GLOB", help="Files not to measure (repeatable)."
    ),
    click.option("--branch/--no-branch", default=None, help="Record branches too, or only lines."),
    click.option("--report", is_flag=True, help="Report at the end; so does any option below."),
    *REPORTS,
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def command(
    command: tuple[str, ...],
    port: int,
    host: str,
    source: tuple[str, ...],
    omit: tuple[str, ...],
    branch: bool | None,
    report: bool,
    show_missing: bool | None,
    **arguments: object,
) -> int:
    """Run a program on this machine as an annotated pod would.

    For laptops and Compose. Every Python process of COMMAND is measured; signals reach it, and
    its exit code is passed on. Collect while it runs: podcov collect --url URL

    Without --source, --omit and --branch, coverage.py's settings of the project say what is
    measured.
    """
    screen = Screen()
    settings = load_settings(arguments)
    env = environment()
    rules = read_rules(
        settings.rcfile, source or _entries(env, ENV_SOURCE), omit or _entries(env, ENV_OMIT)
    )
    measured = _checked((*rules.folders, *rules.packages))
    rules = replace(rules, branch=_wants_branches(branch, env, rules))
    program = Program(command, port, host, measured, _checked(rules.omit), rules.branch)
    reports = report or show_missing or any(value is not None for value in arguments.values())
    code = 0
    try:
        with run_program(program, env, lambda url: screen.say(_greeting(url))) as ended:
            code = ended.code
            if reports:
                engine = import_module("podcov.cli.local")  # the Kubernetes library takes a second
                engine.report(ended.url, rules, settings, screen, show_missing)
    except PodcovError as error:
        error.exit_code = code or _own_code(error)
        raise
    return code


def _wants_branches(asked: bool | None, env: Mapping[str, str], rules: Rules) -> bool:
    if asked is not None:
        return asked
    said = env.get(ENV_BRANCH, "")
    if said not in ("", "true", "false"):
        raise SettingError(f"{ENV_BRANCH} in the environment is {said!r}.", "Write true or false.")
    return said == "true" if said else rules.branch


def _entries(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in env.get(name, "").split(",") if part.strip())


def _checked(values: Iterable[str]) -> tuple[str, ...]:
    """The values, if the agent can be told them; they are separated by commas."""
    values = tuple(values)
    for value in values:
        if "," in value:
            raise SettingError(
                f"{value!r} in source or omit holds a comma, which separates entries there.",
                "Rename the folder, or name one above it.",
            )
    return values


def _own_code(error: PodcovError) -> int:
    return error.exit_code if isinstance(error, BelowError | SettingError) else EXIT_RUN


def _greeting(url: str) -> str:
    return f"podcov: measuring; meanwhile: podcov collect --url {url}"  # in 80 columns
