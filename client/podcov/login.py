"""Owns listening to the kubernetes library while it logs in.

When a kubeconfig's login program fails, the library writes an error into the log and goes on
without a login; who calls it gets a 403 that explains nothing. Must not know kubeconfigs: kube
does, which is the only caller.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SPEAKER = "kube_config"
"""The library's module that logs in."""
PREFIX = "exec: "
SPOKE_ITSELF = "'NoneType' object has no attribute 'strip'"
"""What the library says of a program that failed on a terminal, where its words are seen."""


class _Ears(logging.Filter):
    """Takes the library's words of one thread out of the log."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.module != SPEAKER or record.thread != self._thread:
            return True
        self.said.append(record.getMessage())
        return False


@contextmanager
def overhearing() -> Iterator[list[str]]:
    """The errors that the library logs while the block runs; nobody else gets them."""
    root, ears, silent = logging.getLogger(), _Ears(), logging.NullHandler()
    root.addFilter(ears)
    root.addHandler(silent)  # without any, logging would begin to print for the whole program
    try:
        yield ears.said
    finally:
        root.removeHandler(silent)
        root.removeFilter(ears)


def reason(said: list[str]) -> str:
    """Why there is no login, for a sentence."""
    text = " ".join(" ".join(said).split()).removeprefix(PREFIX).rstrip(".")
    return "its words are above" if text == SPOKE_ITSELF else text
