"""Owns the example shop in the cluster: once per way to say what a container runs.

Must not annotate it. Called by tests/node/conftest.py.
"""

import copy
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from support.cluster.kubectl import Object, Tools
from support.cluster.settings import CHECKOUT

FOLDER = CHECKOUT / "examples" / "shop"
SOURCE = FOLDER / "src"
IMAGE_SOURCE = "/app/src"
"""Where the image has what is in SOURCE."""
REPLICAS = 2
SHELL = "exec gunicorn --no-control-socket --bind=0.0.0.0:8080 --workers=2 shop.wsgi:app"

# How the container's command is spelled → what differs from the shop's own manifest.
VARIANTS: dict[str, dict[str, Any]] = {
    "command": {},
    "image": {"command": None, "args": None},
    "shell": {"command": ["sh", "-c", SHELL], "args": None},
}
NODE_PORTS = dict(zip(VARIANTS, range(30080, 30083), strict=True))


@dataclass(frozen=True)
class Shop:
    """One deployed shop."""

    variant: str
    namespace: str
    url: str
    template: str
    """The stored pod template before anything was measured, as text."""


def objects(variant: str, image: str) -> list[Object]:
    """Namespace, Deployment and Service of a variant."""
    namespace, deployment, service = (
        copy.deepcopy(yaml.safe_load((FOLDER / "k8s" / f"{name}.yaml").read_text()))
        for name in ("namespace", "deployment", "service")
    )
    namespace["metadata"]["name"] = namespace_of(variant)
    for found in (deployment, service):
        found["metadata"]["namespace"] = namespace_of(variant)
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["image"] = image
    for field, value in VARIANTS[variant].items():
        container[field] = value
        if value is None:
            del container[field]
    service["spec"]["ports"][0]["nodePort"] = NODE_PORTS[variant]
    return [namespace, deployment, service]


def namespace_of(variant: str) -> str:
    return f"shop-{variant}"


def stored_template(tools: Tools, namespace: str) -> str:
    """The pod template as the API server has it, as text."""
    return json.dumps(tools.get("deployment", "shop", namespace)["spec"]["template"])


def environment() -> dict[str, str]:
    """What the Deployment sets in the shop's environment."""
    deployment = yaml.safe_load((FOLDER / "k8s" / "deployment.yaml").read_text())
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    return {entry["name"]: entry["value"] for entry in container["env"]}


def wait_for_rollout(tools: Tools, namespace: str) -> list[str]:
    """Wait until all pods are new and ready, and no others are left; their names."""
    tools.kubectl(
        "rollout", "status", "deployment/shop", "-n", namespace, "--timeout=180s", timeout_s=200
    )
    pods = tools.list("pods", namespace, "app=shop")
    for pod in pods:
        if "deletionTimestamp" in pod["metadata"]:
            name = f"pod/{pod['metadata']['name']}"
            tools.kubectl("wait", "--for=delete", name, "-n", namespace, "--timeout=90s")
    return [pod["metadata"]["name"] for pod in pods if "deletionTimestamp" not in pod["metadata"]]


def copy_tests(folder: Path) -> Path:
    """The shop's tests and sources in a folder of their own, where a run may leave files."""
    ignored = shutil.ignore_patterns(".*", "__pycache__", "htmlcov")
    return Path(shutil.copytree(FOLDER, folder / "shop", ignore=ignored))
