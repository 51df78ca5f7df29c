"""Owns the objects that admission tests send, as a person would write them: nothing defaulted."""

from typing import Any

from support.cluster.kubectl import Object

RESTRICTED: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
ENABLED = "coverage.io/enabled"


def container(**fields: Any) -> dict[str, Any]:
    return {"name": "shop", "image": "shop:1", "command": ["gunicorn", "shop:app"], **fields}


def make_deployment(namespace: str, *containers: dict[str, Any], **annotations: str) -> Object:
    """A Deployment; `enabled="true"` is the annotation `coverage.io/enabled`."""
    labels = {"app": "shop"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(namespace, annotations),
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": list(containers) or [container()]},
            },
        },
    }


def make_pod(namespace: str, *containers: dict[str, Any], **annotations: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata(namespace, annotations),
        "spec": {"containers": list(containers) or [container()]},
    }


def _metadata(namespace: str, annotations: dict[str, str]) -> Object:
    prefixed = {f"coverage.io/{name}": value for name, value in annotations.items()}
    return {"name": "shop", "namespace": namespace} | (
        {"annotations": prefixed} if prefixed else {}
    )
