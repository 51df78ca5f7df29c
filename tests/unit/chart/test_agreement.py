"""What the chart spells must be what the other parts of the project spell."""

from __future__ import annotations

import re
from dataclasses import fields

import yaml
from podcov_webhook import contract
from podcov_webhook.settings import (
    AgentSettings,
    ControllerSettings,
    ProcessSettings,
    ServerSettings,
    flag_of,
)
from support.chart import CHART, CHECKOUT, load_metadata, load_values

TEMPLATES = {
    path.name: path.read_text()
    for folder in ("templates", "files")
    for path in sorted((CHART / folder).rglob("*"))
    if path.is_file()
}
OWN_LABEL = "coverage.io/component"
"""On podcov's own objects, so that the webhook is never asked about them; no annotation."""


def flags(template: str) -> set[str]:
    """The flags that a template passes to podcov-webhook."""
    return set(re.findall(r"- (--[a-z-]+)=", TEMPLATES[template]))


def settings_flags(*sections: type[AgentSettings | ProcessSettings]) -> set[str]:
    return {flag_of(item.name) for section in sections for item in fields(section)}


def test_versions_are_one() -> None:
    """Chart, application and package have one version."""
    metadata = load_metadata()
    assert {metadata["version"], metadata["appVersion"]} == {contract.VERSION}
    images = yaml.safe_load(metadata["annotations"]["artifacthub.io/images"])
    values = load_values()
    assert [entry["image"] for entry in images] == [
        f"{values['image']['repository']}:{contract.VERSION}",
        f"{values['agent']['image']['repository']}:{contract.VERSION}",
    ]


def test_annotations_are_the_contracts() -> None:
    """Every coverage.io/ name in the chart is an annotation of the contract, or our own label."""
    known = {v for n, v in vars(contract).items() if n.startswith("ANNOTATION_")} | {OWN_LABEL}
    spelt = {
        name for text in TEMPLATES.values() for name in re.findall(r"coverage\.io/[a-z-]*", text)
    }
    assert {contract.ANNOTATION_ENABLED, contract.ANNOTATION_INJECTED, OWN_LABEL} <= spelt <= known


def test_the_test_looks_for_the_contracts_sidecar() -> None:
    """`helm test` looks for the init container that the webhook adds."""
    assert f'"{contract.SIDECAR_NAME}" in names' in TEMPLATES["check_injection.py"]


def test_every_flag_is_a_setting() -> None:
    """Webhook and controller get only flags that they know, and all that are about the agent."""
    assert flags("webhook.yaml") <= settings_flags(AgentSettings, ServerSettings)
    assert flags("webhook.yaml") >= settings_flags(AgentSettings)
    assert flags("controller.yaml") <= settings_flags(ControllerSettings)


def test_kind_maps_the_port_of_the_example() -> None:
    """kind-config.yaml publishes the NodePort of the example shop."""
    kind = yaml.safe_load((CHECKOUT / "kind-config.yaml").read_text())
    mapped = {port["containerPort"] for port in kind["nodes"][0]["extraPortMappings"]}
    service = yaml.safe_load((CHECKOUT / "examples/shop/k8s/service.yaml").read_text())
    assert mapped == {port["nodePort"] for port in service["spec"]["ports"]}
