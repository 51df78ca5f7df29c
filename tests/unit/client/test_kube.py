"""The Kubernetes API: what it says becomes raw JSON or an error with a remedy."""

import json
import logging
from pathlib import Path

import pytest
from kubernetes.config import ConfigException
from podcov import Session, kube
from podcov.errors import (
    ClusterError,
    ForbiddenError,
    LoginError,
    PodcovError,
    SettingError,
    WorkloadError,
)
from podcov.kube import open_kube
from podcov.login import overhearing
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


def test_a_selector_that_is_none_is_said(tmp_path: Path) -> None:
    """In the API server's words."""
    said = {"message": 'unable to parse requirement: values[0][app]: Invalid value: "a b"'}
    with serving({PODS: (400, said)}) as url:
        config = write_kubeconfig(tmp_path / "config", url)
        with pytest.raises(SettingError, match="unable to parse requirement") as caught:
            Session(selector="app=a b", kubeconfig=str(config)).targets()
    assert caught.value.remedy == "Check the selector, the names and the namespace."


def test_no_kubeconfig_is_said(project: Project) -> None:
    """The exact message, with the ways out."""
    with pytest.raises(ClusterError) as caught:
        Session("deploy/shop", kubeconfig="nowhere").targets()
    assert caught.value.message == (
        "No cluster: Invalid kube-config file. No configuration found (looked in nowhere)."
    )
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


def test_a_pod_looks_in_its_own_namespace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a kubeconfig, the service account says which namespace is meant."""
    (tmp_path / "namespace").write_text("ci\n")
    monkeypatch.setattr(kube, "OWN_NAMESPACE", tmp_path / "namespace")
    monkeypatch.setattr(kube, "load_incluster_config", lambda configuration: None)
    monkeypatch.setattr(kube, "load_kube_config", refuse)
    assert open_kube(None, None, 5).namespace == "ci"


def refuse(*args: object) -> None:
    raise ConfigException("none")


def test_an_unknown_context_is_said(tmp_path: Path) -> None:
    """The context's name is in the message."""
    config = write_kubeconfig(tmp_path / "config", "http://127.0.0.1:1")
    with pytest.raises(ClusterError, match="prod"):
        open_kube(str(config), "prod", 5)


CREDENTIAL = {
    "apiVersion": "client.authentication.k8s.io/v1",
    "kind": "ExecCredential",
    "status": {"token": "fresh", "expirationTimestamp": "2020-01-01T00:00:00Z"},
}


def write_login(folder: Path, server: str, shell: str) -> str:
    """A kubeconfig whose user logs in by a program, `login`, with these lines of shell."""
    program = folder / "login"
    program.write_text(f"#!/bin/sh\necho asked >> {folder}/asked\n{shell}\n")
    program.chmod(0o755)
    config = write_kubeconfig(folder / "config", server)
    words = {"command": str(program), "args": ["--cluster", "prod"]}
    user = {"exec": {"apiVersion": CREDENTIAL["apiVersion"], "interactiveMode": "Never", **words}}
    content = {**json.loads(config.read_text()), "users": [{"name": "u", "user": user}]}
    config.write_text(json.dumps(content))
    return str(config)


@pytest.mark.parametrize(
    ("shell", "said"),
    [
        ("echo 'login expired,\nrun: corp login' >&2; exit 3", "login expired, run: corp login"),
        ("exit 3", "process returned 3"),
        ("echo hello", "failed to decode process output"),
        ("rm $0; echo '{}'", "missing key 'apiVersion'"),
        (f"echo '{json.dumps({**CREDENTIAL, 'status': {}})}'", "missing token or clientCert"),
    ],
)
def test_a_login_program_that_fails_is_said(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], shell: str, said: str
) -> None:
    """With its name and its words, and nothing beside the message."""
    with pytest.raises(LoginError) as caught:
        open_kube(write_login(tmp_path, "http://127.0.0.1:1", shell), None, 5)
    program = tmp_path / "login"
    assert caught.value.message.startswith(f"The kubeconfig's login program {program} gave no ")
    assert said in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.remedy.endswith(f": {program} --cluster prod")
    assert capfd.readouterr() == ("", "")


def test_a_missing_login_program_is_said(tmp_path: Path) -> None:
    config = write_login(tmp_path, "http://127.0.0.1:1", "")
    (tmp_path / "login").unlink()
    with pytest.raises(LoginError, match=r"gave no login: \[Errno 2\] No such file"):
        open_kube(config, None, 5)


def test_a_login_that_runs_out_is_renewed_or_said(tmp_path: Path) -> None:
    """In the middle of a session: the program is asked again, and again."""
    shell = f"test -e {tmp_path}/over && exit 3; echo '{json.dumps(CREDENTIAL)}'"
    with serving({PODS: (200, {"items": [pod("shop-1")]})}) as url:
        session = Session(kubeconfig=write_login(tmp_path, url, shell))
        for _ in range(3):
            assert len(session.targets()) == 1
        assert (tmp_path / "asked").read_text().count("asked") > 3
        (tmp_path / "over").touch()
        for _ in range(2):
            with pytest.raises(LoginError, match="gave no login: process returned 3"):
                session.targets()


def test_the_log_of_a_program_is_its_own(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What others write meanwhile goes where it went; afterwards, nothing of ours is left there."""
    root = logging.getLogger()
    before = (list(root.handlers), list(root.filters))
    with overhearing() as said:
        logging.error("another's")
    assert (said, caplog.messages) == ([], ["another's"])
    assert (list(root.handlers), list(root.filters)) == before


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
