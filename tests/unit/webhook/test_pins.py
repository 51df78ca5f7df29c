"""Pods cannot change: what was put into one stays, whatever is applied again."""

from __future__ import annotations

import pytest
from podcov_webhook.decision import Context
from podcov_webhook.review import review
from podcov_webhook.settings import AgentSettings
from support.webhook import make_review, patched
from unit.webhook.asking import ask, stored, warnings
from unit.webhook.objects import container, copy, pod, template


def test_applying_a_pods_manifest_again_is_pinned() -> None:
    """The manifest comes without anything of ours; the pod keeps all of it."""
    measured = stored(pod())
    again = pod()
    again["metadata"]["labels"] = {"new": "label"}
    reviewed = ask(again, measured)
    after = patched(again, reviewed.answer["response"])
    assert reviewed.outcome == "pinned"
    assert after["spec"] == measured["spec"]
    assert after["metadata"]["labels"] == {"new": "label"}
    injected = "coverage.io/injected"
    assert (
        after["metadata"]["annotations"][injected]
        == (measured["metadata"]["annotations"][injected])
    )


def test_a_pods_image_may_change_while_the_rest_is_pinned() -> None:
    """An image is what can change in a pod."""
    measured = stored(pod())
    again = pod()
    again["spec"]["containers"][0]["image"] = "shop:2"
    after = stored(again, measured)
    expected = copy(measured)
    expected["spec"]["containers"][0]["image"] = "shop:2"
    assert after == expected


def test_a_pod_of_another_shape_is_left_to_the_api_server() -> None:
    """What changes containers or volumes of a pod is refused there, with or without us."""
    measured = stored(pod(template(container(command=["a"], env=[{"name": "A", "value": "1"}]))))
    other = pod(template(container(command=["a"])))
    reviewed = ask(other, measured)
    assert (reviewed.outcome, reviewed.answer["response"]["allowed"]) == ("unchanged", True)


def test_pinning_keeps_the_old_agent() -> None:
    """An upgraded webhook must not change a living pod."""
    measured = stored(pod())
    newer = Context("podcov", AgentSettings(agent_image="agent:2"))
    reviewed = review(make_review(copy(measured), measured), newer)
    assert "patch" not in reviewed.answer["response"]
    pinned = review(make_review(pod(), measured), newer)
    assert patched(pod(), pinned.answer["response"]) == measured


@pytest.mark.parametrize("value", [None, "false"])
def test_a_living_pod_stays_measured_and_the_user_is_told(value: str | None) -> None:
    """Removing the annotation cannot change a pod."""
    measured = stored(pod())
    without = copy(measured)
    without["metadata"]["annotations"].pop("coverage.io/enabled")
    if value:
        without["metadata"]["annotations"]["coverage.io/enabled"] = value
    reviewed = ask(without, measured)
    assert warnings(reviewed) == [
        "podcov: annotations of a running pod have no effect; create it again [pod-cannot-change]"
    ]
    assert "patch" not in reviewed.answer["response"]


def test_annotating_a_living_pod_is_told_to_be_too_late() -> None:
    """And a malformed value is refused there too, because somebody is reading."""
    reviewed = ask(pod(), pod(enabled=None))
    assert (reviewed.outcome, reviewed.slugs) == ("unchanged", ("pod-cannot-change",))
    assert not ask(pod(enabled="yes"), pod(enabled=None)).answer["response"]["allowed"]
    assert ask(pod(enabled="yes"), pod(enabled="yes")).answer["response"]["allowed"]
