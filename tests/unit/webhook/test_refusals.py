"""Annotations that cannot be meant: who is refused, and who is only warned."""

from __future__ import annotations

from unit.webhook.asking import ask
from unit.webhook.objects import container, deployment, pod, template


def test_a_malformed_annotation_is_refused_with_400() -> None:
    """Key, value and accepted form reach the user of kubectl."""
    reviewed = ask(deployment(enabled="yes"))
    assert reviewed.answer["response"] == {
        "uid": reviewed.uid,
        "allowed": False,
        "status": {
            "code": 400,
            "reason": "BadRequest",
            "message": "annotation coverage.io/enabled is 'yes'; accepted: the text \"true\" or "
            '"false" [annotation-malformed]',
        },
    }
    assert reviewed.outcome == "refused"


def test_one_command_cannot_be_for_two_containers() -> None:
    """It would be wrong for one of them."""
    obj = deployment(template(container(), container("worker")), command='["python"]')
    message = ask(obj).answer["response"]["status"]["message"]
    assert message == (
        "annotation coverage.io/command is ['python']; accepted: the command of one container, "
        "but shop, worker have none; choose one with coverage.io/containers "
        "[annotation-malformed]"
    )


def test_other_annotations_are_not_looked_at_unless_enabled() -> None:
    """Whoever switches measuring off is not asked to mend the rest."""
    reviewed = ask(deployment(enabled="false", port="http"))
    assert (reviewed.outcome, reviewed.answer["response"]["allowed"]) == ("unchanged", True)


def test_a_pod_that_a_controller_makes_is_never_refused() -> None:
    """Nobody would read the message: the pod would only be missing."""
    obj = pod(enabled="yes")
    obj["metadata"]["ownerReferences"] = [{"kind": "ReplicaSet", "name": "x", "controller": True}]
    reviewed = ask(obj)
    assert (reviewed.outcome, reviewed.slugs) == ("skipped", ("annotation-malformed",))
    assert reviewed.answer["response"]["allowed"]


def test_an_object_being_deleted_is_not_refused() -> None:
    """Its finalizers could never be removed otherwise."""
    obj = deployment(enabled="yes")
    obj["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"
    assert ask(obj).answer["response"]["allowed"]


def test_unknown_keys_are_measured_with_warnings() -> None:
    """Lines are better than nothing."""
    reviewed = ask(deployment(branch="true", sourc="x"))
    assert reviewed.outcome == "injected"
    assert reviewed.slugs == ("annotation-unknown",)


def test_a_command_that_no_container_needs_is_said() -> None:
    """It would be believed to have an effect."""
    assert ask(deployment(command='["x"]')).slugs == ("command-unused",)
