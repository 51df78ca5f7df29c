"""Which requests the API server takes to the webhook: the selectors and conditions of the chart.

The webhook's address refuses connections and its failurePolicy is Fail here, so a request that is
meant for it fails, and one that is not succeeds. Everything is a dry run: no object ever changes.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from podcov_webhook import contract
from support.chart import Json
from support.cluster.kubectl import Tools
from support.helm import Release, render
from support.waiting import wait_until

pytestmark = pytest.mark.admission

NAMESPACE = "matching"
OWN_NAMESPACE = "matching-tools"
SERVED = (NAMESPACE, OWN_NAMESPACE, "kube-system")
LABEL = "podcov-test/matching"
ENABLED = {contract.ANNOTATION_ENABLED: "true"}
DISABLED = {contract.ANNOTATION_ENABLED: "false"}
INJECTED = {contract.ANNOTATION_INJECTED: "{}"}
CONTAINER = {"name": "app", "image": "app:1", "command": ["app"]}
LARGE = "large"


def pod(name: str, annotations: dict[str, str]) -> Json:
    metadata = {"name": name, "namespace": NAMESPACE, "annotations": annotations}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [CONTAINER]},
    }


def workload(
    name: str, annotations: dict[str, str], template: dict[str, str], namespace: str = NAMESPACE
) -> Json:
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": template},
                "spec": {"containers": [copy.deepcopy(CONTAINER)]},
            },
        },
    }


def large_workload() -> Json:
    """A measured Deployment of some 800 KB."""
    found = workload(LARGE, ENABLED, INJECTED)
    environment = [{"name": f"NAME_{i}", "value": "x" * 60} for i in range(8000)]
    found["spec"]["template"]["spec"]["containers"][0]["env"] = environment
    return found


ANOTHER_KIND = workload("new", ENABLED, {}) | {"kind": "ReplicaSet"}
STORED = [
    workload("plain", {}, {}),
    workload("measured", ENABLED, INJECTED),
    workload("missed", ENABLED, {}),
    workload("left", {}, INJECTED),
    workload("off", DISABLED, {}),
    large_workload(),
    pod("measured", ENABLED | INJECTED),
    pod("of-a-deployment", INJECTED),
]

REPLICAS = {"spec": {"replicas": 3}}
IMAGE = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "app:2"}]}}}}
POD_IMAGE = {"spec": {"containers": [{"name": "app", "image": "app:2"}]}}


def note(**annotations: str | None) -> Json:
    return {
        "metadata": {"annotations": {k.replace("__", ".io/"): v for k, v in annotations.items()}}
    }


@pytest.fixture(scope="module")
def cluster(tools: Tools) -> Iterator[Tools]:
    """An API server with STORED in it and the chart's configuration, whose webhook is dead."""
    for name in (NAMESPACE, OWN_NAMESPACE):
        tools.kubectl("create", "namespace", name)
    tools.kubectl("label", "namespace", *SERVED, f"{LABEL}=true")
    # No controller makes it here, and no pod is admitted without.
    tools.kubectl("create", "serviceaccount", "default", "-n", NAMESPACE)
    items = {"apiVersion": "v1", "kind": "List", "items": STORED}
    tools.send("create", items)
    configuration = dead_configuration()
    tools.send("create", configuration)
    try:
        wait_until(
            "the API server knows the configuration",
            lambda: reaches_webhook(tools, "create", "-f", "-", body=pod("new", ENABLED)),
        )
        yield tools
    finally:
        tools.send("delete", configuration)
        tools.kubectl("label", "namespace", *SERVED, f"{LABEL}-")
        tools.kubectl("delete", "namespace", NAMESPACE, OWN_NAMESPACE, "--wait=false")


def dead_configuration() -> Json:
    selector = {"matchLabels": {LABEL: "true"}}  # the same API server serves other tests
    webhook = {"failurePolicy": "Fail", "namespaceSelector": selector}
    found = render({"webhook": webhook}, Release("matching", OWN_NAMESPACE))
    (configuration,) = [i for i in found if i["kind"] == "MutatingWebhookConfiguration"]
    configuration["webhooks"][0]["clientConfig"] = {"url": "https://127.0.0.1:9/mutate"}
    return configuration


def reaches_webhook(cluster: Tools, *arguments: str, body: Any = None) -> bool:
    """Whether the request is taken to the webhook; any other failure is an error."""
    stdin = json.dumps(body) if body is not None else None
    done = cluster.run(cluster.kubectl_program, *arguments, "--dry-run=server", stdin=stdin)
    if done.returncode == 0:
        return False
    assert "failed calling webhook" in done.stderr, done.stderr
    return True


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(pod("new", {}), False, id="pod, not annotated"),
        pytest.param(pod("new", ENABLED), True, id="pod, enabled"),
        pytest.param(pod("new", DISABLED), True, id="pod, disabled"),
        pytest.param(pod("new", INJECTED), False, id="pod of a rewritten template"),
        pytest.param(workload("new", ENABLED, {}, "kube-system"), False, id="in kube-system"),
        pytest.param(workload("new", ENABLED, {}, OWN_NAMESPACE), False, id="in our namespace"),
        pytest.param(workload("new", {}, {}), False, id="deployment, not annotated"),
        pytest.param(workload("new", ENABLED, {}), True, id="deployment, enabled"),
        pytest.param(workload("new", {}, INJECTED), True, id="deployment, copied after rewriting"),
        pytest.param(ANOTHER_KIND, False, id="another kind"),
    ],
)
def test_create(cluster: Tools, body: Json, expected: bool) -> None:
    """Of new objects, those that carry our annotations reach the webhook."""
    assert reaches_webhook(cluster, "create", "-f", "-", body=body) is expected


def test_own_pods(cluster: Tools) -> None:
    """A pod with our own label never reaches the webhook."""
    body = pod("new", ENABLED)
    body["metadata"]["labels"] = {"coverage.io/component": "webhook"}
    assert not reaches_webhook(cluster, "create", "-f", "-", body=body)


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ("deployment/plain", REPLICAS, False),
        ("deployment/plain", IMAGE, False),
        ("deployment/plain", note(coverage__enabled="true"), True),
        ("deployment/measured", REPLICAS, False),
        ("deployment/measured", note(other="x"), False),
        ("deployment/measured", IMAGE, True),
        ("deployment/measured", note(coverage__source="shop"), True),
        ("deployment/measured", note(coverage__resync="1"), True),
        ("deployment/measured", note(coverage__enabled=None), True),
        ("deployment/measured", note(coverage__enabled="false"), True),
        ("deployment/missed", {}, True),
        ("deployment/missed", REPLICAS, True),
        ("deployment/left", REPLICAS, True),
        ("deployment/off", REPLICAS, False),
        ("deployment/off", note(coverage__enabled="true"), True),
        (f"deployment/{LARGE}", REPLICAS, False),
        (f"deployment/{LARGE}", IMAGE, True),
        ("pod/measured", note(other="x"), False),
        ("pod/measured", POD_IMAGE, True),
        ("pod/measured", note(coverage__enabled=None), True),
        ("pod/of-a-deployment", POD_IMAGE, False),
    ],
    ids=lambda part: part if isinstance(part, str) else json.dumps(part),
)
def test_update(cluster: Tools, target: str, patch: Json, expected: bool) -> None:
    """Of changes, those that matter to us, or find an object in the wrong state, reach it."""
    arguments = ("patch", target, "-n", NAMESPACE, "--type=strategic", "-p", json.dumps(patch))
    assert reaches_webhook(cluster, *arguments) is expected


def test_scaling(cluster: Tools) -> None:
    """A measured Deployment is scaled without us."""
    scale = ("scale", "deployment/measured", "-n", NAMESPACE, "--replicas=5")
    assert not reaches_webhook(cluster, *scale)
