"""Owns which objects are left alone, and which containers of a pod are measured.

Pure. Returns notices; never refuses. Called by `decision`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from posixpath import normpath
from typing import Any, Final

from podcov_webhook import contract
from podcov_webhook.annotations import Options
from podcov_webhook.entrypoint import OUR_ENV, OUR_VOLUMES
from podcov_webhook.models import Container, Metadata, PodSpec
from podcov_webhook.notices import Notice, notice
from podcov_webhook.parts import probe_name

MIRROR_ANNOTATION = "kubernetes.io/config.mirror"
OS_LABEL = "kubernetes.io/os"
WINDOWS = "windows"
SYSTEM_NAMESPACE = "kube-system"
PROBES: Final = ("startupProbe", "livenessProbe", "readinessProbe")
MOUNT_ROOT = "podcov"
"""The folder in the root of a container below which everything of ours is mounted."""

KNOWN_SIDECARS = frozenset(
    {
        "istio-proxy",
        "linkerd-proxy",
        "envoy",
        "envoy-sidecar",
        "consul-dataplane",
        "kuma-sidecar",
        "aws-appmesh-envoy",
        "daprd",
        "vault-agent",
        "cloud-sql-proxy",
        "cloudsql-proxy",
        "gke-gcsfuse-sidecar",
        "fluent-bit",
        "fluentd",
        "filebeat",
        "promtail",
        "otc-container",
        "opentelemetry-collector",
        "datadog-agent",
        "oauth2-proxy",
        "kube-rbac-proxy",
    }
)
"""Containers that other tools put into pods; measured only when named in an annotation."""


def find_reason_to_leave(metadata: Metadata, namespace: str, own: str | None) -> Notice | None:
    """Why an object is not even looked into, or None. `own` is the namespace of podcov."""
    if metadata.get("deletionTimestamp"):
        return notice("being-deleted")
    if MIRROR_ANNOTATION in (metadata.get("annotations") or {}):
        return notice("mirror-pod")
    if namespace in {SYSTEM_NAMESPACE, own}:
        return notice("namespace-excluded", namespace=namespace)
    return None


def choose_targets(spec: PodSpec, options: Options) -> tuple[str, ...]:
    """The names of the containers to measure; empty if all are known sidecars."""
    if options.containers:
        return options.containers
    names = (container["name"] for container in spec["containers"])
    return tuple(name for name in names if name not in KNOWN_SIDECARS)


def find_obstacle(spec: PodSpec, targets: Sequence[str], options: Options) -> Notice | None:
    """The first reason why this pod cannot be measured, or None. `spec` carries nothing of ours."""
    return next(_obstacles(spec, targets, options), None)


def _obstacles(spec: PodSpec, targets: Sequence[str], options: Options) -> Iterator[Notice]:
    if spec.get("hostNetwork"):
        yield notice("host-network")
    if _runs_on_windows(spec):
        yield notice("windows")
    if not targets:
        names = ", ".join(container["name"] for container in spec["containers"])
        yield notice("no-target", names=names)
    for volume in spec.get("volumes") or []:
        if volume["name"] in OUR_VOLUMES:
            yield notice("volume-taken", name=volume["name"])
    ours = {contract.SIDECAR_NAME, *map(probe_name, targets)}
    for container in [*(spec.get("initContainers") or []), *spec["containers"]]:
        if container["name"] in ours:
            yield notice("container-taken", name=container["name"])
        if options.port in _ports_of(container):
            yield notice("port-taken", container=container["name"], port=options.port)
    for container in spec["containers"]:
        if container["name"] in targets:
            yield from _obstacles_in(container)


def _obstacles_in(container: Container) -> Iterator[Notice]:
    for mount in container.get("volumeMounts") or []:
        names = normpath("/" + mount["mountPath"].lstrip("/")).split("/")
        if names[1] == MOUNT_ROOT:
            yield notice("mount-taken", container=container["name"], path=mount["mountPath"])
    for entry in container.get("env") or []:
        if entry["name"] in OUR_ENV | {contract.ENV_APP_PYTHONPATH}:
            yield notice("env-taken", container=container["name"], name=entry["name"])


def _ports_of(container: Container) -> Iterator[object]:
    """Those that it declares, and those that its probes ask, which it has all the same."""
    for port in container.get("ports") or []:
        yield port.get("containerPort")
    for name in PROBES:
        probe: Any = container.get(name) or {}
        for action in probe.values():
            if isinstance(action, dict) and not action.get("host"):
                yield action.get("port")


def _runs_on_windows(spec: PodSpec) -> bool:
    """By any of the ways in which a pod can ask for it: a Linux sidecar would never start there."""
    named = (spec.get("os") or {}).get("name")
    selected = (spec.get("nodeSelector") or {}).get(OS_LABEL)
    contexts = [spec, *spec["containers"]]
    return WINDOWS in (named, selected, *_required_systems(spec)) or any(
        "windowsOptions" in (each.get("securityContext") or {}) for each in contexts
    )


def _required_systems(spec: PodSpec) -> Iterator[str]:
    """The operating systems that the node affinity names."""
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    for term in required.get("nodeSelectorTerms") or []:
        for match in term.get("matchExpressions") or []:
            if (match["key"], match["operator"]) == (OS_LABEL, "In"):
                yield from match["values"]
