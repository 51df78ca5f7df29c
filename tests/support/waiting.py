"""Owns waiting: asks again until something is so, and shows both sides when it never was.

Must not sleep for a fixed time in place of a condition. Called by tests and by the cluster harness.
"""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PAUSE_S = 0.05


def wait_until(
    wanted: str,
    ask: Callable[[], T],
    accept: Callable[[T], object] = bool,
    timeout_s: float = 30,
    watch: Callable[[], object] = bool,
) -> T:
    """Ask until `accept` is true of the answer, and return that answer.

    `wanted` says in words what is awaited. AssertionError after `timeout_s` seconds with the last
    answer in it; an exception from `ask` is an answer like any other until then. What `watch`
    raises ends the waiting at once.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        watch()
        failure: Exception | None = None
        try:
            answer = ask()
            if accept(answer):
                return answer
            seen = repr(answer)
        except Exception as error:
            failure, seen = error, f"{type(error).__name__}: {error}"
        if time.monotonic() > deadline:
            raise AssertionError(
                f"waited {timeout_s:g} s for: {wanted}\nlast answer: {seen}"
            ) from failure
        time.sleep(PAUSE_S)
