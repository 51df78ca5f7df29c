"""Owns a whole cluster on this host: control plane, one node, networking, cluster DNS.

Must not build images. Called by `provider` and by the command line.
"""

import contextlib
import fcntl
import os
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.cluster import configuration, control_plane, packages
from support.cluster.build import kube_programs
from support.cluster.commands import run, say
from support.cluster.configuration import Places
from support.cluster.control_plane import ControlPlane, Endpoint
from support.cluster.enclosure import ADDRESS, Enclosure, close_enclosure, open_enclosure
from support.cluster.errors import ClusterError, UnavailableError
from support.cluster.images import busybox_archive
from support.cluster.locks import locked
from support.cluster.processes import Processes, tied
from support.cluster.settings import LOGS
from support.waiting import wait_until

LOCK = Path("/run/lock/podcov-node.lock")
NODE = "node1"
KEPT = "kept"
"""File that says: this cluster belongs to a person, not to a test run."""
READY_S = 60


@dataclass(frozen=True)
class NodeCluster:
    """A running cluster of one node."""

    plane: ControlPlane
    enclosure: Enclosure
    places: Places

    @property
    def kubeconfig(self) -> Path:
        return self.plane.kubeconfig

    def url(self, node_port: int) -> str:
        """Where this host reaches a node port that serves HTTP."""
        return f"http://{ADDRESS}:{node_port}"

    @property
    def image_load(self) -> str:
        """The shell command that gives the node the image in the archive $1."""
        return f'{shlex.join([*self.enclosure.prefix, *_import(self.places)])} "$1"'

    def load_image(self, archive: Path) -> None:
        """Give the node an image, from a docker-archive file."""
        self.enclosure.run(*_import(self.places), archive)


@contextlib.contextmanager
def running(cache: Path) -> Iterator[NodeCluster]:
    """A cluster that ends with this context, and with this process however that ends."""
    require()
    with locked(LOCK, "another test cluster runs on this host") as lock:
        processes = Processes(_fresh_logs(), tied())
        try:
            yield start(cache, processes, lock)
        finally:
            stop(cache, processes)


def up(cache: Path) -> NodeCluster:
    """A cluster that stays until `down`."""
    require()
    with locked(LOCK, "another test cluster runs on this host") as lock:
        processes = Processes(_fresh_logs())
        try:
            cluster = start(cache, processes, lock)
        except BaseException:
            stop(cache, processes)
            raise
        (cluster.places.state / KEPT).touch()
        return cluster


def down(cache: Path) -> bool:
    """End the cluster of `up`, if there is one."""
    state = cache / "node"
    if not (state / KEPT).exists() or not _locked():
        return False
    close_enclosure(state)
    _remove(state)
    return True


def require() -> None:
    """UnavailableError unless this machine can run a node."""
    if os.uname().sysname != "Linux" or os.geteuid() != 0:
        raise UnavailableError("a cluster of our own needs Linux and root")
    packages.ensure(packages.NODE | packages.IMAGES)


def start(cache: Path, processes: Processes, lock: int) -> NodeCluster:
    """Start everything and wait until the node is ready: about ten seconds."""
    programs = kube_programs(cache)
    places = Places(cache / "node", Path("/run/podcov"), processes.logs)
    shutil.rmtree(places.state, ignore_errors=True)
    places.network.mkdir(parents=True)
    enclosure = open_enclosure(processes, places.state, [lock])
    enclosure.run("hostname", NODE)
    enclosure.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
    try:
        plane = control_plane.start(processes, programs, places.state, Endpoint(ADDRESS))
        _start_node(processes, plane, enclosure, places)
    except (ClusterError, AssertionError):
        say(f"the cluster does not start; its logs: {processes.logs}")
        raise
    return NodeCluster(plane, enclosure, places)


def stop(cache: Path, processes: Processes) -> None:
    """Kill the enclosure with all that is in it, and remove what it kept."""
    close_enclosure(cache / "node")
    processes.stop()
    _remove(cache / "node")


def _start_node(
    processes: Processes, plane: ControlPlane, enclosure: Enclosure, places: Places
) -> None:
    _write_configuration(plane, places)
    _bridge(enclosure)
    containerd: list[str | Path] = [
        packages.path_of("containerd"),
        "--config",
        places.state / "containerd.toml",
    ]
    processes.start("containerd", containerd)
    sandbox = busybox_archive(places.state.parent)
    wait_until(
        "containerd takes the sandbox image",
        lambda: enclosure.run(*_import(places), sandbox),
        watch=processes.check,
    )
    for name, command in _commands(plane, places).items():
        processes.start(name, command)
    wait_until(
        "the node is Ready",
        lambda: plane.tools.kubectl("get", "node", NODE, "--no-headers"),
        lambda line: " Ready" in line,
        READY_S,
        processes.check,
    )


def _bridge(enclosure: Enclosure) -> None:
    """The network plugin would make it with the first pod; cluster DNS needs its address before."""
    ip = packages.path_of("ip")
    bridge = configuration.BRIDGE
    enclosure.run(ip, "link", "add", "name", bridge, "type", "bridge")
    enclosure.run(ip, "address", "add", f"{configuration.BRIDGE_ADDRESS}/16", "dev", bridge)
    enclosure.run(ip, "link", "set", bridge, "up")


def _write_configuration(plane: ControlPlane, places: Places) -> None:
    pki = plane.folder / "pki"
    plane.kubeconfig_for("node", f"system:node:{NODE}", "system:nodes")
    plane.authority.issue("node", f"system:node:{NODE}", "system:nodes", [NODE, ADDRESS])
    plane.kubeconfig_for("controllers", "system:kube-controller-manager")
    plane.kubeconfig_for("scheduler", "system:kube-scheduler")
    files = {
        places.network / "10-podcov.conflist": configuration.network(places),
        places.state / "containerd.toml": configuration.containerd(places),
        places.state / "kubelet.json": configuration.kubelet(places, pki, ADDRESS),
        places.state / "proxy.json": configuration.proxy(plane.kubeconfig),
        places.state / "Corefile": configuration.dns(plane.kubeconfig),
    }
    for path, text in files.items():
        path.write_text(text)


def _commands(plane: ControlPlane, places: Places) -> dict[str, list[str | Path]]:
    programs, state = plane.programs, places.state
    ca = plane.authority.pair
    return {
        "kube-controller-manager": [
            programs / "kube-controller-manager",
            f"--kubeconfig={state / 'controllers.kubeconfig'}",
            f"--service-account-private-key-file={plane.service_account_key}",
            f"--root-ca-file={ca.certificate}",
            f"--cluster-signing-cert-file={ca.certificate}",
            f"--cluster-signing-key-file={ca.key}",
            "--use-service-account-credentials=true",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
        ],
        "kube-scheduler": [
            programs / "kube-scheduler",
            f"--kubeconfig={state / 'scheduler.kubeconfig'}",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
        ],
        "kube-proxy": [
            programs / "kube-proxy",
            f"--config={state / 'proxy.json'}",
            f"--hostname-override={NODE}",
        ],
        "coredns": [programs / "coredns", "-conf", state / "Corefile"],
        "kubelet": [
            programs / "kubelet",
            f"--config={state / 'kubelet.json'}",
            f"--kubeconfig={state / 'node.kubeconfig'}",
            f"--root-dir={state / 'kubelet'}",
            f"--hostname-override={NODE}",
            f"--node-ip={ADDRESS}",
        ],
    }


def _import(places: Places) -> list[str]:
    ctr = [str(packages.path_of("ctr")), "--address", str(places.socket), "--namespace", "k8s.io"]
    return [*ctr, "images", "import"]


def _remove(state: Path) -> None:
    """Remove what containerd unpacked, in the background: it takes longer than all the rest."""
    if state.exists():
        gone = state.with_name(f"{state.name}-removed-{os.getpid()}")
        state.rename(gone)
        run(["sh", "-c", 'rm -rf "$1" > /dev/null 2>&1 &', "remove", gone])


def _fresh_logs() -> Path:
    logs = LOGS / "node"
    shutil.rmtree(logs, ignore_errors=True)
    return logs


def _locked() -> bool:
    """True while some cluster holds the lock."""
    with LOCK.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
