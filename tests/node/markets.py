"""Owns the market in the cluster: once per kind of image, and per kind of pod.

Must not measure or ask it. Called by tests/node/conftest.py and test_everywhere.py.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import coverage
from node.lines import Lines, statements
from support.cluster.builders import Builder
from support.cluster.images import PYTHON
from support.cluster.kubectl import Object

HERE = Path(__file__).parent
SOURCE = HERE / "programs" / "market"
OWN = SOURCE / "sitecustomize.py"
"""Only image `own` has it."""
PORT = 8080
SECOND_PORT = 8081
ENABLED = {"coverage.io/enabled": "true"}
OPENSHIFT_UID = 1000650000
"""As OpenShift gives to a namespace: no image knows it."""

# Name of an image → its Dockerfile, and the Python of its base.
IMAGES = {
    "3.11": ("plain", "3.11"),
    "3.13": ("plain", PYTHON),
    "3.14": ("plain", "3.14"),
    "bare": ("bare", PYTHON),
    "own": ("own", PYTHON),
}
FOLDERS = {"own": "/srv"}
"""Where an image has the entry script, if not in /app."""

PATHS = (
    "/price/mug/3",
    "/price/mug/x",
    "/price/rug/1",
    "/orders/ann/xavier/nobody",
    "/audit",
    "/whoami",
    "/nothing",
)
OTHER_PATHS = ("/price/pen/2", "/price/pen/0")


@dataclass(frozen=True)
class Market:
    """One kind of pod; what it changes in the plain Deployment."""

    name: str
    image: str
    command: Sequence[str] = ()
    """Nothing: only the image knows what runs."""
    container: Mapping[str, Any] = field(default_factory=dict)
    pod: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the program then knows of itself."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Of the namespace."""
    quota: Mapping[str, str] = field(default_factory=dict)
    """Of the namespace."""
    second: Mapping[str, Any] = field(default_factory=dict)
    """What a second container changes, if there is one."""

    @property
    def namespace(self) -> str:
        """Each has its own."""
        return f"market-{self.name}"


RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
LOCKED = {
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
}
AS_OPENSHIFT = {
    "securityContext": {
        "runAsNonRoot": True,
        "runAsUser": OPENSHIFT_UID,
        "runAsGroup": 0,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
}
PYTHON3 = ("python3", "/app/main.py")
MASKED = ("sh", "-c", "umask 077; exec python3 /app/main.py")

LIMITED = {
    "resources": {
        "requests": {"cpu": "10m", "memory": "32Mi", "ephemeral-storage": "8Mi"},
        "limits": {"cpu": "1", "memory": "256Mi", "ephemeral-storage": "64Mi"},
    }
}
QUOTA = {
    f"{section}.{name}": amount
    for section in ("requests", "limits")
    for name, amount in {"cpu": "8", "memory": "4Gi", "ephemeral-storage": "4Gi"}.items()
}
IMAGE_USER = {"uid": 10001, "umask": 0o022}
OPENSHIFT_USER = {"uid": OPENSHIFT_UID, "gid": 0}
NUMBERED = {"securityContext": {"runAsUser": 20001, "runAsGroup": 20001}}
ALSO_NUMBERED = {"securityContext": {"runAsUser": 20002, "runAsGroup": 20002}}

MARKETS = (
    Market("python-3-11", "3.11", PYTHON3, facts=IMAGE_USER),
    Market("python-3-11-image", "3.11"),
    Market("python-3-13", "3.13", PYTHON3),
    Market("python-3-14", "3.14", PYTHON3),
    Market("python-3-14-image", "3.14", facts=IMAGE_USER),
    Market("bare", "bare", PYTHON3),
    Market("bare-image", "bare"),
    Market("own", "own", ("python3", "/srv/main.py")),
    Market("own-image", "own"),
    Market(
        "openshift",
        "3.13",
        MASKED,
        LOCKED,
        AS_OPENSHIFT,
        facts=OPENSHIFT_USER | {"umask": 0o077},
        labels=RESTRICTED,
    ),
    Market(
        "openshift-image",
        "bare",
        container=LOCKED,
        pod=AS_OPENSHIFT,
        facts=OPENSHIFT_USER,
        labels=RESTRICTED,
    ),
    Market(
        "two-uids",
        "3.13",
        MASKED,
        NUMBERED,
        {"securityContext": {"fsGroup": 30000}},
        facts={"uid": 20001, "gid": 20001, "groups": [20001, 30000], "umask": 0o077},
        second=ALSO_NUMBERED,
    ),
    Market("quota", "3.13", container=LIMITED, quota=QUOTA),
)


def build_context(folder: Path) -> Path:
    """A folder with all that the images are made of: the market, and coverage.py for the oracle."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SOURCE, folder / "market", ignore=ignored)
    package = Path(coverage.__file__).parent
    shutil.copytree(package, folder / "oracle" / "coverage", ignore=ignored)
    shutil.copy(HERE / "programs" / "oracle.py", folder / "oracle")
    shutil.copy(HERE / "programs" / "make_bare.py", folder)
    return folder


def dockerfile(image: str) -> Path:
    """What an image is built from."""
    return HERE / "images" / f"{IMAGES[image][0]}.Dockerfile"


def arguments(image: str, builder: Builder) -> dict[str, str]:
    """The build arguments of an image."""
    version = IMAGES[image][1]
    base = builder.python_image if version == PYTHON else builder.plain_image
    return {"PYTHON_IMAGE": base(version)}


def folder_of(image: str) -> str:
    """Where it has the entry script."""
    return FOLDERS.get(image, "/app")


def namespace(name: str, labels: Mapping[str, str]) -> Object:
    """A namespace."""
    metadata = {"name": name, "labels": dict(labels)}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def quota(market: Market) -> Object:
    """The quota of its namespace, by the same name."""
    metadata = {"name": market.namespace, "namespace": market.namespace}
    spec = {"hard": dict(market.quota)}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": spec}


def deployment(market: Market, image: str) -> Object:
    """Its Deployment, which is measured from the start."""
    containers = [{**_container("market", image, PORT, market.command), **market.container}]
    if market.second:
        second = _container("second", image, SECOND_PORT, PYTHON3)
        containers.append({**second, **market.second})
    labels = {"app": "market"}
    spec = {**market.pod, "automountServiceAccountToken": False, "containers": containers}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "market",
            "namespace": market.namespace,
            "annotations": ENABLED,
        },
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def oracle(image: str, ref: str, namespace: str) -> Object:
    """A pod that runs the same program of the same image under `coverage run`."""
    script = f"{folder_of(image)}/main.py"
    words = ["python3", "/oracle/oracle.py", script, str(PORT), *PATHS, *OTHER_PATHS]
    container = {
        "name": "oracle",
        "image": ref,
        "imagePullPolicy": "IfNotPresent",
        "command": words,
    }
    spec = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsUser": 0},
        "containers": [container],
    }
    metadata = {"name": oracle_name(image), "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def oracle_name(image: str) -> str:
    """Of an image's pod."""
    return "oracle-" + image.replace(".", "-")


def local_lines(image: str, found: Mapping[str, Sequence[int]]) -> Lines:
    """Lines in files of an image, as lines in SOURCE; only those that reports count."""
    local: Lines = {}
    for path, numbers in found.items():
        name = path.removeprefix(folder_of(image) + "/").removeprefix("lib/")
        executed = set(numbers) & statements(SOURCE / name)
        local |= {name: executed} if executed else {}
    return local


def _container(name: str, image: str, port: int, command: Sequence[str]) -> Object:
    made: Object = {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": "MARKET_PORT", "value": str(port)}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": port}, "periodSeconds": 1},
    }
    return {**made, "command": list(command)} if command else made
