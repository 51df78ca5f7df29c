"""The demo in a real cluster: builds and loads the images, installs the chart, annotates the shop.

`CLUSTER` names it: `kind` (made when it is not there), a context, or the path of a kubeconfig.
What is installed stays; the last lines say how to remove it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import images
import requests
import yaml
from local import Demo
from processes import Processes, free_port
from say import DemoError, heading, note, step

KIND_NAME = "podcov"
KIND_HOST_PORT = 8080
"""Where kind-config.yaml maps node port 30080 to on this machine."""
WEBHOOK_WITHIN_S = 60
HELM_RELEASE = "podcov"
HELM_NAMESPACE = "podcov"


@dataclass(frozen=True)
class Cluster:
    """A reachable cluster. `load` is the shell command that takes an image archive as $1."""

    name: str
    kubeconfig: Path
    load: str

    def run(self, *command: str, given: str = "") -> str:
        """Run kubectl or helm against this cluster; DemoError with its last words if it fails."""
        return call(command, {"KUBECONFIG": str(self.kubeconfig)}, given)


def call(command: Sequence[str], env: Mapping[str, str] | None = None, given: str = "") -> str:
    """Return the output of a command; `given` is its input. DemoError if it is missing or fails."""
    if shutil.which(command[0]) is None:
        raise DemoError(
            f"{command[0]} is not installed", "Install it, or run `make demo` without CLUSTER."
        )
    everything = {**os.environ, **(env or {})}
    done = subprocess.run(command, env=everything, input=given, capture_output=True, text=True)
    if done.returncode != 0:
        words = "\n  ".join(done.stderr.strip().splitlines()[-6:])
        raise DemoError(f"{' '.join(command[:4])} failed with status {done.returncode}", words)
    return done.stdout


def run(demo: Demo, name: str, node_port: int) -> int:
    """Play the demo in the cluster `name` and return the exit status of the shop's tests."""
    heading(f"Cluster {name}")
    cluster = _connect(demo, name)
    refs = _deliver(demo, cluster)
    with step("installing podcov with helm"):
        _install(cluster, demo.root, refs)
    heading("The shop: two replicas with two workers each")
    _deploy(cluster, demo.shop, refs["example-shop"], node_port)
    heading("The shop's own tests, through the pytest plugin")
    with (
        Processes(demo.build / "logs") as processes,
        _shop_url(cluster, processes, node_port) as url,
    ):
        return demo.run_tests(f"--shop-url={url}", env={"KUBECONFIG": str(cluster.kubeconfig)})


def _deliver(demo: Demo, cluster: Cluster) -> dict[str, str]:
    """Return the images' references, by name, after building and loading them where need be."""
    if not cluster.load:
        return images.references(os.environ.get("PODCOV_IMAGES", ""))
    refs = images.references(f"localhost/podcov-{{}}:{images.tag_of(demo.root)}")
    for recipe in images.RECIPES:
        with step(f"building and loading {refs[recipe.name]}"):
            images.build_and_load(recipe, refs[recipe.name], demo.root, demo.build, cluster.load)
    return refs


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
        _check_context(name)
        view = ["kubectl", "config", "view", "--flatten", "--minify", f"--context={name}"]
        kubeconfig.write_text(call(view))
    kubeconfig.chmod(0o600)
    if not load:
        _check_images()
    cluster = Cluster(name, kubeconfig, load)
    with step("asking the cluster for its version"):
        cluster.run("kubectl", "version")
    return cluster


def _check_context(name: str) -> None:
    known = call(["kubectl", "config", "get-contexts", "--output=name"]).split()
    if name not in known:
        raise DemoError(
            f"CLUSTER is {name!r}: neither kind, nor a file, nor a context",
            f"Contexts of your kubeconfig: {', '.join(known) or 'none'}.",
        )


def _check_images() -> None:
    if "PODCOV_IMAGES" not in os.environ:
        raise DemoError(
            "nobody knows how images get into this cluster",
            "Set PODCOV_IMAGE_LOAD to a shell command that loads the archive $1, such as\n"
            "  'minikube image load \"$1\"' or 'k3d image import \"$1\"', or PODCOV_IMAGES to\n"
            "  where the cluster can pull them: registry.example.org/podcov-{}:1.0",
        )
    images.references(os.environ["PODCOV_IMAGES"])


def _make_kind(root: Path) -> None:
    if KIND_NAME in call(["kind", "get", "clusters"]).split():
        return
    with step(f"making a kind cluster named {KIND_NAME} (a minute or two, once)"):
        config = str(root / "kind-config.yaml")
        call(["kind", "create", "cluster", "--name", KIND_NAME, "--config", config])


def _install(cluster: Cluster, root: Path, refs: Mapping[str, str]) -> None:
    chart = str(root / "charts" / "podcov")
    command = ["helm", "upgrade", "--install", HELM_RELEASE, chart, "--wait", "--timeout=3m"]
    command += [f"--namespace={HELM_NAMESPACE}", "--create-namespace"]
    for value, name in (("image", "webhook"), ("agent.image", "agent")):
        repository, _, tag = refs[name].rpartition(":")
        command += ["--set", f"{value}.repository={repository},{value}.tag={tag}"]
    cluster.run(*command)


def _deploy(cluster: Cluster, shop: Path, image: str, node_port: int) -> None:
    with step("kubectl apply, as anybody would deploy it"):
        cluster.run("kubectl", "apply", "-f", "-", given=_manifests(shop, image, node_port))
    annotate = ["kubectl", "annotate", "--overwrite", "--namespace=shop", "deployment/shop"]
    annotate.append("coverage.io/enabled=true")
    with step("kubectl annotate deployment shop coverage.io/enabled=true"):
        _await_webhook(cluster, annotate)
        cluster.run(*annotate)
    with step("waiting for the rollout"):
        rollout = ["rollout", "status", "--namespace=shop", "deployment/shop", "--timeout=3m"]
        cluster.run("kubectl", *rollout)


def _manifests(shop: Path, image: str, node_port: int) -> str:
    """Return the shop's manifests with this image and node port."""
    paths = [shop / "k8s" / f"{name}.yaml" for name in ("namespace", "deployment", "service")]
    namespace, deployment, service = (yaml.safe_load(path.read_text()) for path in paths)
    deployment["spec"]["template"]["spec"]["containers"][0]["image"] = image
    service["spec"]["ports"][0]["nodePort"] = node_port
    return str(yaml.safe_dump_all([namespace, deployment, service]))


def _await_webhook(cluster: Cluster, annotate: Sequence[str]) -> None:
    """Wait until the API server asks the webhook that was just installed: some seconds."""
    deadline = time.monotonic() + WEBHOOK_WITHIN_S
    while "podcov-agent" not in cluster.run(*annotate, "--dry-run=server", "--output=yaml"):
        if time.monotonic() > deadline:
            raise DemoError(
                f"the API server did not ask the webhook within {WEBHOOK_WITHIN_S} s",
                f"Look at it: helm test {HELM_RELEASE} --namespace {HELM_NAMESPACE}",
            )
        time.sleep(0.5)


@contextmanager
def _shop_url(cluster: Cluster, processes: Processes, node_port: int) -> Iterator[str]:
    """Yield where the shop answers: its node port, else a forwarded port (of one pod only)."""
    for url in _candidates(cluster, node_port):
        if _answers(url):
            yield url
            return
    note(f"node port {node_port} is not reachable from here: forwarding a port of one pod instead")
    port = free_port()
    forward = ["kubectl", "--namespace=shop", "port-forward", "service/shop", f"{port}:80"]
    processes.start("forward", forward, {**os.environ, "KUBECONFIG": str(cluster.kubeconfig)})
    url = f"http://127.0.0.1:{port}"
    processes.wait_until("forward", lambda: _answers(url))
    yield url


def _candidates(cluster: Cluster, node_port: int) -> list[str]:
    if cluster.name == "kind":
        return [f"http://127.0.0.1:{KIND_HOST_PORT}"]
    addresses = "{.items[*].status.addresses[?(@.type=='InternalIP')].address}"
    nodes = cluster.run("kubectl", "get", "nodes", "-o", f"jsonpath={addresses}").split()
    return [f"http://{host}:{node_port}" for host in ["127.0.0.1", *nodes]]


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=3).ok
    except requests.RequestException:
        return False
