"""Asking many at once: every answer or every reason, in order, whatever happens."""

import threading

import pytest
from podcov.collect import AT_ONCE, ask_all
from podcov.errors import NoPodError
from podcov.models import Target


def targets(count: int) -> list[Target]:
    return [Target(f"uid-{n}", f"pod-{n:03}", 9095) for n in range(count)]


def test_answers_keep_the_order_of_the_targets() -> None:
    """More pods than threads, answered in any order."""
    asked = targets(3 * AT_ONCE)
    answers = ask_all(asked, lambda target: target.name, 10)
    assert answers.answered == tuple(target.name for target in asked)
    assert (answers.failed, answers.interrupted) == ((), False)


def test_pods_are_asked_at_the_same_time() -> None:
    """Each waits until all are being asked; one after the other, none would answer."""
    together = threading.Barrier(AT_ONCE, timeout=20)
    assert len(ask_all(targets(AT_ONCE), lambda _: together.wait(), 10).answered) == AT_ONCE


def test_a_failure_is_that_pods_only() -> None:
    """The others answer, and progress counts all."""

    def ask(target: Target) -> str:
        if target.name == "pod-001":
            raise NoPodError("Gone.", "Look.")
        return target.name

    seen: list[tuple[int, int]] = []
    answers = ask_all(targets(3), ask, 10, lambda done, total, _: seen.append((done, total)))
    assert answers.answered == ("pod-000", "pod-002")
    assert [(item.name, item.error.message) for item in answers.failed] == [("pod-001", "Gone.")]
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_defect_of_ours_is_loud() -> None:
    """What is no PodcovError is not taken for a pod's failure."""

    def ask(target: Target) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_all(targets(2), ask, 10)


def test_a_pod_that_hangs_does_not_hold_the_others() -> None:
    """After the deadline it is named as unreachable; its thread does not keep the program."""
    never = threading.Event()

    def ask(target: Target) -> str:
        if target.name == "pod-000":
            never.wait(30)
        return target.name

    answers = ask_all(targets(3), ask, 0.2)
    never.set()
    assert answers.answered == ("pod-001", "pod-002")
    (failure,) = answers.failed
    assert failure.error.message == "pod-000 did not answer within 0.6 s."


def test_ctrl_c_keeps_what_has_come() -> None:
    """The rest is named as not asked any more."""

    def interrupt(done: int, total: int, name: str) -> None:
        raise KeyboardInterrupt

    never = threading.Event()

    def ask(target: Target) -> str:
        if target.name != "pod-000":
            never.wait(30)
        return target.name

    answers = ask_all(targets(2), ask, 10, interrupt)
    never.set()
    assert (answers.answered, answers.interrupted) == (("pod-000",), True)
    (failure,) = answers.failed
    assert failure.error.message == "pod-001 was not asked any more: interrupted."
