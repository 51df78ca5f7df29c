"""Owns how settings become flags of a command. Called by the commands."""

from __future__ import annotations

import argparse
from dataclasses import fields

from podcov_webhook.settings import (
    Section,
    build_settings,
    flag_of,
    read_environment,
    variable_of,
)


def add_flags(parser: argparse.ArgumentParser, *sections: type[Section]) -> None:
    """One flag for every setting of the sections."""
    for section in sections:
        for item in fields(section):
            words = f"{item.metadata['help']} (default {item.default}; {variable_of(item.name)})"
            metavar = item.name.rpartition("_")[2].upper()
            parser.add_argument(flag_of(item.name), metavar=metavar, help=words)


def read_settings(section: type[Section], parsed: argparse.Namespace) -> Section:
    """The settings of a section from flags, environment and defaults. Raises SettingsError."""
    return build_settings(section, read_environment(), vars(parsed))
