"""Revisions of a measured Deployment, with the controllers that make them."""

import pytest
from admission.manifests import ENABLED, make_deployment
from node.conftest import REVISIONS
from support.cluster.kubectl import Object, Tools
from support.waiting import wait_until

pytestmark = pytest.mark.node


@pytest.fixture
def shop(tools: Tools, podcov: None) -> None:
    """A Deployment without pods, at revision 1, that is measured from revision 2 on."""
    tools.kubectl("create", "namespace", REVISIONS)
    manifest = make_deployment(REVISIONS)
    manifest["spec"]["replicas"] = 0
    tools.send("create", manifest)
    _wait_for_revision(tools, "1")
    tools.kubectl("annotate", "deployment", "shop", "-n", REVISIONS, f"{ENABLED}=true")
    _wait_for_revision(tools, "2")


def test_undo_leads_back_to_the_unmeasured_template(tools: Tools, shop: None) -> None:
    """`kubectl rollout undo` to a revision from before brings template and annotations back."""
    assert "initContainers" in _deployment(tools)["spec"]["template"]["spec"]
    tools.kubectl("rollout", "undo", "deployment/shop", "-n", REVISIONS)
    found = _wait_for_revision(tools, "3")
    assert ENABLED not in found["metadata"]["annotations"]
    assert found["spec"]["template"]["spec"]["containers"][0]["command"] == ["gunicorn", "shop:app"]
    assert "initContainers" not in found["spec"]["template"]["spec"]


def _deployment(tools: Tools) -> Object:
    return tools.get("deployment", "shop", REVISIONS)


def _wait_for_revision(tools: Tools, revision: str) -> Object:
    return wait_until(
        f"the Deployment is at revision {revision}",
        lambda: _deployment(tools),
        lambda found: (
            found["metadata"].get("annotations", {}).get("deployment.kubernetes.io/revision")
            == revision
        ),
    )
