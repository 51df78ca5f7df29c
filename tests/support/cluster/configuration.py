"""Owns the configuration files of a node's programs: pure, paths in and text out.

Must not write or start anything. Called by `node`. JSON stands for YAML wherever that is read.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from support.cluster.images import BUSYBOX

POD_RANGE = "10.88.0.0/16"
BRIDGE = "cni0"
BRIDGE_ADDRESS = "10.88.0.1"
DOMAIN = "cluster.local"


@dataclass(frozen=True)
class Places:
    """Where a node keeps things."""

    state: Path
    """On a real file system; removed with the cluster."""
    run: Path
    """Sockets and mounts; private to the node."""
    logs: Path

    @property
    def socket(self) -> Path:
        return self.run / "containerd.sock"

    @property
    def network(self) -> Path:
        return self.state / "cni"


def containerd(places: Places) -> str:
    """TOML. `restrict_oom_score_adj`: needed where CAP_SYS_RESOURCE is missing."""
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""version = 2
root = "{places.state}/containerd"
state = "{places.run}/containerd"
[grpc]
  address = "{places.socket}"
[{cri}]
  sandbox_image = "{BUSYBOX}"
  restrict_oom_score_adj = true
[{cri}.cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "{places.network}"
[{cri}.containerd]
  snapshotter = "overlayfs"
[{cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[{cri}.containerd.runtimes.runc.options]
  SystemdCgroup = false
"""


def network(places: Places) -> str:
    """The pods' network: a bridge, addresses kept in a file, ports of the host."""
    addresses = {
        "type": "host-local",
        "dataDir": str(places.state / "addresses"),
        "ranges": [[{"subnet": POD_RANGE}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {"type": "bridge", "bridge": BRIDGE, "isGateway": True, "ipMasq": True}
    plugins = [
        bridge | {"hairpinMode": True, "ipam": addresses},
        {"type": "portmap", "capabilities": {"portMappings": True}},
        {"type": "loopback"},
    ]
    return json.dumps({"cniVersion": "1.0.0", "name": "podcov", "plugins": plugins}, indent=1)


def kubelet(places: Places, pki: Path, address: str) -> str:
    """Works with cgroup v1 and v2, with swap on, and on a disk that is nearly full."""
    client_ca = {"clientCAFile": str(pki / "ca.crt")}
    return json.dumps(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": address,
            "authentication": {"x509": client_ca, "anonymous": {"enabled": False}},
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": str(pki / "node.crt"),
            "tlsPrivateKeyFile": str(pki / "node.key"),
            "containerRuntimeEndpoint": f"unix://{places.socket}",
            "cgroupDriver": "cgroupfs",
            "failCgroupV1": False,
            "failSwapOn": False,
            "enforceNodeAllocatable": [],
            "evictionHard": {
                "memory.available": "100Mi",
                "nodefs.available": "1%",
                "imagefs.available": "1%",
            },
            "imageGCHighThresholdPercent": 100,
            "resolvConf": "",
            "clusterDNS": [BRIDGE_ADDRESS],
            "clusterDomain": DOMAIN,
            "podLogsDir": str(places.logs / "pods"),
            "volumePluginDir": str(places.state / "volume-plugins"),
            # Tests wait for pods: answer quickly.
            "nodeStatusUpdateFrequency": "2s",
            "syncFrequency": "2s",
            "serializeImagePulls": False,
        },
        indent=1,
    )


def proxy(kubeconfig: Path) -> str:
    """The conntrack settings of the kernel are left alone: they may not be writable."""
    untouched = {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s"}
    return json.dumps(
        {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "iptables",
            "clientConnection": {"kubeconfig": str(kubeconfig)},
            "clusterCIDR": POD_RANGE,
            "conntrack": untouched | {"tcpCloseWaitTimeout": "0s"},
        },
        indent=1,
    )


def dns(kubeconfig: Path) -> str:
    """A Corefile: names of the cluster and nothing else."""
    return f""".:53 {{
  bind {BRIDGE_ADDRESS}
  errors
  kubernetes {DOMAIN} in-addr.arpa {{
    kubeconfig {kubeconfig}
  }}
  cache 5
}}
"""
