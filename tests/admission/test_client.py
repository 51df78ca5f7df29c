"""The client against a real API server: logins by a program, and what the server refuses."""

import base64
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from admission.conftest import MakeNamespace
from admission.manifests import make_pod
from podcov import Session
from podcov.errors import ForwardError, LoginError, SettingError, WorkloadError
from podcov.kube import open_kube
from support.cluster.control_plane import ControlPlane

pytestmark = pytest.mark.admission

API = "client.authentication.k8s.io/v1"


def kubeconfig_with_login(plane: ControlPlane, folder: Path) -> Path:
    """The administrator's kubeconfig, whose certificate a program hands out."""
    config: dict[str, Any] = yaml.safe_load(plane.kubeconfig.read_text())
    (user,) = config["users"]
    status = {
        name: base64.b64decode(user["user"].pop(key)).decode()
        for name, key in (
            ("clientCertificateData", "client-certificate-data"),
            ("clientKeyData", "client-key-data"),
        )
    }
    answer = json.dumps({"apiVersion": API, "kind": "ExecCredential", "status": status})
    program = folder / "corp-login"
    program.write_text(f"#!{sys.executable}\nprint({answer!r})\n")
    program.chmod(0o755)
    user["user"]["exec"] = {
        "apiVersion": API,
        "command": str(program),
        "interactiveMode": "Never",
    }
    file = folder / "config"
    file.write_text(yaml.safe_dump(config))
    return file


def test_a_program_logs_in(
    admission_cluster: ControlPlane, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The API server knows who asks, for a list and for a forward; nothing else is printed."""
    file = kubeconfig_with_login(admission_cluster, tmp_path)
    with pytest.raises(WorkloadError, match="Could not read deployment shop: there is none"):
        Session("deploy/shop", namespace="default", kubeconfig=str(file)).targets()
    with pytest.raises(ForwardError, match=r'HTTP 404: pods "none" not found\.'):
        open_kube(str(file), None, 10).open_port("default", "none", 9095)
    assert capfd.readouterr() == ("", "")


def test_a_program_that_fails_is_named(
    admission_cluster: ControlPlane, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its words, and not that somebody without a login may not list pods."""
    file = kubeconfig_with_login(admission_cluster, tmp_path)
    (tmp_path / "corp-login").write_text("#!/bin/sh\necho 'token expired: corp login' >&2; exit 1")
    with pytest.raises(LoginError) as caught:
        Session("deploy/shop", namespace="default", kubeconfig=str(file)).targets()
    assert caught.value.message == (
        f"The kubeconfig's login program {tmp_path}/corp-login gave no login: "
        "process returned 1. token expired: corp login."
    )
    assert capfd.readouterr() == ("", "")


def test_a_selector_that_the_server_does_not_understand_is_said(
    admission_cluster: ControlPlane,
) -> None:
    """In its words, as a wrong setting."""
    session = Session(selector="app=a b", kubeconfig=str(admission_cluster.kubeconfig))
    with pytest.raises(SettingError, match="was asked: found 'b', expected: ',' or 'end of "):
        session.targets()


def test_a_forward_to_a_pod_without_a_node_is_refused_in_the_servers_words(
    admission_cluster: ControlPlane, make_namespace: MakeNamespace
) -> None:
    """Over the real websocket."""
    namespace = make_namespace()
    admission_cluster.tools.send("create", make_pod(namespace))
    kube = open_kube(str(admission_cluster.kubeconfig), None, 10)
    with pytest.raises(ForwardError, match="HTTP 400: pod shop does not have a host assigned"):
        kube.open_port(namespace, "shop", 9095)
