"""Owns the command line: arguments in, one command run, exit codes out.

The only place that prints errors. Exit codes: 0 done, 1 refused, 2 wrong usage or unreadable
input. Only the module of the wanted command is imported: a replica of the webhook needs neither
kopf nor the Kubernetes client, and does with 30 MB less.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from podcov_webhook.contract import VERSION
from podcov_webhook.errors import ExtraError, WebhookError

DESCRIPTION = "Rewrites annotated workloads so that their Python processes run measured."
COMMANDS = {
    "serve": "answer admission reviews over TLS",
    "control": "keep the webhook's certificates good",
    "inject": "rewrite annotated objects in manifests",
    "revert": "take the rewriting in manifests back",
}
UNUSABLE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        parsed = _parser(arguments[:1]).parse_args(arguments)
        code: int = parsed.run(parsed)
    except WebhookError as error:
        print(f"podcov-webhook: {error} [{error.slug}]", file=sys.stderr)
        return UNUSABLE
    return code


def _parser(wanted: Sequence[str]) -> argparse.ArgumentParser:
    """Knows every command by name, and the flags of the wanted one."""
    parser = argparse.ArgumentParser(prog="podcov-webhook", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, words in COMMANDS.items():
        command_parser = commands.add_parser(name, help=words, description=words)
        if name in wanted:
            command = _load(name)
            command.add_arguments(command_parser)
            command_parser.set_defaults(run=command.run)
    return parser


def _load(name: str) -> ModuleType:
    """The module of a command. Raises ExtraError: the program is there without the extra, too."""
    try:
        return import_module(f"podcov_webhook.commands.{name}")
    except ModuleNotFoundError as error:
        raise ExtraError(
            f"{error.name} is not installed; install podcov with its extra, podcov[webhook]"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
