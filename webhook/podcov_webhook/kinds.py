"""Owns the table of kinds that can be measured: where each keeps its pod template.

A new kind is a new row, nothing else. Called by `decision`, `review` and `manifests`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from podcov_webhook.models import GroupVersionKind, KubeObject, PodTemplate


@dataclass(frozen=True)
class Kind:
    """One kind of object that bears a pod template."""

    group: str
    version: str
    kind: str
    template_path: tuple[str, ...]
    """Keys that lead from the object to its template; none for a pod."""
    changeable: bool
    """Whether the template may change after the object was created."""


KINDS = (
    Kind("apps", "v1", "Deployment", ("spec", "template"), changeable=True),
    Kind("", "v1", "Pod", (), changeable=False),
)

NAMES = " or ".join(kind.kind for kind in KINDS)


def find_kind(group: str, version: str, kind: str) -> Kind | None:
    """The row for a kind, or None."""
    wanted = (group, version, kind)
    return next((row for row in KINDS if (row.group, row.version, row.kind) == wanted), None)


def kind_of_request(gvk: GroupVersionKind) -> Kind | None:
    """The row for the kind of an AdmissionReview."""
    return find_kind(gvk["group"], gvk["version"], gvk["kind"])


def kind_of_manifest(document: Mapping[str, object]) -> Kind | None:
    """The row for the kind of a manifest."""
    group, _, version = str(document.get("apiVersion", "")).rpartition("/")
    return find_kind(group, version, str(document.get("kind", "")))


def get_template(obj: KubeObject, kind: Kind) -> PodTemplate:
    """The template of an object of that kind. Raises KeyError or TypeError if it has none."""
    found: Any = obj
    for key in kind.template_path:
        found = found[key]
    return cast(PodTemplate, found)


def set_template(obj: KubeObject, kind: Kind, template: PodTemplate) -> KubeObject:
    """A copy of the object with another template; what is not on the way to it is shared."""
    return cast(KubeObject, _set(cast("dict[str, Any]", obj), kind.template_path, template))


def _set(holder: dict[str, Any], path: tuple[str, ...], template: PodTemplate) -> object:
    if not path:
        return template
    return {**holder, path[0]: _set(holder[path[0]], path[1:], template)}
