"""What the other node tests rely on, and how podcov's client reaches pods."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from node.conftest import SERVER, SHOP, TAG
from support.cluster.kubectl import Object, Tools
from support.waiting import wait_until

pytestmark = pytest.mark.node

FETCH = Path(__file__).parent / "programs" / "fetch.py"
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


@pytest.mark.parametrize("way", ["native", "kubectl"])
def test_a_large_answer_arrives_whole(tools: Tools, server: str, way: str) -> None:
    """8 MB come through either way of forwarding unchanged, three times in a row."""
    programs = [sys.executable, str(FETCH), str(tools.kubeconfig), str(tools.kubectl_program)]
    done = subprocess.run(
        [*programs, way, server, str(PORT), "/big", "3"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    expected = hashlib.sha256(PATTERN * REPEATED).hexdigest()
    assert done.stdout.splitlines() == [f"{len(PATTERN) * REPEATED} {expected}"] * 3


def _ask() -> str:
    return f"import urllib.request; urllib.request.urlopen('http://127.0.0.1:{PORT}/big').read(1)"
