"""`podcov-webhook inject`: rewrite annotated objects in manifests, as the webhook would."""

from __future__ import annotations

import argparse

from podcov_webhook.commands.files import add_files, rewrite_files
from podcov_webhook.commands.flags import add_flags, read_settings
from podcov_webhook.decision import Context
from podcov_webhook.manifests import inject_manifests
from podcov_webhook.settings import AgentSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The files, and the settings of what is put into pods."""
    add_files(parser)
    add_flags(parser, AgentSettings)


def run(parsed: argparse.Namespace) -> int:
    """Print the rewritten manifests."""
    context = Context(own_namespace=None, agent=read_settings(AgentSettings, parsed))
    return rewrite_files(
        parsed.filename, lambda text, source: inject_manifests(text, source, context)
    )
