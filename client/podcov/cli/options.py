"""Owns the options that commands share; their names are those of config.Settings."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from podcov.forward import FORWARDS

Function = TypeVar("Function", bound=Callable[..., Any])

REACH = (
    click.argument("workload", required=False, metavar="[WORKLOAD]"),
    click.option("-n", "--namespace", metavar="NAME", help="Default: the context's."),
    click.option("-l", "--selector", metavar="LABELS", help="Pods by label, as kubectl -l."),
    click.option(
        "--url", multiple=True, metavar="URL", help="Ask this agent straight (repeatable)."
    ),
    click.option("--kubeconfig", metavar="FILE", help="Default: $KUBECONFIG, ~/.kube/config."),
    click.option("--context", metavar="NAME", help="The kubeconfig's context."),
    click.option(
        "--forward", type=click.Choice(FORWARDS), help="How pods are reached; default: native."
    ),
    click.option(
        "--local-port", type=int, metavar="PORT", help="For kubectl; default: a free one."
    ),
    click.option("--timeout", type=float, metavar="S", help="Seconds per answer; default: 30."),
)
SESSION = (click.option("--session", metavar="NAME", help="Whose interval; default: default."),)
REPORTS = (
    click.option("--html", metavar="DIR", help="Write an HTML report."),
    click.option("--xml", metavar="FILE", help="Write Cobertura XML."),
    click.option("--json", metavar="FILE", help="Write coverage.py's JSON."),
    click.option("--lcov", metavar="FILE", help="Write LCOV."),
    click.option("--markdown", metavar="FILE", help="Write the table as Markdown."),
    click.option(
        "-m", "--show-missing", is_flag=True, default=None, help="Name the lines that did not run."
    ),
    click.option(
        "--fail-under", type=float, metavar="N", help="Exit with 4 if the total is below N %."
    ),
    click.option(
        "--rcfile", metavar="FILE", help="coverage.py's settings; default: as coverage finds them."
    ),
    click.option("--data", metavar="FILE", help="Coverage data file; default: .coverage.podcov."),
)


def with_options(*options: Callable[[Function], Function]) -> Callable[[Function], Function]:
    """Decorate a command with options, shown in this order."""

    def decorate(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate
