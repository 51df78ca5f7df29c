"""Owns locks between processes of one machine. Called by whoever makes something only once."""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from support.cluster.commands import say
from support.cluster.errors import StartFailedError

PAUSE_S = 0.2


@contextlib.contextmanager
def locked(path: Path, meaning: str, timeout_s: float = 1800) -> Iterator[int]:
    """Hold an exclusive lock on `path`; gives its descriptor.

    The lock also lives as long as any process that inherited the descriptor. `meaning` is told to a
    person who has to wait.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _acquire(descriptor, lambda: f"{meaning} (lock: {path})", timeout_s)
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, meaning: Callable[[], str], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StartFailedError(f"still locked after {timeout_s:g} s: {meaning()}") from None
            if not told:
                say(f"waiting: {meaning()}")
                told = True
            time.sleep(PAUSE_S)
