"""A bare Pod's way through a real API server, where hardly anything may change later."""

import json

import pytest
from admission.conftest import MakeNamespace, sidecars
from admission.manifests import ENABLED, RESTRICTED, container, make_pod
from support.cluster.kubectl import RefusedError, Tools
from support.webhook import WebhookProcess

pytestmark = pytest.mark.admission


def test_a_measured_pod_satisfies_the_restricted_profile(
    tools: Tools, webhook: WebhookProcess, make_namespace: MakeNamespace
) -> None:
    """PodSecurity *restricted* admits a pod with the sidecar and with the image probe in it."""
    namespace = make_namespace("restricted")
    image_only = container(securityContext=RESTRICTED)
    del image_only["command"]
    tools.send("create", make_pod(namespace, image_only, enabled="true"))
    found = tools.get("pod", "shop", namespace)
    assert sidecars(found) == ["podcov-agent", "podcov-image-shop"]


def test_the_same_manifest_can_be_applied_again(tools: Tools, namespace: str) -> None:
    """Pods are immutable, so what was injected is pinned: applying twice changes nothing."""
    manifest = make_pod(namespace, enabled="true")
    tools.send("apply", manifest)
    before = tools.get("pod", "shop", namespace)
    assert sidecars(before) == ["podcov-agent"]
    tools.send("apply", manifest)
    assert tools.get("pod", "shop", namespace) == before


def test_an_image_of_a_measured_pod_can_be_changed(tools: Tools, namespace: str) -> None:
    """The one field that may change in a pod still may, and nothing of ours is lost by it."""
    tools.send("apply", make_pod(namespace, enabled="true"))
    before = tools.get("pod", "shop", namespace)["spec"]
    tools.send("apply", make_pod(namespace, container(image="shop:2"), enabled="true"))
    after = tools.get("pod", "shop", namespace)["spec"]
    before["containers"][0]["image"] = "shop:2"
    assert after == before


def test_removing_the_annotation_warns_and_leaves_the_pod(tools: Tools, namespace: str) -> None:
    """A running pod cannot be unmeasured; kubectl shows why."""
    tools.send("create", make_pod(namespace, enabled="true"))
    arguments = ["annotate", "pod", "shop", "-n", namespace, f"{ENABLED}-"]
    done = tools.run(tools.kubectl_program, *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        "Warning: podcov: annotations of a running pod have no effect; create it again"
        " [pod-cannot-change]\n"
    )
    assert sidecars(tools.get("pod", "shop", namespace)) == ["podcov-agent"]


def test_a_dry_run_stores_nothing(tools: Tools, namespace: str) -> None:
    """`--dry-run=server` shows the rewritten pod and keeps none."""
    answer = tools.send(
        "create", make_pod(namespace, enabled="true"), "--dry-run=server", "-o", "json"
    )
    assert sidecars(json.loads(answer)) == ["podcov-agent"]
    assert tools.list("pods", namespace) == []


def test_a_quota_that_demands_limits_lets_a_measured_pod_in(tools: Tools, namespace: str) -> None:
    """Every container must have limits of CPU and storage there, ours too; applied again, it is
    the same pod."""
    hard = {
        "limits.cpu": "2",
        "limits.ephemeral-storage": "1Gi",
        "requests.ephemeral-storage": "1Gi",
    }
    metadata = {"name": "q", "namespace": namespace}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata}
    tools.send("create", quota | {"spec": {"hard": hard}})
    # The controller that would begin to count is not in this tier.
    status = json.dumps({"status": {"hard": hard, "used": dict.fromkeys(hard, "0")}})
    change = ["--subresource=status", "--type=merge", "-p", status]
    tools.kubectl("patch", "resourcequota", "q", "-n", namespace, *change)
    with pytest.raises(RefusedError, match=r"must specify limits\.cpu for: shop"):
        tools.send("create", make_pod(namespace))
    resources = {"limits": {"cpu": "1", "ephemeral-storage": "64Mi"}}
    image_only = container(resources=resources)
    del image_only["command"]
    manifest = make_pod(namespace, image_only, enabled="true")
    tools.send("apply", manifest)
    before = tools.get("pod", "shop", namespace)
    assert sidecars(before) == ["podcov-agent", "podcov-image-shop"]
    tools.send("apply", manifest)
    assert tools.get("pod", "shop", namespace) == before
