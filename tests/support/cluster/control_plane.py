"""Owns an API server with its etcd: how both are started, and who may talk to them.

Must not start anything that runs pods. Called by tests/conftest.py for the admission tier and by
`node` for a whole cluster.
"""

import base64
import contextlib
import json
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.cluster import packages
from support.cluster.build import kube_programs
from support.cluster.certificates import Authority, Pair
from support.cluster.kubectl import Tools
from support.cluster.processes import Processes, tied
from support.cluster.settings import LOGS
from support.waiting import wait_until

SERVICE_RANGE = "10.96.0.0/16"
SERVICE_ADDRESS = "10.96.0.1"
READY_S = 60


@dataclass(frozen=True)
class Endpoint:
    """Where the API server and its etcd listen."""

    address: str
    api_port: int = 6443
    etcd_port: int = 2379
    peer_port: int = 2380

    @property
    def url(self) -> str:
        return f"https://{self.address}:{self.api_port}"


@dataclass(frozen=True)
class ControlPlane:
    """A running API server, and the means to talk to it."""

    endpoint: Endpoint
    programs: Path
    folder: Path
    authority: Authority
    service_account_key: Path
    tools: Tools

    @property
    def kubeconfig(self) -> Path:
        """For a cluster administrator."""
        return self.tools.kubeconfig

    def kubeconfig_for(self, file: str, user: str, group: str | None = None) -> Path:
        """Write a kubeconfig for `user`, certificates within."""
        return _kubeconfig(self.folder, self.endpoint, self.authority, file, user, group)


@contextlib.contextmanager
def running(cache: Path) -> Iterator[ControlPlane]:
    """An API server alone, on free ports of this host; gone with its data at the end."""
    packages.ensure(packages.CONTROL_PLANE)
    programs = kube_programs(cache)
    logs = LOGS / "admission"
    folder = cache / f"admission-{_free_ports(1)[0]}"
    shutil.rmtree(logs, ignore_errors=True)
    processes = Processes(logs, tied())
    try:
        endpoint = Endpoint("127.0.0.1", *_free_ports(3))
        yield start(processes, programs, folder, endpoint)
    finally:
        processes.stop()
        shutil.rmtree(folder, ignore_errors=True)


def start(processes: Processes, programs: Path, folder: Path, endpoint: Endpoint) -> ControlPlane:
    """Start both and wait until the API server is ready: about five seconds."""
    authority = Authority(folder / "pki")
    admin = _kubeconfig(folder, endpoint, authority, "admin", "admin", "system:masters")
    signing = authority.issue("service-accounts", "service-accounts")
    tools = Tools(programs / "kubectl", programs / "helm", admin)
    processes.start("etcd", _etcd(folder, endpoint))
    processes.start("kube-apiserver", _api_server(programs, endpoint, authority, signing))
    wait_until(
        f"the API server at {endpoint.url} is ready",
        lambda: tools.kubectl("get", "--raw", "/readyz", timeout_s=10),
        lambda answer: answer == "ok",
        READY_S,
        processes.check,
    )
    return ControlPlane(endpoint, programs, folder, authority, signing.key, tools)


def _etcd(folder: Path, endpoint: Endpoint) -> list[str | Path]:
    clients = f"http://127.0.0.1:{endpoint.etcd_port}"
    peers = f"http://127.0.0.1:{endpoint.peer_port}"
    return [
        packages.path_of("etcd"),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
        "--unsafe-no-fsync",
    ]


def _api_server(
    programs: Path, endpoint: Endpoint, authority: Authority, signing: Pair
) -> list[str | Path]:
    hosts = ["localhost", "kubernetes", "kubernetes.default.svc", "127.0.0.1", SERVICE_ADDRESS]
    serving = authority.issue("apiserver", "kube-apiserver", hosts=[*hosts, endpoint.address])
    kubelets = authority.issue("kubelet-client", "kube-apiserver-kubelet-client", "system:masters")
    flags = {
        "etcd-servers": f"http://127.0.0.1:{endpoint.etcd_port}",
        "secure-port": endpoint.api_port,
        "bind-address": endpoint.address,
        "service-cluster-ip-range": SERVICE_RANGE,
        "tls-cert-file": serving.certificate,
        "tls-private-key-file": serving.key,
        "client-ca-file": authority.pair.certificate,
        "service-account-key-file": signing.key,
        "service-account-signing-key-file": signing.key,
        "service-account-issuer": "https://kubernetes.default.svc",
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "kubelet-client-certificate": kubelets.certificate,
        "kubelet-client-key": kubelets.key,
        # No name of a node can be looked up here.
        "kubelet-preferred-address-types": "InternalIP",
        # Webhooks are called at their pods: the API server sees no Service addresses.
        "enable-aggregator-routing": "true",
        "allow-privileged": "true",
    }
    # A loopback address cannot be advertised to pods; where there are none, nothing is.
    loopback = endpoint.address.startswith("127.")
    flags |= {"endpoint-reconciler-type": "none"} if loopback else {}
    flags["advertise-address"] = SERVICE_ADDRESS if loopback else endpoint.address
    return [programs / "kube-apiserver", *(f"--{name}={value}" for name, value in flags.items())]


def _kubeconfig(
    folder: Path, endpoint: Endpoint, authority: Authority, file: str, user: str, group: str | None
) -> Path:
    pair = authority.issue(file, user, group)
    cluster = {
        "server": endpoint.url,
        "certificate-authority-data": _encoded(authority.pair.certificate),
    }
    identity = {
        "client-certificate-data": _encoded(pair.certificate),
        "client-key-data": _encoded(pair.key),
    }
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "podcov-test", "cluster": cluster}],
        "users": [{"name": user, "user": identity}],
        "contexts": [{"name": "podcov-test", "context": {"cluster": "podcov-test", "user": user}}],
        "current-context": "podcov-test",
    }
    path = folder / f"{file}.kubeconfig"
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=1))
    return path


def _encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
