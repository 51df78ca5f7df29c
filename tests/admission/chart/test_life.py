"""Installing, upgrading and uninstalling the chart with helm on a real API server (no pods run)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from admission.conftest import LABEL
from support.chart import CHART, Json
from support.cluster.kubectl import RefusedError, Tools

pytestmark = pytest.mark.admission

NAMESPACE = "life"
KINDS = (
    *("deployments", "services", "serviceaccounts", "poddisruptionbudgets", "roles"),
    *("rolebindings", "clusterroles", "clusterrolebindings", "mutatingwebhookconfigurations"),
)
CONFIGURATION = "life.cov-podcov"
BUNDLE = base64.b64encode(b"an authority").decode()


@pytest.fixture
def values(tmp_path: Path) -> list[str]:
    """Options with which the release is asked about no namespace: others test here too."""
    file = tmp_path / "values.json"
    file.write_text(
        json.dumps({"webhook": {"namespaceSelector": {"matchLabels": {LABEL: "life"}}}})
    )
    return ["--namespace", NAMESPACE, "--values", str(file)]


@pytest.fixture
def release(tools: Tools, values: list[str]) -> Iterator[str]:
    """The chart, installed as release `cov`."""
    tools.helm("install", "cov", str(CHART), *values, "--create-namespace")
    yield "cov"
    if left(tools):
        tools.helm("uninstall", "cov", "--namespace", NAMESPACE)


def left(tools: Tools) -> list[str]:
    """Kind and name of everything of the release that the API server has."""
    selector = "app.kubernetes.io/instance=cov"
    arguments = ("get", ",".join(KINDS), "-n", NAMESPACE, "-l", selector, "-o", "name")
    return sorted(tools.kubectl(*arguments).split())


def configuration(tools: Tools) -> Json:
    found: Json = json.loads(
        tools.kubectl("get", "mutatingwebhookconfiguration", CONFIGURATION, "-o", "json")
    )
    (webhook,) = found["webhooks"]
    return dict(webhook)


def test_an_upgrade_keeps_the_controllers_bundle(
    tools: Tools, release: str, values: list[str]
) -> None:
    """The caBundle that the controller wrote survives helm, or every upgrade would be an outage."""
    path = "/webhooks/0/clientConfig/caBundle"
    patch = json.dumps([{"op": "add", "path": path, "value": BUNDLE}])
    tools.kubectl(
        "patch", "mutatingwebhookconfiguration", CONFIGURATION, "--type=json", "-p", patch
    )
    tools.helm("upgrade", release, str(CHART), *values, "--set", "webhook.timeoutSeconds=7")
    webhook = configuration(tools)
    assert webhook["timeoutSeconds"] == 7
    assert webhook["clientConfig"]["caBundle"] == BUNDLE


def test_an_uninstall_leaves_nothing_of_the_chart(tools: Tools, release: str) -> None:
    """Every kind that the chart makes is there before, and nothing is there after."""
    before = left(tools)
    assert {name.split("/")[0].split(".")[0] + "s" for name in before} == set(KINDS)
    tools.helm("uninstall", release, "--namespace", NAMESPACE)
    assert left(tools) == []


def test_a_second_release_of_the_same_name_elsewhere_installs(
    tools: Tools, release: str, values: list[str]
) -> None:
    """Cluster-scoped objects of two namespaces do not collide."""
    elsewhere = [*values, "--namespace", "life-too"]
    tools.helm("install", release, str(CHART), *elsewhere, "--create-namespace")
    tools.helm("uninstall", release, "--namespace", "life-too")


def test_an_installation_with_a_misspelt_key_stores_nothing(
    tools: Tools, values: list[str]
) -> None:
    """Helm refuses before anything is sent."""
    with pytest.raises(RefusedError, match="'replica' not allowed"):
        tools.helm("install", "cov", str(CHART), *values, "--set", "webhook.replica=1")
    assert left(tools) == []
