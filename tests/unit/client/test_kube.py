"""The Kubernetes API: what it says becomes raw JSON or an error with a remedy."""

import json
from pathlib import Path

import pytest
from podcov import Session
from podcov.errors import ClusterError, ForbiddenError, PodcovError, WorkloadError
from podcov.kube import open_kube
from support.played_cluster import PODS, Routes, pod, serving, write_kubeconfig
from support.project import Project

from .test_session import closed_url

DEPLOYMENT = "/apis/apps/v1/namespaces/shop/deployments/shop"


def ask(routes: Routes, tmp_path: Path, workload: str | None = "deploy/shop") -> list[str]:
    with serving(routes) as url:
        config = write_kubeconfig(tmp_path / "config", url)
        return [t.name for t in Session(workload, kubeconfig=str(config)).targets()]


def test_a_deployments_pods_are_found_by_its_selector(tmp_path: Path) -> None:
    """The namespace comes from the context, fields that no library knows survive."""
    strange = pod("shop-1")
    strange["spec"]["aFieldOfTomorrow"] = {"x": None}
    routes = {
        DEPLOYMENT: (200, {"spec": {"selector": {"matchLabels": {"app": "shop"}}}}),
        PODS: (200, {"items": [strange]}),
    }
    assert ask(routes, tmp_path) == ["shop-1"]


def test_a_single_pod_is_read_by_its_name(tmp_path: Path) -> None:
    """Without asking for a list."""
    assert ask({f"{PODS}/shop-1": (200, pod("shop-1"))}, tmp_path, "pod/shop-1") == ["shop-1"]


def test_a_workload_that_is_not_there_is_said(tmp_path: Path) -> None:
    """The exact message, with the command that shows what is."""
    with pytest.raises(WorkloadError) as caught:
        ask({}, tmp_path)
    assert caught.value.message == (
        "Could not read deployment shop: there is none in namespace shop."
    )
    assert caught.value.remedy == "See what is there: kubectl get deploy,sts,pod -n shop"


def test_a_missing_right_is_said(tmp_path: Path) -> None:
    """The exact message, with the command that checks it."""
    with pytest.raises(ForbiddenError) as caught:
        ask({PODS: (403, {"reason": "Forbidden"})}, tmp_path, None)
    assert caught.value.message == "You may not list pods in namespace shop (HTTP 403)."
    assert "kubectl auth can-i create pods/portforward -n shop" in caught.value.remedy


def test_no_kubeconfig_is_said(project: Project) -> None:
    """The exact message, with the ways out."""
    with pytest.raises(ClusterError) as caught:
        Session("deploy/shop", kubeconfig="nowhere").targets()
    assert caught.value.message == ("No cluster: Invalid kube-config file. No configuration found.")
    assert caught.value.remedy == (
        "Set KUBECONFIG, give --kubeconfig FILE or --context NAME, or ask an agent directly "
        "with --url."
    )


@pytest.mark.parametrize(
    ("content", "said"), [(b"{[: broken", "line 1, column 3"), (b"\xff", "can't decode byte 0xff")]
)
def test_a_broken_kubeconfig_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    """What the reader of YAML says, in one sentence, with the ways out."""
    config = tmp_path / "config"
    config.write_bytes(content)
    with pytest.raises(ClusterError) as caught:
        open_kube(str(config), None, 5)
    assert caught.value.message.startswith("No cluster: ")
    assert said in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.remedy.startswith("Set KUBECONFIG, give --kubeconfig FILE")


def test_an_unknown_context_is_said(tmp_path: Path) -> None:
    """The context's name is in the message."""
    config = write_kubeconfig(tmp_path / "config", "http://127.0.0.1:1")
    with pytest.raises(ClusterError, match="prod"):
        open_kube(str(config), "prod", 5)


def test_a_cluster_that_is_down_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The exact message with its address, and no noise of the libraries beside it."""
    address = closed_url()
    config = write_kubeconfig(tmp_path / "config", address)
    with pytest.raises(ClusterError) as caught:
        Session("deploy/shop", kubeconfig=str(config)).targets()
    assert caught.value.message == (
        f"The cluster at {address} does not answer: [Errno 111] Connection refused."
    )
    assert capfd.readouterr() == ("", "")


def test_a_cluster_that_nobody_trusts_is_said(tmp_path: Path) -> None:
    """TLS against a server that speaks none: one line, with the address."""
    with serving({}) as url:
        address = url.replace("http:", "https:")
        config = write_kubeconfig(tmp_path / "config", address)
        with pytest.raises(ClusterError) as caught:
            Session("deploy/shop", kubeconfig=str(config)).targets()
    assert caught.value.message.startswith(f"The cluster at {address} does not answer: ")
    assert "\n" not in caught.value.message


def test_a_refused_forward_is_an_error_of_the_pod(project: Project, tmp_path: Path) -> None:
    """The API server takes no websocket: the pod fails with a reason, the collection goes on."""
    with serving({PODS: (200, {"items": [pod("shop-1")]})}) as url:
        config = write_kubeconfig(tmp_path / "config", url)
        (failure,) = Session(kubeconfig=str(config), timeout_s=5).collect().failed
    assert isinstance(failure.error, PodcovError)
    assert failure.error.slug == "forward-failed"
    assert failure.error.message.startswith("Port 9095 of pod shop-1 could not be forwarded:")


def test_a_kubeconfig_is_json_or_yaml(tmp_path: Path) -> None:
    """What the helper writes is what kubectl would read too."""
    config = write_kubeconfig(tmp_path / "config", "http://127.0.0.1:1", namespace="other")
    assert json.loads(config.read_text())["current-context"] == "played"
    assert open_kube(str(config), "played", 5).namespace == "other"
