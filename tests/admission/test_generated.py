"""Many different pods against the API server's own validation."""

import json

import pytest
import yaml
from admission.conftest import MakeNamespace, sidecars
from admission.generated import make_pods
from admission.manifests import ENABLED
from support.cluster.kubectl import Object, Tools
from support.webhook import WebhookProcess

pytestmark = pytest.mark.admission

COUNT = 60


def accepted(tools: Tools, pods: list[Object]) -> dict[str, Object]:
    """The pods that the API server would store, by name, as it would store them."""
    body = {"apiVersion": "v1", "kind": "List", "items": pods}
    arguments = ["create", "-f", "-", "--dry-run=server", "-o", "yaml"]
    done = tools.run(tools.kubectl_program, *arguments, stdin=json.dumps(body))
    return {pod["metadata"]["name"]: pod for pod in yaml.safe_load_all(done.stdout) if pod}


@pytest.mark.parametrize(("level", "least"), [("privileged", 40), ("restricted", 8)])
def test_what_is_accepted_plain_is_accepted_measured(
    tools: Tools, webhook: WebhookProcess, make_namespace: MakeNamespace, level: str, least: int
) -> None:
    """No generated pod that the API server takes is refused because of what we put into it."""
    namespace = make_namespace(level)
    pods = make_pods(namespace, seed=20, count=COUNT)
    plain = accepted(tools, pods)
    assert len(plain) >= least, "the generator makes too few valid pods to prove anything"
    asked = [pod for pod in pods if pod["metadata"]["name"] in plain]
    for pod in asked:
        pod["metadata"]["annotations"] = {ENABLED: "true"}
    measured = accepted(tools, asked)
    assert sorted(measured) == sorted(plain)
    assert sum("podcov-agent" in sidecars(pod) for pod in measured.values()) >= least // 2
