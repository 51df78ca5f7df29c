"""Which pods are asked: decisions on pods as the API server tells them."""

from typing import Any

import pytest
from podcov.discover import Wanted, choose, label_selector, parse_workload, target_of
from podcov.errors import NoAgentError, NoPodError, PodTerminatingError, WorkloadError
from support.played_cluster import pod

DEPLOY = Wanted("shop", workload="deploy/shop")
SELECTOR = Wanted("shop", selector="app=shop")
EVERY = Wanted("shop")


def plain(name: str) -> dict[str, Any]:
    return pod(name, metadata={"annotations": {}}, init=[])


def pending(name: str) -> dict[str, Any]:
    return pod(name, status={"phase": "Pending"})


def ending(name: str) -> dict[str, Any]:
    return pod(name, metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"})


def test_running_pods_with_an_agent_are_asked_in_the_order_of_their_names() -> None:
    """A pod is known by its uid, its name and its port."""
    found = choose([pod("shop-2"), pod("shop-1")], DEPLOY)
    assert [(item.key, item.name, item.port) for item in found.targets] == [
        ("uid-shop-1", "shop-1", 9095),
        ("uid-shop-2", "shop-2", 9095),
    ]


def test_a_pod_whose_application_is_not_ready_is_asked() -> None:
    """The agent answers, whether the application hangs, crashes or starts."""
    hanging = pod("shop-1")
    hanging["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
    assert len(choose([hanging], DEPLOY).targets) == 1


def test_the_port_is_the_one_the_agent_was_given() -> None:
    """A Deployment's annotation is not on its pods; one changed on a living pod has no effect."""
    env = [{"name": "PODCOV_HOME", "value": "/x"}, {"name": "PODCOV_PORT", "value": "9200"}]
    measured = pod("a", init=[{"name": "podcov-agent", "env": env}])
    measured["metadata"]["annotations"]["coverage.io/port"] = "9300"
    assert target_of(measured).port == 9200


def test_no_pod_is_said_with_what_was_looked_for() -> None:
    """The exact message."""
    with pytest.raises(NoPodError) as caught:
        choose([], SELECTOR)
    assert caught.value.message == "No pod matches selector app=shop in namespace shop."
    assert caught.value.remedy == ("See what is there: kubectl get pods -n shop --show-labels")


def test_a_pod_without_the_agent_is_said_with_the_command_that_adds_it() -> None:
    """The exact message; the deployment's name comes from the replica set's."""
    with pytest.raises(NoAgentError) as caught:
        choose([plain("shop-1")], DEPLOY)
    assert caught.value.message == "Pod shop-1 runs without the podcov agent."
    assert caught.value.remedy == (
        "Switch it on: kubectl annotate deployment shop -n shop coverage.io/enabled=true"
    )


def test_a_bare_pod_without_the_agent_has_to_be_created_anew() -> None:
    """Nothing made it that could be annotated."""
    bare = plain("shop-1")
    del bare["metadata"]["ownerReferences"]
    with pytest.raises(NoAgentError) as caught:
        choose([bare], Wanted("shop", workload="pod/shop-1"))
    assert caught.value.remedy == (
        'Create it anew with the annotation coverage.io/enabled: "true".'
    )


def test_several_pods_without_the_agent_are_said_once() -> None:
    """All names, one remedy."""
    with pytest.raises(NoAgentError) as caught:
        choose([plain(f"shop-{n}") for n in range(5)], DEPLOY)
    assert caught.value.message == (
        "5 pods of deploy/shop in namespace shop run without the podcov agent: "
        "shop-0, shop-1, shop-2 and 2 more."
    )


def test_a_pod_without_the_agent_is_missed_where_it_was_asked_for() -> None:
    """In a deployment it makes the report partial, in a namespace it is a database."""
    asked = choose([pod("shop-1"), plain("shop-2")], DEPLOY)
    assert [item.name for item in asked.failed] == ["shop-2"]
    every = choose([pod("shop-1"), plain("db")], EVERY)
    assert ([item.name for item in every.skipped], every.failed) == (["db"], ())


def test_a_pod_being_deleted_is_left_out_with_the_reason() -> None:
    """It is no failure: it is about to be gone."""
    found = choose([pod("shop-1"), ending("shop-2")], DEPLOY)
    (skipped,) = found.skipped
    assert isinstance(skipped.error, PodTerminatingError)
    assert skipped.error.message == "Pod shop-2 is being deleted."
    assert found.failed == ()


def test_a_pod_that_starts_is_missed() -> None:
    """It has an agent that does not answer yet."""
    (failure,) = choose([pod("shop-1"), pending("shop-2")], EVERY).failed
    assert failure.error.message == "The agent in pod shop-2 does not run yet (phase Pending)."


@pytest.mark.parametrize(
    ("text", "kind"),
    [("deploy/shop", "deployment"), ("Deployment/shop", "deployment"), ("sts/shop", "statefulset")],
)
def test_workloads_are_written_as_for_kubectl(text: str, kind: str) -> None:
    """Short and long names, any case."""
    assert parse_workload(text) == (kind, "shop")


@pytest.mark.parametrize("text", ["shop", "deploy/", "cronjob/x", "pod/a/b"])
def test_other_forms_are_refused_with_the_accepted_ones(text: str) -> None:
    """The exact message."""
    with pytest.raises(WorkloadError) as caught:
        parse_workload(text)
    assert caught.value.message == f"{text!r} is not a workload podcov knows."
    assert caught.value.remedy == "Write deploy/NAME, statefulset/NAME or pod/NAME."


def test_a_workloads_selector_becomes_the_form_of_the_list_call() -> None:
    """All four operators."""
    selector = {
        "matchLabels": {"app": "shop"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["a", "b"]},
            {"key": "env", "operator": "NotIn", "values": ["dev"]},
            {"key": "x", "operator": "Exists"},
            {"key": "y", "operator": "DoesNotExist"},
        ],
    }
    assert label_selector(selector) == "app=shop,tier in (a,b),env notin (dev),x,!y"
