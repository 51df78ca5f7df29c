"""The demo in a real cluster, as `make demo CLUSTER=<kubeconfig>` runs it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from node.conftest import TAG
from support.cluster.kubectl import Tools
from support.cluster.settings import CHECKOUT

pytestmark = pytest.mark.node

NODE_PORT = 30090


@pytest.fixture
def demo_env(tools: Tools, podcov: None, client_env: dict[str, str]) -> Iterator[dict[str, str]]:
    """The demo's environment: this cluster, with the images of the other tests."""
    images = f"localhost/podcov-{{}}:{TAG}"
    yield {**client_env, "CLUSTER": str(tools.kubeconfig), "PODCOV_IMAGES": images}
    tools.kubectl("delete", "namespace", "shop", "--wait=false")


def test_the_demo_measures_two_pods(demo_env: dict[str, str], tmp_path: Path) -> None:
    """It installs, deploys, annotates, tests and reports, twice in a row, and ends well."""
    command = [sys.executable, str(CHECKOUT / "examples" / "demo"), f"--build={tmp_path}"]
    for _ in range(2):
        done = subprocess.run(
            [*command, f"--node-port={NODE_PORT}"],
            env={**demo_env, "COLUMNS": "80"},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "podcov: 2 of 2 pods answered" in done.stdout
        assert "src/shop/wsgi.py           4      0   100%" in done.stdout
        assert os.path.isfile(tmp_path / "html" / "index.html")
        assert "Next: KUBECONFIG=" in done.stdout
