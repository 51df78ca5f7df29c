"""Objects for the webhook's tests, with every field that the API server would default."""

from __future__ import annotations

import json
from typing import Any


def container(name: str = "shop", **fields: Any) -> dict[str, Any]:
    """An application container as the API server stores it."""
    return {
        "name": name,
        "image": f"{name}:1",
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
        **fields,
    }


def template(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """A pod template with these containers."""
    return {
        "metadata": {"creationTimestamp": None, "labels": {"app": "shop"}},
        "spec": {
            "containers": list(containers) or [container(command=["gunicorn", "shop:app"])],
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "securityContext": {},
            "schedulerName": "default-scheduler",
            **spec,
        },
    }


def deployment(
    pod_template: dict[str, Any] | None = None, /, **annotations: object
) -> dict[str, Any]:
    """A Deployment that is opted in; `port="9"` is the annotation `coverage.io/port`."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "shop",
            "namespace": "shop",
            "annotations": _annotations(annotations),
        },
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "shop"}},
            "template": pod_template or template(),
        },
    }


def pod(pod_template: dict[str, Any] | None = None, /, **annotations: object) -> dict[str, Any]:
    """A bare Pod that is opted in."""
    made = pod_template or template()
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "shop",
            "namespace": "shop",
            "annotations": _annotations(annotations),
        },
        "spec": made["spec"],
    }


def copy(value: Any) -> Any:
    """The value as it comes out of JSON again: nothing is shared with it."""
    return json.loads(json.dumps(value))


def _annotations(given: dict[str, object]) -> dict[str, object]:
    given = {"enabled": "true", **given}
    return {f"coverage.io/{key}": value for key, value in given.items() if value is not None}
