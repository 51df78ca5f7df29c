"""Owns what the node tests share: images, the installed chart, and three shops, measured.

All of it is made once per run, and what can be is made at the same time.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from node import lines, shops
from node.lines import Lines
from node.shops import Shop
from support.cluster.images import PYTHON
from support.cluster.kubectl import Tools
from support.cluster.provider import Cluster
from support.cluster.settings import CHECKOUT
from support.waiting import wait_until
from unit.webhook.objects import deployment

T = TypeVar("T")
Recipe = tuple[str, Path, Path, Mapping[str, str]]
"""Of an image: name, Dockerfile, context, build arguments."""

TAG = "test"
NAMESPACE = "podcov"
REVISIONS = "revisions"
SERVER = "big"
AGENT = "localhost/podcov-agent"
WEBHOOK = "localhost/podcov-webhook"
SHOP = "localhost/podcov-example-shop"
REFERENCE = Path(__file__).parent / "programs" / "reference.py"


@dataclass(frozen=True)
class Reference:
    """What coverage.py measured in one local process: lines by context, and how it went."""

    by_context: Mapping[str, Lines]

    @property
    def all(self) -> Lines:
        return lines.union(*self.by_context.values())


@pytest.fixture(scope="session")
def tools(node_cluster: Cluster) -> Iterator[Tools]:
    yield node_cluster.tools
    if node_cluster.lasting:
        _clean_up(node_cluster.tools)


@pytest.fixture(scope="session")
def client_env(tools: Tools) -> dict[str, str]:
    """The environment of a person who works with this cluster."""
    path = f"{tools.kubectl_program.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "KUBECONFIG": str(tools.kubeconfig), "PATH": path}


@pytest.fixture(scope="session")
def images(node_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The agent's, the webhook's and the shop's image, built from their Dockerfiles and loaded."""
    builder = node_cluster.builder
    python = {"PYTHON_IMAGE": builder.python_image(PYTHON)}
    others = {"BUSYBOX_IMAGE": builder.busybox_image(), "BUILD_IMAGE": builder.build_image()}
    recipes: list[Recipe] = [
        (AGENT, CHECKOUT / "Dockerfile.agent", CHECKOUT, python | others),
        (WEBHOOK, CHECKOUT / "Dockerfile.webhook", CHECKOUT, python),
        (SHOP, shops.FOLDER / "Dockerfile", shops.FOLDER, python),
    ]
    deliver_images(node_cluster, recipes, tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="session")
def podcov(tools: Tools, images: None) -> None:
    """The chart, installed with its default values but for where the images are."""
    images_here = [f"image.repository={WEBHOOK}", f"image.tag={TAG}"]
    images_here += [f"agent.image.repository={AGENT}", f"agent.image.tag={TAG}"]
    chart = str(CHECKOUT / "charts" / "podcov")
    target = ["-n", NAMESPACE, "--create-namespace", "--wait", "--timeout=180s"]
    tools.helm("install", "podcov", chart, *target, "--set", ",".join(images_here), timeout_s=200)
    probe = deployment()
    probe["metadata"]["namespace"] = "default"
    wait_until(
        "the installed webhook is asked",
        lambda: tools.send("create", probe, "--dry-run=server", "-o", "json"),
        lambda answer: "podcov-agent" in answer,
        timeout_s=60,
    )


@pytest.fixture(scope="session")
def deployed(node_cluster: Cluster, tools: Tools, podcov: None) -> dict[str, Shop]:
    """A running, unmeasured shop for each way to spell its command."""
    for variant in shops.VARIANTS:
        for each in shops.objects(variant, f"{SHOP}:{TAG}"):
            tools.send("apply", each)
    in_parallel(lambda variant: wait(tools, variant), shops.VARIANTS)
    return {variant: _shop(node_cluster, variant) for variant in shops.VARIANTS}


@pytest.fixture(scope="session")
def measured(tools: Tools, deployed: dict[str, Shop]) -> dict[str, Shop]:
    """The same shops after `kubectl annotate` and the rollout that it causes."""
    for shop in deployed.values():
        arguments = ["-n", shop.namespace, "coverage.io/enabled=true"]
        tools.kubectl("annotate", "deployment", "shop", *arguments)
    in_parallel(lambda variant: wait(tools, variant), shops.VARIANTS)
    return deployed


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """The shop's tests against one local process under coverage.py."""
    folder = tmp_path_factory.mktemp("reference")
    data_file = folder / "coverage"
    with _reference_server(data_file) as url:
        run_shop_tests(shops.copy_tests(folder), url, dict(os.environ))
    data = lines.CoverageData(str(data_file))
    data.read()
    contexts = sorted(data.measured_contexts())
    assert {"startup", "GET /healthz", "GET /products/mug", "POST /orders"} <= set(contexts)
    return Reference(
        {
            name: lines.in_data(data, str(shops.SOURCE), shops.SOURCE, [f"^{name}$"])
            for name in contexts
        }
    )


def deliver_images(cluster: Cluster, recipes: Iterable[Recipe], folder: Path) -> None:
    """Build images and give them to every node; archives lie in `folder` for a moment."""

    def deliver(recipe: Recipe) -> None:
        name, dockerfile, context, arguments = recipe
        archive = folder / f"{Path(name).name}.tar"
        cluster.builder.build(dockerfile, context, f"{name}:{TAG}", arguments)
        cluster.builder.save(f"{name}:{TAG}", archive)
        cluster.provider.load_image(archive)
        archive.unlink()

    in_parallel(deliver, recipes)


def run_shop_tests(folder: Path, url: str, env: Mapping[str, str], *options: str) -> str:
    """Run the shop's own tests from `folder` against a URL; what pytest printed."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(
        [*command, f"--shop-url={url}", *options],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def wait(tools: Tools, variant: str) -> list[str]:
    """Wait for the rollout of a variant; the names of its pods."""
    return shops.wait_for_rollout(tools, shops.namespace_of(variant))


def in_parallel(action: Callable[[T], object], items: Iterable[T]) -> None:
    """Do something for all items at the same time; the first failure is raised."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(action, items))


def _clean_up(tools: Tools) -> None:
    """Take away what the tests made in somebody's cluster."""
    tools.helm("uninstall", "podcov", "-n", NAMESPACE, "--ignore-not-found")
    namespaces = [NAMESPACE, REVISIONS, *map(shops.namespace_of, shops.VARIANTS)]
    tools.kubectl("delete", "namespace", "--ignore-not-found", *namespaces)
    tools.kubectl("delete", "pod", SERVER, "-n", "default", "--ignore-not-found", "--now")


def _shop(cluster: Cluster, variant: str) -> Shop:
    namespace = shops.namespace_of(variant)
    url = cluster.provider.url(shops.NODE_PORTS[variant])
    return Shop(variant, namespace, url, shops.stored_template(cluster.tools, namespace))


@contextmanager
def _reference_server(data_file: Path) -> Iterator[str]:
    server = subprocess.Popen(
        [sys.executable, str(REFERENCE), str(shops.SOURCE), str(data_file)],
        env={**os.environ, **shops.environment()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    with server:
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.stdin.close()
        assert server.wait(30) == 0
