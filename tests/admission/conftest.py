"""Owns what every admission test needs: a webhook the API server calls, and fresh namespaces.

The configuration is the chart's own, rendered by helm; only where the webhook is differs.
"""

import base64
import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import helm
from support.certificates import make_server_files, make_test_authority
from support.cluster.control_plane import ControlPlane
from support.cluster.kubectl import Object, Tools
from support.waiting import wait_until
from support.webhook import WebhookProcess, running_webhook
from unit.webhook.objects import deployment

LABEL = "podcov-test/webhook"
"""On a namespace: which of the webhooks of this run is asked about its objects."""
SHARED = "shared"

MakeNamespace = Callable[..., str]


@pytest.fixture(scope="session")
def tools(admission_cluster: ControlPlane) -> Tools:
    return admission_cluster.tools


@pytest.fixture(scope="session")
def webhook(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebhookProcess]:
    """The webhook that every namespace is served by, unless a test says otherwise."""
    with serving(tools, tmp_path_factory.mktemp("webhook"), SHARED) as process:
        yield process


@pytest.fixture(scope="session")
def make_namespace(tools: Tools) -> MakeNamespace:
    """Makes a namespace with a PodSecurity level, served by a webhook, and returns its name."""
    numbers = itertools.count(1)

    def make(level: str = "privileged", served_by: str = SHARED) -> str:
        name = f"test-{next(numbers)}"
        labels = {"pod-security.kubernetes.io/enforce": level, LABEL: served_by}
        metadata = {"name": name, "labels": labels}
        tools.send("create", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        # No controller makes it here, and no pod is admitted without.
        tools.kubectl("create", "serviceaccount", "default", "-n", name)
        return name

    return make


@pytest.fixture
def namespace(webhook: WebhookProcess, make_namespace: MakeNamespace) -> str:
    """A fresh namespace that the webhook serves."""
    return make_namespace()


@contextmanager
def serving(tools: Tools, folder: Path, name: str) -> Iterator[WebhookProcess]:
    """A webhook that the API server asks about the namespaces labelled with `name`."""
    authority = make_test_authority(folder)
    files = make_server_files(folder, authority)
    with running_webhook(files, authority.ca_file, "--agent-image", "podcov/agent:1") as process:
        configuration = chart_configuration(name)
        configuration["webhooks"][0]["clientConfig"] = {
            "url": f"https://127.0.0.1:{process.port}/mutate",
            "caBundle": base64.b64encode(authority.ca_file.read_bytes()).decode(),
        }
        tools.send("create", configuration)
        try:
            _wait_until_asked(tools, name)
            yield process
        finally:
            kind = "mutatingwebhookconfiguration"
            tools.kubectl("delete", kind, configuration["metadata"]["name"])


def chart_configuration(name: str) -> Object:
    """The chart's MutatingWebhookConfiguration, for the namespaces labelled with `name`."""
    values = {"webhook": {"namespaceSelector": {"matchLabels": {LABEL: name}}}}
    objects = helm.render(values, helm.Release(f"podcov-{name}"))
    kind = "MutatingWebhookConfiguration"
    return next(found for found in objects if found["kind"] == kind)


def reviews(webhook: WebhookProcess) -> int:
    """How many reviews a webhook has answered."""
    _, text = webhook.request("GET", "/metrics")
    counts = re.findall(r"^podcov_webhook_reviews_total\{.*\} (\d+)$", text, re.MULTILINE)
    return sum(map(int, counts))


def sidecars(obj: Object) -> list[str]:
    """Names of the init containers that a Deployment or Pod has."""
    spec: dict[str, Any] = obj["spec"]
    spec = spec["template"]["spec"] if "template" in spec else spec
    return [container["name"] for container in spec.get("initContainers", [])]


def _wait_until_asked(tools: Tools, name: str) -> None:
    """The API server learns of a configuration a moment after it was made."""
    place = f"ready-{name}"
    labels = {LABEL: name}
    metadata = {"name": place, "labels": labels}
    tools.send("create", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    probe = deployment()
    probe["metadata"]["namespace"] = place
    wait_until(
        f"the API server asks webhook {name}",
        lambda: tools.send("create", probe, "--dry-run=server", "-o", "json"),
        lambda answer: "podcov-agent" in answer,
    )
