"""The controller against a real API server, with no more rights than the chart gives it."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from podcov_webhook.certificates import is_issued_by, names_of
from support import helm
from support.cluster.control_plane import ControlPlane
from support.cluster.kubectl import Object, Tools
from support.waiting import wait_until

pytestmark = pytest.mark.admission

USER = "controller-under-test"
NAMESPACE = "podcov-control"
RELEASE = helm.Release("control", namespace=NAMESPACE)
CONFIGURATION = "MutatingWebhookConfiguration"
RIGHTS = ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
EXIT_S = 30


@dataclass(frozen=True)
class Installed:
    """What the chart makes for the controller, in a namespace of its own."""

    tools: Tools
    kubeconfig: Path
    arguments: list[str]
    configuration: str
    secret: str

    def secret_data(self) -> dict[str, bytes]:
        """The Secret, decoded. RefusedError while there is none."""
        data = self.tools.get("secret", self.secret, NAMESPACE)["data"]
        return {key: base64.b64decode(value) for key, value in data.items()}

    def bundle(self) -> bytes:
        """What the API server trusts."""
        found = self.tools.get("mutatingwebhookconfiguration", self.configuration, NAMESPACE)
        return base64.b64decode(found["webhooks"][0]["clientConfig"].get("caBundle", ""))

    def is_consistent(self) -> bool:
        """Whether the trusted bundle is the Secret's, and verifies its leaf."""
        data = self.secret_data()
        bundle = data["ca.crt"] + data.get("previous-ca.crt", b"")
        return self.bundle() == bundle and is_issued_by(data["tls.crt"], data["ca.crt"])

    def wait_until_consistent(self) -> dict[str, bytes]:
        """The Secret's data, once it is what the API server trusts."""
        wait_until("caBundle and leaf agree", self.is_consistent)
        return self.secret_data()


@pytest.fixture(scope="module")
def installed(admission_cluster: ControlPlane) -> Installed:
    tools = admission_cluster.tools
    metadata = {"name": NAMESPACE}
    tools.send("create", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    objects = helm.render({}, RELEASE)
    mine = [obj for obj in objects if obj["metadata"]["name"].endswith("-controller")]
    configuration = next(obj for obj in objects if obj["kind"] == CONFIGURATION)
    for obj in [configuration, *(obj for obj in mine if obj["kind"] in RIGHTS)]:
        tools.send("create", _for_user(obj))
    deployment = next(obj for obj in mine if obj["kind"] == "Deployment")
    arguments = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    return Installed(
        tools,
        admission_cluster.kubeconfig_for("controller.kubeconfig", USER),
        arguments,
        configuration["metadata"]["name"],
        next(a.partition("=")[2] for a in arguments if a.startswith("--secret=")),
    )


def test_it_makes_the_certificates_and_mends_what_people_break(
    installed: Installed, tmp_path: Path
) -> None:
    """First start, an emptied caBundle, a deleted Secret: each ends consistent again."""
    with running_controller(installed, tmp_path / "log") as port:
        first = installed.wait_until_consistent()
        assert f"control-podcov-webhook.{NAMESPACE}.svc" in names_of(first["tls.crt"])

        empty: list[dict[str, Any]] = [
            {"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}
        ]
        installed.tools.kubectl(
            *("patch", CONFIGURATION, installed.configuration, "--type=json"),
            *("-p", json.dumps(empty)),
        )
        assert installed.wait_until_consistent() == first

        installed.tools.kubectl("delete", "secret", installed.secret, "-n", NAMESPACE)
        again = installed.wait_until_consistent()
        assert again["ca.crt"] != first["ca.crt"]
        health = wait_until("a healthy answer", lambda: _health(port), lambda a: a["healthy"])
        assert health == {"healthy": True}
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [line for line in lines if line["level"] != "INFO"] == []


def test_a_second_start_changes_nothing(installed: Installed, tmp_path: Path) -> None:
    """The controller is restarted at will: what is good stays, and the objects are not touched."""
    with running_controller(installed, tmp_path / "first") as port:
        wait_until("a healthy answer", lambda: _health(port), lambda answer: answer["healthy"])
        before = installed.wait_until_consistent()
    version = _version(installed)
    with running_controller(installed, tmp_path / "second") as port:
        wait_until("a healthy answer", lambda: _health(port), lambda answer: answer["healthy"])
    assert installed.secret_data() == before
    assert _version(installed) == version


@contextmanager
def running_controller(installed: Installed, log: Path) -> Iterator[int]:
    """`podcov-webhook control` with the chart's arguments; the port of its health endpoint."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "podcov_webhook.cli", *installed.arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--health-host=127.0.0.1", f"--health-port={port}"],
            stderr=output,
            env={**os.environ, "KUBECONFIG": str(installed.kubeconfig)},
        )
    try:
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(EXIT_S)
        assert code == 0, log.read_text()


def _for_user(obj: Object) -> Object:
    """The object with its rights given to the user of the test."""
    subject = {"kind": "User", "name": USER, "apiGroup": "rbac.authorization.k8s.io"}
    return {**obj, "subjects": [subject]} if "subjects" in obj else obj


def _health(port: int) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
        return json.load(answer)


def _version(installed: Installed) -> str:
    found = installed.tools.get("secret", installed.secret, NAMESPACE)
    return str(found["metadata"]["resourceVersion"])
