"""`podcov-webhook revert`: take back what `inject` or the webhook did to manifests."""

from __future__ import annotations

import argparse

from podcov_webhook.commands.files import add_files, rewrite_files
from podcov_webhook.manifests import revert_manifests


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The files."""
    add_files(parser)


def run(parsed: argparse.Namespace) -> int:
    """Print the manifests as they were."""
    return rewrite_files(parsed.filename, revert_manifests)
