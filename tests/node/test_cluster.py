"""What the other node tests rely on, and how podcov's client reaches pods."""

import hashlib
from collections.abc import Callable

import pytest
from node.conftest import SERVER, SHOP, TAG
from podcov.forward import Forwarder, Kubectl, Native
from podcov.kube import open_kube
from podcov.models import Target
from support.cluster.kubectl import Object, Tools
from support.waiting import wait_until

pytestmark = pytest.mark.node

PATTERN = bytes(range(256))
REPEATED = 32 * 1024
PORT = 8080
SERVE = f"""
import http.server, os
os.chdir("/tmp")
open("big", "wb").write(bytes(range(256)) * {REPEATED})
http.server.test(http.server.SimpleHTTPRequestHandler, port={PORT}, bind="127.0.0.1")
"""


@pytest.fixture(scope="module")
def server(tools: Tools, images: None) -> str:
    """A pod that serves 8 MB at /big, on its own loopback address only."""
    wait_until(
        "the default service account is there",
        lambda: tools.get("serviceaccount", "default", "default"),
    )
    container: Object = {
        "name": "server",
        "image": f"{SHOP}:{TAG}",
        "command": ["python3", "-c", SERVE],
        "readinessProbe": {"exec": {"command": ["python3", "-c", f"{_ask()}"]}},
    }
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": SERVER}}
    tools.send("create", body | {"spec": {"containers": [container]}}, "-n", "default")
    tools.kubectl(
        "wait", f"pod/{SERVER}", "-n", "default", "--for=condition=Ready", "--timeout=60s"
    )
    return SERVER


def test_cluster_names_can_be_looked_up(tools: Tools, server: str) -> None:
    """Cluster DNS answers inside pods."""
    look_up = "import socket; print(socket.gethostbyname('kubernetes.default.svc.cluster.local'))"
    said = tools.kubectl("exec", server, "-n", "default", "--", "python3", "-c", look_up)
    service = tools.get("service", "kubernetes", "default")
    assert said.strip() == service["spec"]["clusterIP"]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda tools: Native(open_kube(str(tools.kubeconfig), None, 30)), id="native"),
        pytest.param(
            lambda tools: Kubectl(str(tools.kubeconfig), program=str(tools.kubectl_program)),
            id="kubectl",
        ),
    ],
)
def test_a_large_answer_arrives_whole(
    tools: Tools, server: str, make: Callable[[Tools], Forwarder]
) -> None:
    """8 MB come through either way of forwarding unchanged, three times in a row."""
    target = Target(key=server, name=server, namespace="default", port=PORT)
    for _ in range(3):
        with make(tools).connect(target, 30) as connection:
            connection.request("GET", "/big")
            body = connection.getresponse().read()
        assert len(body) == len(PATTERN) * REPEATED
        assert hashlib.sha256(body).digest() == hashlib.sha256(PATTERN * REPEATED).digest()


def _ask() -> str:
    return f"import urllib.request; urllib.request.urlopen('http://127.0.0.1:{PORT}/big').read(1)"
