"""What cannot or must not be measured is admitted as it is, with a warning that says why."""

from __future__ import annotations

from typing import Any

import pytest
from podcov_webhook.review import review
from support.webhook import make_review
from unit.webhook.asking import CONTEXT, Change, ask, warnings
from unit.webhook.objects import container, deployment


def labelled(**labels: Any) -> Change:
    return lambda obj: obj["metadata"].update(labels)


def in_spec(**fields: Any) -> Change:
    return lambda obj: obj["spec"]["template"]["spec"].update(fields)


def in_container(**fields: Any) -> Change:
    return lambda obj: obj["spec"]["template"]["spec"]["containers"][0].update(fields)


def windows_nodes() -> dict[str, Any]:
    match = {"key": "kubernetes.io/os", "operator": "In", "values": ["windows"]}
    terms = [{"matchFields": []}, {"matchExpressions": [match]}]
    required = {"nodeSelectorTerms": terms}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        (
            labelled(deletionTimestamp="2030-01-01T00:00:00Z"),
            "podcov: the object is being deleted; left as it is [being-deleted]",
        ),
        (
            lambda obj: obj["metadata"]["annotations"].update({"kubernetes.io/config.mirror": "x"}),
            "podcov: the kubelet owns this pod; not measured [mirror-pod]",
        ),
        (
            in_spec(hostNetwork=True),
            "podcov: the pod uses the host's network; not measured [host-network]",
        ),
        (
            in_spec(os={"name": "windows"}),
            "podcov: the pod runs on Windows; not measured [windows]",
        ),
        (
            in_spec(nodeSelector={"kubernetes.io/os": "windows"}),
            "podcov: the pod runs on Windows; not measured [windows]",
        ),
        *(
            (change, "podcov: the pod runs on Windows; not measured [windows]")
            for change in (
                in_spec(affinity=windows_nodes()),
                in_spec(securityContext={"windowsOptions": {"runAsUserName": "app"}}),
                in_container(securityContext={"windowsOptions": {"hostProcess": False}}),
            )
        ),
        (
            in_spec(containers=[container("istio-proxy"), container("envoy")]),
            "podcov: every container is a known sidecar (istio-proxy, envoy); name one in "
            "coverage.io/containers [no-target]",
        ),
        (
            in_spec(volumes=[{"name": "podcov-spool", "emptyDir": {}}]),
            "podcov: there is a volume podcov-spool already; not measured [volume-taken]",
        ),
        (
            in_spec(initContainers=[container("podcov-agent")]),
            "podcov: there is a container podcov-agent already; not measured [container-taken]",
        ),
        (
            in_spec(initContainers=[container("podcov-image-shop")]),
            "podcov: there is a container podcov-image-shop already; not measured "
            "[container-taken]",
        ),
        (
            in_container(volumeMounts=[{"name": "x", "mountPath": "/podcov/agent/"}]),
            "podcov: container shop mounts a volume at /podcov/agent/; not measured [mount-taken]",
        ),
        (
            in_container(volumeMounts=[{"name": "x", "mountPath": "//x/..//podcov"}]),
            "podcov: container shop mounts a volume at //x/..//podcov; not measured [mount-taken]",
        ),
        (
            in_container(env=[{"name": "PODCOV_HOME", "value": "/x"}]),
            "podcov: container shop sets PODCOV_HOME itself; not measured [env-taken]",
        ),
        (
            in_container(ports=[{"containerPort": 9095, "protocol": "TCP"}]),
            "podcov: container shop uses port 9095; choose another with coverage.io/port "
            "[port-taken]",
        ),
        *(
            (
                in_container(**{f"{name}Probe": {kind: {"port": 9095}}}),
                "podcov: container shop uses port 9095; choose another with coverage.io/port "
                "[port-taken]",
            )
            for name, kind in [
                ("startup", "httpGet"),
                ("liveness", "tcpSocket"),
                ("readiness", "grpc"),
            ]
        ),
    ],
)
def test_what_cannot_be_measured_is_admitted_unchanged_with_a_warning(
    change: Change, warning: str
) -> None:
    """The warning says why, in words that can be looked up."""
    obj = deployment()
    change(obj)
    reviewed = ask(obj)
    assert reviewed.outcome == "skipped"
    assert reviewed.answer["response"] == {
        "uid": reviewed.uid,
        "allowed": True,
        "warnings": [warning],
    }


@pytest.mark.parametrize(
    "asked", [{"port": "http"}, {"port": 9096}, {"port": 9095, "host": "elsewhere"}]
)
def test_a_probe_of_another_port_is_no_obstacle(asked: dict[str, object]) -> None:
    """A name is that of a declared port; a probe may ask another host."""
    obj = deployment()
    in_container(readinessProbe={"httpGet": asked}, livenessProbe=None)(obj)
    assert ask(obj).outcome == "injected"


@pytest.mark.parametrize("namespace", ["kube-system", "podcov"])
def test_system_namespaces_are_left_alone(namespace: str) -> None:
    """Even a malformed annotation is not refused there; who did not ask gets no warning."""
    reviewed = ask(deployment(enabled="yes"), namespace=namespace)
    assert warnings(reviewed) == [
        f"podcov: nothing is measured in namespace {namespace} [namespace-excluded]"
    ]
    assert warnings(ask(deployment(enabled=None), namespace=namespace)) == []


def test_another_kind_is_admitted_with_a_warning() -> None:
    """Rules of the configuration may be wider than the table of kinds."""
    obj = {**deployment(), "kind": "ReplicaSet"}
    assert warnings(ask(obj)) == [
        "podcov: ReplicaSet objects are not measured; annotate a Deployment or Pod "
        "[kind-unsupported]"
    ]


def test_subresources_and_other_operations_are_not_looked_at() -> None:
    """scale, status, eviction and deletion pass."""
    scale = make_review(deployment())
    scale["request"]["subResource"] = "scale"
    assert review(scale, CONTEXT).outcome == "unchanged"
    assert ask(deployment(), operation="DELETE").outcome == "unchanged"
