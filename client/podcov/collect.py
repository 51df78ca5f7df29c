"""Owns asking many agents at once: every answer or every reason, whatever happens.

Threads, because a forward blocks; daemons, because a hung pod must not keep the program from
ending. Must not know what is asked. Called by session.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from podcov.errors import InterruptedCollectionError, PodcovError, UnreachableError
from podcov.models import Failure, Target

AT_ONCE = 16
GRACE = 3
"""A question may take this many times its timeout: it may be asked twice, over a slow forward."""

Answer = TypeVar("Answer")
Item = TypeVar("Item")
Progress = Callable[[int, int, str], None]
"""Called with how many are done, of how many, and who was last."""


@dataclass(frozen=True, slots=True)
class Answers(Generic[Answer]):
    """What came back, in the order of the targets."""

    answered: tuple[Answer, ...]
    failed: tuple[Failure, ...]
    interrupted: bool = False


def ask_all(
    targets: Sequence[Target],
    ask: Callable[[Target], Answer],
    timeout_s: float,
    on_progress: Progress | None = None,
) -> Answers[Answer]:
    """Ask every target; Ctrl-C keeps what has come and names the rest as failed."""
    done: queue.SimpleQueue[tuple[Target, Answer | BaseException]] = queue.SimpleQueue()
    waiting: queue.SimpleQueue[Target] = queue.SimpleQueue()
    for target in targets:
        waiting.put(target)
    results: dict[str, Answer | BaseException] = {}
    deadline = time.monotonic() + timeout_s * GRACE * -(-len(targets) // AT_ONCE)
    interrupted = False
    try:
        for _ in range(min(AT_ONCE, len(targets))):
            threading.Thread(target=_work, args=(waiting, ask, done), daemon=True).start()
        while len(results) < len(targets):
            target, result = done.get(timeout=max(0.0, deadline - time.monotonic()))
            results[target.key] = result
            if on_progress:
                on_progress(len(results), len(targets), target.name)
    except KeyboardInterrupt:
        interrupted = True
        _take(waiting)
        results |= {target.key: result for target, result in _take(done)}
    except queue.Empty:
        pass  # the deadline: _sort names those that are missing
    return _sort(targets, results, timeout_s * GRACE, interrupted)


def _work(
    waiting: "queue.SimpleQueue[Target]",
    ask: Callable[[Target], Answer],
    done: "queue.SimpleQueue[tuple[Target, Answer | BaseException]]",
) -> None:
    while True:
        try:
            target = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            done.put((target, ask(target)))
        except BaseException as problem:
            done.put((target, problem))


def _take(source: "queue.SimpleQueue[Item]") -> list[Item]:
    """Everything that is in a queue now."""
    taken = []
    try:
        while True:
            taken.append(source.get_nowait())
    except queue.Empty:
        return taken


def _sort(
    targets: Sequence[Target],
    results: dict[str, Answer | BaseException],
    waited_s: float,
    interrupted: bool,
) -> Answers[Answer]:
    answered: list[Answer] = []
    failed: list[Failure] = []
    for target in targets:
        result = results.get(target.key, _missing(target, waited_s, interrupted))
        if isinstance(result, PodcovError):
            failed.append(Failure(target.name, result))
        elif isinstance(result, BaseException):
            raise result  # a defect of ours: say so loudly
        else:
            answered.append(result)
    return Answers(tuple(answered), tuple(failed), interrupted)


def _missing(target: Target, waited_s: float, interrupted: bool) -> PodcovError:
    if interrupted:
        return InterruptedCollectionError(
            f"{target.name} was not asked any more: interrupted.", "Collect again."
        )
    return UnreachableError(
        f"{target.name} did not answer within {waited_s:g} s.",
        "Give it longer with --timeout, or look at the podcov-agent container's log.",
    )
