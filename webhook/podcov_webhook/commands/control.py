"""`podcov-webhook control`: keep the webhook's certificates good."""

from __future__ import annotations

import argparse
import datetime as dt

from podcov_webhook import logs
from podcov_webhook.cluster import Cluster
from podcov_webhook.commands.flags import add_flags, read_settings
from podcov_webhook.converge import Controller
from podcov_webhook.handlers import run_controller
from podcov_webhook.rotation import Lifetimes, service_names
from podcov_webhook.settings import ControllerSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The settings of the controller."""
    add_flags(parser, ControllerSettings)


def run(parsed: argparse.Namespace) -> int:
    """Keep watch until SIGTERM."""
    settings = read_settings(ControllerSettings, parsed)
    logs.start_logging(settings.log_level)
    lifetimes = Lifetimes(
        dt.timedelta(days=settings.authority_days), dt.timedelta(days=settings.leaf_days)
    )
    names = service_names(settings.service, settings.namespace)
    run_controller(settings, Controller(Cluster(settings), names, lifetimes, _now))
    return 0


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)
