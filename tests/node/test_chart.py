"""The chart on a cluster that runs its pods."""

import pytest
from node.conftest import AGENT, NAMESPACE, TAG, WEBHOOK
from support.chart import CHART
from support.cluster.kubectl import Tools

pytestmark = pytest.mark.node

OTHER_UID = 1000650000
"""As OpenShift gives to a namespace: no image knows it."""


def test_helm_test_succeeds(tools: Tools, podcov: None) -> None:
    """`helm test` passes, and its pod and rights are gone afterwards."""
    said = tools.helm("test", "podcov", "-n", NAMESPACE, "--timeout", "120s")
    assert "Succeeded" in said
    assert tools.list("pods", NAMESPACE, "app.kubernetes.io/component=test") == []


def test_the_webhook_is_ready_without_a_restart(tools: Tools, podcov: None) -> None:
    """Two replicas waited for the controller's certificate instead of crashing."""
    pods = tools.list("pods", NAMESPACE, "app.kubernetes.io/component=webhook")
    states = [pod["status"]["containerStatuses"][0] for pod in pods]
    assert [(state["ready"], state["restartCount"]) for state in states] == [(True, 0)] * 2


def test_any_uid_and_a_restricted_namespace(tools: Tools, images: None) -> None:
    """Webhook and controller get ready under a foreign uid where only restricted pods may run."""
    name = "podcov-elsewhere"
    tools.kubectl("create", "namespace", name)
    tools.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    values = [f"image.repository={WEBHOOK}", f"image.tag={TAG}"]
    values += [f"agent.image.repository={AGENT}", f"agent.image.tag={TAG}"]
    values += [
        f"{part}.podSecurityContext.runAsUser={OTHER_UID}" for part in ("webhook", "controller")
    ]
    values += ["webhook.namespaceSelector.matchLabels.served=by-nobody"]
    where = ["-n", name, "--wait", "--timeout=120s"]
    try:
        tools.helm("install", "other", str(CHART), *where, "--set", ",".join(values), timeout_s=150)
        pods = tools.list("pods", name)
        assert {pod["spec"]["securityContext"]["runAsUser"] for pod in pods} == {OTHER_UID}
        assert len(pods) == 3
    finally:
        tools.helm("uninstall", "other", "-n", name)
        tools.kubectl("delete", "namespace", name, "--wait=false")
