"""Owns what is added to a pod beside its containers: volumes, the sidecar, the image probe.

Pure. Every field that the API server would default is written out, else each later update would
count as a change. Called by `injection`.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from podcov_webhook import contract
from podcov_webhook.entrypoint import SHELL, home_and_spool, our_mounts
from podcov_webhook.models import Container, PodSpec, Resources, Volume
from podcov_webhook.settings import AgentSettings

MAX_NAME = 63
STARTUP_TRIES = 300
"""Seconds the sidecar may take to install before the kubelet starts it again."""
STORAGE = "ephemeral-storage"

IDENTITY = ("runAsUser", "runAsGroup", "runAsNonRoot", "seLinuxOptions", "seccompProfile")
"""What the image probe takes over from the application's security context: who it is."""


def make_volumes(settings: AgentSettings) -> list[Volume]:
    """The installed agent, and the spool in memory (a disk volume would evict the pod if full)."""
    return [
        {"name": contract.VOLUME_AGENT, "emptyDir": {"sizeLimit": settings.agent_volume_size}},
        {
            "name": contract.VOLUME_SPOOL,
            "emptyDir": {"medium": "Memory", "sizeLimit": settings.spool_volume_size},
        },
    ]


def make_resources(spec: PodSpec, settings: AgentSettings) -> Resources:
    """What each container of ours asks for.

    Nothing where the pod as a whole says what it needs: the API server refuses a pod whose
    containers ask for more than that, and ours are covered by it. A limit of CPU or of storage
    only where another container has one: a quota on it demands it of every container, and a limit
    of storage, even of one container, is that of the whole pod: with more it is evicted.
    """
    if spec.get("resources"):
        return {}
    requests = {"cpu": settings.agent_cpu_request, "memory": settings.agent_memory_request}
    limits = {"memory": settings.agent_memory_limit}
    limited = _named(spec, "limits")
    if "cpu" in limited:
        limits["cpu"] = settings.agent_cpu_limit
    if STORAGE in limited:
        limits[STORAGE] = settings.agent_storage_limit
    if STORAGE in limited | _named(spec, "requests"):
        requests[STORAGE] = settings.agent_storage_request
    return {"requests": requests, "limits": limits}


def _named(spec: PodSpec, section: Literal["requests", "limits"]) -> set[str]:
    """The resources of which some container has a request, or a limit."""
    containers = [*(spec.get("initContainers") or []), *spec["containers"]]
    return {
        name for each in containers for name in (each.get("resources") or {}).get(section) or {}
    }


def make_sidecar(
    port: int, as_root: bool, resources: Resources, settings: AgentSettings
) -> Container:
    """A native sidecar: the application waits until it has installed the agent.

    `as_root`: the pod runs everything as uid 0. Ours must not demand otherwise there: the kubelet
    would never start it, nor the application behind it.
    """
    return {
        "name": contract.SIDECAR_NAME,
        "image": settings.agent_image,
        "imagePullPolicy": settings.agent_pull_policy,
        "restartPolicy": "Always",
        "env": [*home_and_spool(), {"name": contract.ENV_PORT, "value": str(port)}],
        "volumeMounts": [
            {"name": contract.VOLUME_AGENT, "mountPath": contract.MOUNT_AGENT},
            {"name": contract.VOLUME_SPOOL, "mountPath": contract.MOUNT_SPOOL},
        ],
        "startupProbe": {
            "exec": {
                "command": [SHELL, "-c", f"test -e {contract.MOUNT_AGENT}/{contract.HOME_READY}"]
            },
            "periodSeconds": 1,
            "timeoutSeconds": 1,
            "successThreshold": 1,
            "failureThreshold": STARTUP_TRIES,
        },
        "resources": resources,
        "securityContext": _restricted({"runAsNonRoot": not as_root}),
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }


def make_image_probe(container: Container, resources: Resources) -> Container:
    """An init container from the application's image that writes down that image's PYTHONPATH.

    It gets the application's envFrom, because a PYTHONPATH from there is replaced in the spec too.
    """
    own = container.get("securityContext") or {}
    probe: Container = {
        "name": probe_name(container["name"]),
        "image": container.get("image", ""),
        "command": [SHELL, f"{contract.MOUNT_AGENT}/{contract.HOME_PROBE_IMAGE}"],
        "env": home_and_spool(),
        "volumeMounts": our_mounts(container["name"]),
        "resources": resources,
        "securityContext": _restricted({key: own[key] for key in IDENTITY if key in own}),
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }
    if "imagePullPolicy" in container:
        probe["imagePullPolicy"] = container["imagePullPolicy"]
    if container.get("envFrom"):
        probe["envFrom"] = container["envFrom"]
    return probe


def probe_name(container: str) -> str:
    """The name of a container's image probe, at most 63 characters."""
    name = contract.IMAGE_PROBE_PREFIX + container
    if len(name) <= MAX_NAME:
        return name
    digest = hashlib.sha256(container.encode()).hexdigest()[:8]
    return f"{name[: MAX_NAME - len(digest) - 1]}-{digest}"


def _restricted(identity: dict[str, object]) -> dict[str, object]:
    """What PodSecurity *restricted* demands of a container. No uid: the pod's applies."""
    return {
        "seccompProfile": {"type": "RuntimeDefault"},
        **identity,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
