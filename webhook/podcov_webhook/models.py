"""Owns the shapes of JSON on the wire: the parts of Kubernetes objects that are read or written.

Objects may hold more keys than these; they are passed on untouched. Types only.
"""

from __future__ import annotations

from typing import Literal, TypedDict, TypeVar


class EnvVar(TypedDict, total=False):
    """One entry of a container's `env`."""

    name: str
    value: str
    valueFrom: object


class VolumeMount(TypedDict, total=False):
    """One entry of a container's `volumeMounts`."""

    name: str
    mountPath: str
    readOnly: bool
    subPath: str


class ContainerPort(TypedDict, total=False):
    """One entry of a container's `ports`."""

    containerPort: int
    protocol: str


Resources = dict[str, dict[str, str]]
"""`resources` of a container or of a pod: `requests` and `limits`, name → quantity."""


class Container(TypedDict, total=False):
    """A container or an init container."""

    name: str
    image: str
    imagePullPolicy: str
    command: list[str]
    args: list[str]
    env: list[EnvVar]
    envFrom: list[object]
    ports: list[ContainerPort]
    volumeMounts: list[VolumeMount]
    restartPolicy: str
    startupProbe: object
    livenessProbe: object
    readinessProbe: object
    resources: Resources
    securityContext: dict[str, object]
    terminationMessagePath: str
    terminationMessagePolicy: str


class Volume(TypedDict, total=False):
    """One entry of a pod's `volumes`."""

    name: str
    emptyDir: dict[str, str]


class PodOs(TypedDict, total=False):
    """`spec.os` of a pod."""

    name: str


class PodSecurityContext(TypedDict, total=False):
    """`spec.securityContext` of a pod."""

    runAsUser: int


class NodeMatch(TypedDict, total=False):
    """One requirement of a node's labels."""

    key: str
    operator: str
    values: list[str]


class NodeTerm(TypedDict, total=False):
    """Requirements that must all be met."""

    matchExpressions: list[NodeMatch]


class NodeSelector(TypedDict, total=False):
    """Terms of which one must be met."""

    nodeSelectorTerms: list[NodeTerm]


class NodeAffinity(TypedDict, total=False):
    """Which nodes a pod may run on."""

    requiredDuringSchedulingIgnoredDuringExecution: NodeSelector


class Affinity(TypedDict, total=False):
    """`spec.affinity` of a pod."""

    nodeAffinity: NodeAffinity


class PodSpec(TypedDict, total=False):
    """`spec` of a pod template."""

    containers: list[Container]
    initContainers: list[Container]
    volumes: list[Volume]
    hostNetwork: bool
    shareProcessNamespace: bool
    nodeSelector: dict[str, str]
    affinity: Affinity
    securityContext: PodSecurityContext
    resources: Resources
    os: PodOs


class Metadata(TypedDict, total=False):
    """`metadata` of an object or of a template."""

    name: str
    generateName: str
    namespace: str
    annotations: dict[str, str]
    labels: dict[str, str]
    deletionTimestamp: str
    ownerReferences: list[object]


class PodTemplate(TypedDict, total=False):
    """A pod template, or a bare pod: both have these two."""

    metadata: Metadata
    spec: PodSpec


class KubeObject(TypedDict, total=False):
    """Any object that bears a pod template."""

    apiVersion: str
    kind: str
    metadata: Metadata
    spec: object


class GroupVersionKind(TypedDict):
    """`request.kind` of a review."""

    group: str
    version: str
    kind: str


class AdmissionRequest(TypedDict, total=False):
    """`request` of an AdmissionReview."""

    uid: str
    kind: GroupVersionKind
    subResource: str
    name: str
    namespace: str
    operation: str
    object: KubeObject
    oldObject: KubeObject | None


class Operation(TypedDict, total=False):
    """One operation of RFC 6902."""

    op: Literal["add", "remove", "replace"]
    path: str
    value: object


class Status(TypedDict):
    """Why an object is refused: what kubectl shows."""

    code: int
    reason: str
    message: str


class AdmissionResponse(TypedDict, total=False):
    """`response` of an AdmissionReview."""

    uid: str
    allowed: bool
    patchType: str
    patch: str
    warnings: list[str]
    status: Status


class AdmissionReview(TypedDict):
    """What is answered."""

    apiVersion: str
    kind: str
    response: AdmissionResponse


Holder = TypeVar("Holder", EnvVar, Container, PodSpec, Metadata, PodTemplate, KubeObject)
"""A JSON object of which a changed copy is made."""
