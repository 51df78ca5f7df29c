"""Owns the choice of the cluster that pods run in: an existing one, kind, or our own.

Must not know what is tested. Called by tests/conftest.py.
"""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from support.cluster import builders, node
from support.cluster.build import kube_programs
from support.cluster.builders import Builder
from support.cluster.commands import run, say
from support.cluster.errors import UnavailableError
from support.cluster.kubectl import Tools
from support.cluster.settings import CHECKOUT, Settings

KIND_NAME = "podcov-test"
KIND_PORTS = {30080: 8080}
"""Node ports that kind-config.yaml maps to this host."""


class Provider(Protocol):
    """What tests need of a cluster."""

    @property
    def kubeconfig(self) -> Path:
        """For a cluster administrator."""

    def url(self, node_port: int) -> str:
        """Where this host reaches a node port that serves HTTP."""

    def load_image(self, archive: Path) -> None:
        """Give every node the image in a docker-archive file."""


@dataclass(frozen=True)
class Cluster:
    """A running cluster with the tools to use it."""

    provider: Provider
    tools: Tools
    builder: Builder
    lasting: bool = False
    """It outlives the tests, which therefore take away what they made."""


@dataclass(frozen=True)
class ExistingCluster:
    """Somebody's cluster; nothing is removed from it but what the tests made."""

    kubeconfig: Path
    address: str
    image_load: str

    def url(self, node_port: int) -> str:
        return f"http://{self.address}:{node_port}"

    def load_image(self, archive: Path) -> None:
        run(["sh", "-c", self.image_load, "load", archive])


@dataclass(frozen=True)
class KindCluster:
    """A cluster in Docker, made from kind-config.yaml, which maps its node ports to this host."""

    kubeconfig: Path

    def url(self, node_port: int) -> str:
        return f"http://127.0.0.1:{KIND_PORTS[node_port]}"

    def load_image(self, archive: Path) -> None:
        run(["kind", "load", "image-archive", archive, "--name", KIND_NAME])


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[Cluster]:
    """The cluster for this test run; UnavailableError says why there is none."""
    with _provide(settings) as provider:
        tools, builder = _tools(provider, settings), builders.choose(settings.cache)
        yield Cluster(provider, tools, builder, isinstance(provider, ExistingCluster))


def _tools(provider: Provider, settings: Settings) -> Tools:
    if isinstance(provider, node.NodeCluster):
        return provider.plane.tools
    return Tools(
        _tool("kubectl", settings.cache), _tool("helm", settings.cache), provider.kubeconfig
    )


def _provide(settings: Settings) -> contextlib.AbstractContextManager[Provider]:
    if settings.kubeconfig is not None:
        return contextlib.nullcontext(_existing(settings.kubeconfig, settings))
    if shutil.which("kind") and builders.docker_runs():
        return _kind(settings.cache)
    return node.running(settings.cache)


def _existing(kubeconfig: Path, settings: Settings) -> ExistingCluster:
    if settings.image_load is None:
        raise UnavailableError(
            "PODCOV_KUBECONFIG is set and PODCOV_IMAGE_LOAD is not: give a shell command that"
            ' loads an image archive, such as: kind load image-archive "$1"'
        )
    kubectl = [str(_tool("kubectl", settings.cache)), "--kubeconfig", str(kubeconfig)]
    nodes = json.loads(run([*kubectl, "get", "nodes", "-o", "json"], timeout_s=60))["items"]
    addresses = {each["type"]: each["address"] for each in nodes[0]["status"]["addresses"]}
    address = addresses.get("ExternalIP") or addresses["InternalIP"]
    return ExistingCluster(kubeconfig, address, settings.image_load)


@contextlib.contextmanager
def _kind(cache: Path) -> Iterator[KindCluster]:
    cache.mkdir(parents=True, exist_ok=True)
    kubeconfig = cache / "kind.kubeconfig"
    named = ["--name", KIND_NAME, "--kubeconfig", str(kubeconfig)]
    say("creating a kind cluster ...")
    subprocess.run(["kind", "delete", "cluster", *named], capture_output=True, check=False)
    config = ["--config", str(CHECKOUT / "kind-config.yaml"), "--wait", "180s"]
    run(["kind", "create", "cluster", *named, *config])
    try:
        yield KindCluster(kubeconfig)
    finally:
        run(["kind", "delete", "cluster", *named])


def _tool(name: str, cache: Path) -> Path:
    found = shutil.which(name)
    return Path(found) if found else kube_programs(cache) / name
