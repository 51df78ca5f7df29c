"""The demo in a real cluster: builds and loads the images, installs the chart, annotates the shop.

`CLUSTER` names it: `kind` (made when it is not there), a context, or the path of a kubeconfig.
What is installed stays; the last lines say how to remove it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import images
import requests
from local import Demo
from processes import Processes, free_port
from say import DemoError, heading, note, step

KIND_NAME = "podcov"
NODE_PORT = 30080
HELM_RELEASE = "podcov"
HELM_NAMESPACE = "podcov"


@dataclass(frozen=True)
class Cluster:
    """A reachable cluster. `load` is the shell command that takes an image archive as $1."""

    name: str
    kubeconfig: Path
    load: str

    def run(self, *command: str) -> str:
        """Run kubectl or helm against this cluster; DemoError with its last words if it fails."""
        return call(command, {"KUBECONFIG": str(self.kubeconfig)})


def call(command: Sequence[str], env: dict[str, str] | None = None) -> str:
    """Return the output of a command; DemoError where it is missing or fails."""
    if shutil.which(command[0]) is None:
        raise DemoError(
            f"{command[0]} is not installed", "Install it, or run `make demo` without CLUSTER."
        )
    done = subprocess.run(
        command, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        words = "\n  ".join(done.stderr.strip().splitlines()[-6:])
        raise DemoError(f"{' '.join(command[:4])} failed with status {done.returncode}", words)
    return done.stdout


def run(demo: Demo, name: str) -> int:
    """Play the demo in the cluster `name` and return the exit status of the shop's tests."""
    heading(f"Cluster {name}")
    cluster = _connect(demo, name)
    tag = _tag(demo.root)
    for recipe in images.RECIPES:
        with step(f"building and loading {recipe.name}:{tag}"):
            images.build_and_load(recipe, tag, demo.root, demo.build, cluster.load)
    with step("installing podcov with helm"):
        _install(cluster, demo.root, tag)
    heading("The shop: two replicas with two workers each")
    _deploy(cluster, demo.shop, tag)
    heading("The shop's own tests, through the pytest plugin")
    with Processes(demo.build / "logs") as processes, _shop_url(cluster, processes) as url:
        return demo.run_tests(f"--shop-url={url}", env={"KUBECONFIG": str(cluster.kubeconfig)})


def _connect(demo: Demo, name: str) -> Cluster:
    demo.build.mkdir(parents=True, exist_ok=True)
    kubeconfig = demo.build / "kubeconfig"
    load = os.environ.get("PODCOV_IMAGE_LOAD", "")
    if name == "kind":
        _make_kind(demo.root)
        kubeconfig.write_text(call(["kind", "get", "kubeconfig", "--name", KIND_NAME]))
        load = f'kind load image-archive "$1" --name {KIND_NAME}'
    elif Path(name).expanduser().is_file():
        kubeconfig.write_bytes(Path(name).expanduser().read_bytes())
    else:
        view = ["kubectl", "config", "view", "--flatten", "--minify", f"--context={name}"]
        kubeconfig.write_text(call(view))
    kubeconfig.chmod(0o600)
    if not load:
        raise DemoError(
            "PODCOV_IMAGE_LOAD is not set: nobody knows how images get into this cluster",
            "Set it to a shell command that loads the archive $1, for example\n"
            "  PODCOV_IMAGE_LOAD='minikube image load \"$1\"' or 'k3d image import \"$1\"'.",
        )
    cluster = Cluster(name, kubeconfig, load)
    with step("asking the cluster for its version"):
        cluster.run("kubectl", "version")
    return cluster


def _make_kind(root: Path) -> None:
    if KIND_NAME in call(["kind", "get", "clusters"]).split():
        return
    with step(f"making a kind cluster named {KIND_NAME} (a minute or two, once)"):
        config = str(root / "kind-config.yaml")
        call(["kind", "create", "cluster", "--name", KIND_NAME, "--config", config])


def _tag(root: Path) -> str:
    """Return a tag that changes with the sources, so that an upgrade restarts what changed."""
    digest = hashlib.sha256()
    for recipe in images.RECIPES:
        for path in recipe.sources(root):
            digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return f"demo-{digest.hexdigest()[:10]}"


def _install(cluster: Cluster, root: Path, tag: str) -> None:
    chart = str(root / "charts" / "podcov")
    command = ["helm", "upgrade", "--install", HELM_RELEASE, chart, "--wait", "--timeout=3m"]
    command += [f"--namespace={HELM_NAMESPACE}", "--create-namespace"]
    command += ["--set", f"image.repository={images.WEBHOOK.name},image.tag={tag}"]
    command += ["--set", f"agent.image.repository={images.AGENT.name},agent.image.tag={tag}"]
    cluster.run(*command)


def _deploy(cluster: Cluster, shop: Path, tag: str) -> None:
    target = ["--namespace=shop", "deployment/shop"]
    with step("kubectl apply, as anybody would deploy it"):
        for manifest in ("namespace", "deployment", "service"):
            cluster.run("kubectl", "apply", "-f", str(shop / "k8s" / f"{manifest}.yaml"))
        cluster.run("kubectl", "set", "image", *target, f"shop={images.SHOP.name}:{tag}")
    with step("kubectl annotate deployment shop coverage.io/enabled=true"):
        cluster.run("kubectl", "annotate", *target, "coverage.io/enabled=true", "--overwrite")
    with step("waiting for the rollout"):
        cluster.run("kubectl", "rollout", "status", *target, "--timeout=3m")


@contextmanager
def _shop_url(cluster: Cluster, processes: Processes) -> Iterator[str]:
    """Yield where the shop answers: its node port, else a forwarded port (of one pod only)."""
    addresses = "{.items[*].status.addresses[?(@.type=='InternalIP')].address}"
    nodes = cluster.run("kubectl", "get", "nodes", "-o", f"jsonpath={addresses}").split()
    for host in ["127.0.0.1", *nodes]:
        url = f"http://{host}:{NODE_PORT}"
        if _answers(url):
            yield url
            return
    note(f"node port {NODE_PORT} is not reachable from here: forwarding a port of one pod instead")
    port = free_port()
    forward = ["kubectl", "--namespace=shop", "port-forward", "service/shop", f"{port}:80"]
    processes.start("forward", forward, {**os.environ, "KUBECONFIG": str(cluster.kubeconfig)})
    url = f"http://127.0.0.1:{port}"
    processes.wait_until("forward", lambda: _answers(url))
    yield url


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=3).ok
    except requests.RequestException:
        return False
