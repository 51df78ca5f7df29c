"""Owns the files of `inject` and `revert`: reads them, prints the result and what is to be said."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from podcov_webhook.errors import ManifestError
from podcov_webhook.manifests import Rendered, join_streams

REFUSED = 1


def add_files(parser: argparse.ArgumentParser) -> None:
    """`-f FILE`, as kubectl has it."""
    parser.add_argument(
        "-f",
        "--filename",
        action="append",
        required=True,
        metavar="FILE",
        help="a YAML file, or - for standard input; may be repeated",
    )


def rewrite_files(filenames: Sequence[str], rewrite: Callable[[str, str], Rendered]) -> int:
    """Everything to standard output, or nothing: half a stream must not reach `kubectl apply`."""
    rendered = [rewrite(*_read(filename)) for filename in filenames]
    for remark in (remark for each in rendered for remark in each.remarks):
        print(f"warning: {remark.where}: {remark.notice.as_warning()}", file=sys.stderr)
    refusals = [refusal for each in rendered for refusal in each.refusals]
    for refusal in refusals:
        print(f"podcov-webhook: {refusal}", file=sys.stderr)
    if refusals:
        return REFUSED
    sys.stdout.write(join_streams([each.text for each in rendered]))
    return 0


def _read(filename: str) -> tuple[str, str]:
    """The text of a file, or of standard input, and what to call it."""
    if filename == "-":
        return sys.stdin.read(), "standard input"
    try:
        return Path(filename).read_text(encoding="utf-8"), filename
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(
            f"cannot read {filename}: {error}; give a YAML file, or - for standard input"
        ) from error
