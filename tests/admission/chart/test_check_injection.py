"""The program of `helm test`, with the rights that the chart gives it, on a real API server."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from admission.conftest import MakeNamespace
from support.chart import CHART
from support.cluster.control_plane import ControlPlane
from support.cluster.kubectl import Tools
from support.helm import Release, render
from support.webhook import WebhookProcess

pytestmark = pytest.mark.admission

SCRIPT = CHART / "files" / "check_injection.py"
RIGHTS = ("ServiceAccount", "Role", "RoleBinding")

Check = Callable[[str], int]


@pytest.fixture
def check(
    admission_cluster: ControlPlane, tools: Tools, make_namespace: MakeNamespace, tmp_path: Path
) -> Check:
    """Runs the program about a namespace, as the chart's test would, without patience."""
    home = make_namespace()
    main: Any = runpy.run_path(str(SCRIPT))["main"]

    def run(namespace: str) -> int:
        for item in render({"test": {"namespace": namespace}}, Release(namespace=home)):
            if item["kind"] in RIGHTS and item["metadata"]["name"].endswith("-test"):
                tools.send("apply", item)
        token = tools.kubectl("create", "token", "podcov-test", "-n", home)
        (tmp_path / "token").write_text(token)
        certificate = admission_cluster.authority.pair.certificate.read_bytes()
        (tmp_path / "ca.crt").write_bytes(certificate)
        code: int = main(admission_cluster.endpoint.url, tmp_path, namespace, 0)
        return code

    return run


@pytest.mark.parametrize("level", ["privileged", "restricted"])
def test_good(
    webhook: WebhookProcess,
    make_namespace: MakeNamespace,
    tools: Tools,
    check: Check,
    capsys: pytest.CaptureFixture[str],
    level: str,
) -> None:
    """With a webhook that answers it succeeds, and leaves no pod behind."""
    namespace = make_namespace(level)
    assert check(namespace) == 0
    expected = f"an annotated pod in namespace {namespace} comes back rewritten: good\n"
    assert capsys.readouterr().out == expected
    assert tools.list("pods", namespace) == []


def test_not_served(
    make_namespace: MakeNamespace, check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the webhook is not asked it fails, and says what was expected and where to look."""
    namespace = make_namespace(served_by="nobody")
    assert check(namespace) == 1
    assert capsys.readouterr().out == (
        f"expected an annotated pod in namespace {namespace} to come back rewritten.\n"
        "seen: the pod came back as it was: the API server did not reach the webhook\n"
        "look at: kubectl logs of the webhook's pods, and whether they are ready;\n"
        "whether that namespace is excluded: helm value test.namespace names another.\n"
    )
