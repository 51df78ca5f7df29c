"""Owns the clusters of a test run: each made once, when the first test asks for it.

Must not hold anything but that. A cluster that this machine cannot run skips its tests with the
reason, or fails them where PODCOV_REQUIRE_CLUSTER is set.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TypeVar

import pytest
from support.cluster import control_plane, provider
from support.cluster.control_plane import ControlPlane
from support.cluster.errors import UnavailableError
from support.cluster.kubectl import Tools
from support.cluster.provider import Cluster
from support.cluster.settings import LOGS, from_environment

T = TypeVar("T")

USED = pytest.StashKey[list[Path]]()
"""Folders with logs of the clusters that this run started."""


@pytest.fixture(scope="session")
def admission_cluster(request: pytest.FixtureRequest) -> Iterator[ControlPlane]:
    """A real API server on 127.0.0.1: admits and stores, runs no pods."""
    cache = from_environment(os.environ).cache
    with ExitStack() as stack:
        plane = _enter(request, stack, control_plane.running(cache), LOGS / "admission")
        yield plane
        _keep_objects(request, plane.tools, LOGS / "admission")


@pytest.fixture(scope="session")
def node_cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A real cluster that runs pods."""
    settings = from_environment(os.environ)
    with ExitStack() as stack:
        cluster = _enter(request, stack, provider.running(settings), LOGS / "node")
        yield cluster
        _keep_objects(request, cluster.tools, LOGS / "node")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    """Say where the logs are when something failed."""
    for logs in terminalreporter.config.stash.get(USED, []):
        if exitstatus != pytest.ExitCode.OK:
            terminalreporter.write_line(f"logs of the cluster and its pods: {logs}")


def _enter(
    request: pytest.FixtureRequest, stack: ExitStack, context: AbstractContextManager[T], logs: Path
) -> T:
    request.config.stash.setdefault(USED, []).append(logs)
    try:
        return stack.enter_context(context)
    except UnavailableError as error:
        if from_environment(os.environ).required:
            pytest.fail(f"PODCOV_REQUIRE_CLUSTER is set, but: {error}", pytrace=False)
        pytest.skip(str(error))


def _keep_objects(request: pytest.FixtureRequest, tools: Tools, logs: Path) -> None:
    """After a failure, write down what is in the cluster before it goes."""
    if not request.session.testsfailed:
        return
    logs.mkdir(parents=True, exist_ok=True)
    for what in ("pods", "events", "deployments"):
        command = [str(tools.kubectl_program), "--kubeconfig", str(tools.kubeconfig)]
        with (logs / f"{what}.yaml").open("w") as output:
            arguments = ["get", what, "--all-namespaces", "-o", "yaml"]
            subprocess.run([*command, *arguments], stdout=output, check=False, timeout=60)
