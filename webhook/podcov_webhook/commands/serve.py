"""`podcov-webhook serve`: answer admission reviews over TLS."""

from __future__ import annotations

import argparse

from podcov_webhook import logs
from podcov_webhook.commands.flags import add_flags, read_settings
from podcov_webhook.server import serve
from podcov_webhook.settings import AgentSettings, ServerSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The settings of the server and of what it puts into pods."""
    add_flags(parser, ServerSettings)
    add_flags(parser, AgentSettings)


def run(parsed: argparse.Namespace) -> int:
    """Serve until SIGTERM."""
    settings = read_settings(ServerSettings, parsed)
    agent = read_settings(AgentSettings, parsed)
    logs.start_logging(settings.log_level)
    serve(settings, agent)
    return 0
