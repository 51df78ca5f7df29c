"""docs/gitops.md: what its tools see of a measured Deployment."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from admission.conftest import sidecars
from admission.manifests import ENABLED, container, make_deployment
from support.cluster import packages
from support.cluster.commands import run
from support.cluster.errors import UnavailableError
from support.cluster.kubectl import Object, Tools
from support.cluster.settings import CHECKOUT

pytestmark = pytest.mark.admission

PAGE = CHECKOUT / "docs" / "gitops.md"
SPELLED = container(args=["-w", "2"], env=[{"name": "A", "value": "b"}])
IN_IMAGE = {"name": "shop", "image": "shop:1"}
WITH_PATH = {**IN_IMAGE, "env": [{"name": "PYTHONPATH", "value": "/srv/lib"}]}
MOUNTING = {
    "initContainers": [{"name": "migrate", "image": "shop:1"}],
    "volumes": [{"name": "cache", "emptyDir": {}}],
}


@pytest.fixture(scope="module")
def jq() -> Path:
    """The program, which reads expressions as Argo CD does."""
    try:
        packages.ensure({"jq": "jq"})
    except UnavailableError as error:
        pytest.skip(str(error))
    return packages.path_of("jq")


@pytest.mark.parametrize("app", [SPELLED, IN_IMAGE, WITH_PATH], ids=["command", "image", "path"])
@pytest.mark.parametrize("spec", [{}, MOUNTING], ids=["plain", "mounting"])
def test_nothing_of_ours_is_left_for_argo_to_compare(
    tools: Tools, namespace: str, jq: Path, app: dict[str, Any], spec: dict[str, Any]
) -> None:
    """Without what the page's expressions name, the measured template is the one before, but for
    lists that are empty now; and of the one before they take a PYTHONPATH at most."""
    manifest = make_deployment(namespace, app)
    manifest["spec"]["template"]["spec"] |= spec
    tools.send("apply", manifest)
    before = _template(tools, namespace)
    tools.kubectl("annotate", "deployment", "shop", "-n", namespace, f"{ENABLED}=true")
    measured = _template(tools, namespace)
    assert measured != before
    assert _ignoring(jq, measured) == _ignoring(jq, before)
    if app is not WITH_PATH:
        assert _ignoring(jq, before) == _without_empty(before)


def test_an_annotation_that_git_does_not_have_stays(tools: Tools, namespace: str) -> None:
    """Flux and Argo CD apply their manifest over `kubectl annotate`: measured as before."""
    manifest = make_deployment(namespace, SPELLED)
    forced = ["--server-side", "--force-conflicts", "--field-manager=kustomize-controller"]
    tools.send("apply", manifest, *forced)
    tools.kubectl("annotate", "deployment", "shop", "-n", namespace, f"{ENABLED}=true")
    measured = tools.get("deployment", "shop", namespace)
    dry = json.loads(tools.send("apply", manifest, *forced, "--dry-run=server", "-o", "json"))
    tools.send("apply", manifest, *forced)
    again = tools.get("deployment", "shop", namespace)
    assert dry["spec"] == again["spec"] == measured["spec"]
    assert sidecars(again) == ["podcov-agent"]


def _template(tools: Tools, namespace: str) -> Object:
    found: Object = {"spec": {}}
    found["spec"]["template"] = tools.get("deployment", "shop", namespace)["spec"]["template"]
    return found


def _ignoring(jq: Path, obj: Object) -> Object:
    """An object as Argo CD compares it: without what each expression of the page finds in it."""
    (block,) = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (rule,) = yaml.safe_load(block)["ignoreDifferences"]
    for expression in rule["jqPathExpressions"]:
        obj = json.loads(run([jq, f"del({expression})"], stdin=json.dumps(obj)))
    compared: Object = _without_empty(obj)
    return compared


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _without_empty(each) for key, each in value.items()}
        return {key: each for key, each in kept.items() if each not in ([], {}, None)}
    return [_without_empty(each) for each in value] if isinstance(value, list) else value
