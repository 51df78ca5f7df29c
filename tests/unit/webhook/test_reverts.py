"""Objects that ask no more, or cannot be measured any more, get their original back."""

from __future__ import annotations

from unit.webhook.asking import ask, stored
from unit.webhook.objects import deployment, pod, template


def test_removing_the_annotation_restores_the_template() -> None:
    """In an update: what the API server stores then is what it stored before."""
    original = deployment(enabled=None)
    measured = stored(deployment())
    del measured["metadata"]["annotations"]["coverage.io/enabled"]
    assert ask(measured, stored(deployment())).outcome == "reverted"
    assert stored(measured, stored(deployment())) == original


def test_a_rollback_restores_template_and_record_together() -> None:
    """`rollout undo` to a measured template of a Deployment that no longer asks: reverted."""
    rolled_back = deployment(enabled=None)
    rolled_back["spec"]["template"] = stored(deployment())["spec"]["template"]
    assert stored(rolled_back, deployment(enabled=None)) == deployment(enabled=None)


def test_a_measured_pod_that_gains_an_obstacle_is_cleaned() -> None:
    """hostNetwork set later: our sidecar would listen on the host."""
    measured = stored(deployment())
    measured["spec"]["template"]["spec"]["hostNetwork"] = True
    after = stored(measured, stored(deployment()))
    assert after == deployment(template(hostNetwork=True))


def test_a_pod_from_a_rewritten_template_passes_as_it_is() -> None:
    """It bears the record of its owner's template, but no annotation of its own."""
    made = pod(enabled=None)
    measured = stored(deployment())["spec"]["template"]
    made["metadata"]["annotations"] = measured["metadata"]["annotations"]
    made["spec"] = measured["spec"]
    reviewed = ask(made)
    assert (reviewed.outcome, "patch" in reviewed.answer["response"]) == ("unchanged", False)
