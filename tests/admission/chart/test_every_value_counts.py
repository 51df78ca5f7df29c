"""No value of the chart is without effect."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from support.chart import Json, leaves
from support.helm import render_text

CERT_MANAGER: Json = {"certificates": {"source": "certManager"}}
ISSUER: Json = {"certificates": {**CERT_MANAGER["certificates"], "certManager": {"issuerRef": {}}}}
EXISTING: Json = {"certificates": {"source": "existingSecret", "secretName": "s"}}
POLICY: Json = {"networkPolicy": {"enabled": True}}

CONTEXTS: dict[str, Json] = {
    "certificates.caBundle": EXISTING,
    "certificates.certManager.duration": CERT_MANAGER,
    "certificates.certManager.issuerRef.name": ISSUER,
    "certificates.certManager.issuerRef.kind": ISSUER,
    "certificates.certManager.issuerRef.group": ISSUER,
    "networkPolicy.apiServerCIDRs": POLICY,
}
"""What must be set as well for a value to count."""

SAMPLES: dict[str, Any] = {
    "image.digest": "sha256:" + "1" * 64,
    "agent.image.digest": "sha256:" + "2" * 64,
    "imagePullSecrets": [{"name": "pull"}],
    "webhook.podDisruptionBudget.maxUnavailable": "34%",
    "webhook.dnsPolicy": "Default",
    "webhook.excludedNamespaces": ["elsewhere"],
    "webhook.extraMatchConditions": [{"name": "n", "expression": "true"}],
    "agent.resources.requests.cpu": "77m",
    "agent.resources.requests.memory": "77Mi",
    "agent.resources.limits.memory": "77Mi",
    "agent.resources.limits.cpu": "77m",
    "agent.resources.requests.ephemeral-storage": "77Mi",
    "agent.resources.limits.ephemeral-storage": "77Mi",
    "agent.volumeSize": "77Mi",
    "agent.spoolSize": "77Mi",
    "certificates.source": "certManager",
    "certificates.certManager.duration": "99h",
    "networkPolicy.apiServerCIDRs": ["10.9.8.0/24"],
    "extraObjects": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "extra"}}],
}
"""For the values whose schema does not say enough to make one up."""


@functools.cache
def rendered(context: str) -> str:
    return render_text(CONTEXTS.get(context, {}))


def sample(dotted: str, schema: Json, default: Any) -> Any:
    """Some value that is allowed and is not the default."""
    if dotted in SAMPLES:
        return SAMPLES[dotted]
    if "enum" in schema:
        return next(choice for choice in schema["enum"] if choice not in (default, ""))
    kind = schema["type"]
    if kind == "boolean":
        return not default
    if kind == "integer":
        return (default or 0) + 1
    if kind == "array":
        return ["--sample=1"] if schema["items"] == {"type": "string"} else [{"name": "sample"}]
    return {"sample": "sample"} if kind == "object" else "sample"


def nested(path: tuple[str, ...], value: Any, context: Json) -> Json:
    """`context` with `value` at `path`."""
    head, *rest = path
    below = context.get(head, {})
    return {**context, head: nested(tuple(rest), value, below) if rest else value}


@pytest.mark.parametrize("value", leaves(), ids=lambda value: value.dotted)
def test_changing_it_changes_what_is_rendered(value: Any) -> None:
    """A value that does nothing would be a lie in the table of values."""
    other = sample(value.dotted, value.schema, value.default)
    assert other != value.default
    values = nested(value.path, other, CONTEXTS.get(value.dotted, {}))
    assert render_text(values) != rendered(value.dotted)
