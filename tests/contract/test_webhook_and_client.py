"""What the webhook writes into a pod, the client finds there."""

from __future__ import annotations

from typing import Any, cast

from podcov.discover import Wanted, choose, target_of
from podcov_webhook.decision import Context, Subject, decide
from podcov_webhook.kinds import KINDS
from podcov_webhook.models import KubeObject
from podcov_webhook.settings import AgentSettings
from unit.webhook.objects import deployment


def pod_of(**annotations: str) -> dict[str, Any]:
    """A running pod of a Deployment with these annotations, as its controller makes it."""
    obj = cast(KubeObject, deployment(**annotations))
    decided: Any = decide(Subject(KINDS[0], obj, "shop"), Context("podcov", AgentSettings())).obj
    template = decided["spec"]["template"]
    name = {"name": "shop-1", "namespace": "shop", "uid": "1"}
    running = [{"name": "podcov-agent", "state": {"running": {}}}]
    return {
        "metadata": {**template["metadata"], **name},
        "spec": template["spec"],
        "status": {"phase": "Running", "initContainerStatuses": running},
    }


def test_the_client_asks_at_the_port_of_the_annotation() -> None:
    """It is on the Deployment only; the pod's own annotations do not have it."""
    assert target_of(pod_of(port="9200")).port == 9200
    assert target_of(pod_of()).port == 9095


def test_a_rewritten_pod_is_asked() -> None:
    """The client knows the agent's container by the name that the webhook gives it."""
    assert len(choose([pod_of()], Wanted("shop")).targets) == 1
