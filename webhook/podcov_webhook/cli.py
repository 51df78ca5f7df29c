"""Owns the command line: arguments in, one command run, exit codes out.

The only place that prints errors. Exit codes: 0 done, 1 refused, 2 wrong usage or unreadable
input.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields

from podcov_webhook import logs
from podcov_webhook.contract import VERSION
from podcov_webhook.errors import WebhookError
from podcov_webhook.server import serve
from podcov_webhook.settings import (
    AgentSettings,
    Section,
    ServerSettings,
    build_settings,
    flag_of,
    read_environment,
    variable_of,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
    except WebhookError as error:
        print(f"podcov-webhook: {error}", file=sys.stderr)
        return 2
    return code


def _serve(parsed: argparse.Namespace) -> int:
    settings = _settings(ServerSettings, parsed)
    agent = _settings(AgentSettings, parsed)
    logs.start_logging(settings.log_level)
    serve(settings, agent)
    return 0


def _settings(section: type[Section], parsed: argparse.Namespace) -> Section:
    return build_settings(section, read_environment(), vars(parsed))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="podcov-webhook", description=__doc__)
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    server = commands.add_parser("serve", help="answer admission reviews over TLS")
    _add_flags(server, ServerSettings, AgentSettings)
    server.set_defaults(run=_serve)
    return parser


def _add_flags(parser: argparse.ArgumentParser, *sections: type[Section]) -> None:
    for section in sections:
        for item in fields(section):
            words = f"{item.metadata['help']} (default {item.default}; {variable_of(item.name)})"
            parser.add_argument(flag_of(item.name), metavar="X", help=words)


if __name__ == "__main__":
    sys.exit(main())
