"""Owns the enclosure of a node: namespaces of their own for processes, mounts and network.

Everything of a cluster runs in it, so killing one process ends every pod, mount, bridge and packet
filter rule of it; nothing is left to clean up, and a host's own daemons are never met. A pair of
virtual interfaces joins it to the host. Must not know Kubernetes. Called by `node`.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from support.cluster.commands import run
from support.cluster.packages import path_of
from support.cluster.processes import Processes
from support.waiting import wait_until

HOST_LINK = "podcov0"
HOST_ADDRESS = "198.18.77.1"
ADDRESS = "198.18.77.2"
"""Of the enclosure, reached from the host. From the range kept for tests of networks (RFC 2544)."""
PREFIX = 30
CGROUPS = Path("/sys/fs/cgroup")
PID = "pid"
"""File with the pid of the enclosure's first process, as the host sees it."""

# The first process of the enclosure. Ignoring CHLD, which survives exec, makes the kernel reap.
FIRST = """
set -e
trap '' CHLD
mount -t tmpfs run /run
mount -t tmpfs log /var/log
ip link set lo up
: > "$1"
exec sleep infinity
"""


@dataclass(frozen=True)
class Enclosure:
    """A running enclosure. `pid` is of the process outside whose end ends everything inside."""

    pid: int

    @property
    def prefix(self) -> list[str]:
        """Put before a command, runs it inside."""
        spaces = f"/proc/{self.pid}/ns"
        kinds = {
            "net": "net",
            "mount": "mnt",
            "ipc": "ipc",
            "uts": "uts",
            "pid": "pid_for_children",
        }
        options = [f"--{option}={spaces}/{file}" for option, file in kinds.items()]
        return [str(path_of("nsenter")), *options, "--"]

    def run(self, *command: str | Path, timeout_s: float = 120) -> str:
        """Run a command inside to its end and return its output."""
        return run([*self.prefix, *command], timeout_s=timeout_s)


def open_enclosure(processes: Processes, state: Path, inherit: Sequence[int]) -> Enclosure:
    """Start it, join it to the host, and have all that `processes` starts from now on run inside.

    Descriptors of `inherit` are held open while it lives.
    """
    ready = state / "enclosed"
    ready.unlink(missing_ok=True)
    spaces = ["--net", "--mount", "--pid", "--ipc", "--uts", "--mount-proc"]
    unshare = [str(path_of("unshare")), *spaces, "--fork", "--kill-child=KILL"]
    first = ["sh", "-c", FIRST, "enclosure", str(ready)]
    pid = processes.start("enclosure", [*unshare, *first], inherit)
    wait_until("the enclosure is there", ready.exists, watch=processes.check)
    (state / PID).write_text(Path(f"/proc/{pid}/task/{pid}/children").read_text())
    enclosure = Enclosure(pid)
    _join(enclosure)
    processes.prefix = enclosure.prefix
    return enclosure


def close_enclosure(state: Path) -> None:
    """Kill the enclosure that was opened with `state`; back when all that was in it is gone."""
    if not (state / PID).exists():
        return
    pid = int((state / PID).read_text())
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    # The kernel ends the first process of an enclosure last.
    wait_until(f"process {pid} has ended", lambda: not Path(f"/proc/{pid}").exists())
    _remove_cgroups()


def _remove_cgroups() -> None:
    """Control groups are the one thing that outlives an enclosure. Only empty ones can go."""
    # Each removal waits for the kernel; the hierarchies (one per controller in v1) do not.
    with ThreadPoolExecutor() as pool:
        list(pool.map(_remove_tree, [*CGROUPS.glob("kubepods"), *CGROUPS.glob("*/kubepods")]))


def _remove_tree(root: Path) -> None:
    for folder, _, _ in os.walk(root, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def _join(enclosure: Enclosure) -> None:
    ip = path_of("ip")
    # The link of an enclosure that has just ended may be there for another moment.
    subprocess.run([ip, "link", "delete", HOST_LINK], capture_output=True, check=False)
    inside = ["peer", "name", "eth0", "netns", str(enclosure.pid)]
    run([ip, "link", "add", HOST_LINK, "type", "veth", *inside])
    run([ip, "address", "add", f"{HOST_ADDRESS}/{PREFIX}", "dev", HOST_LINK])
    run([ip, "link", "set", HOST_LINK, "up"])
    enclosure.run(ip, "address", "add", f"{ADDRESS}/{PREFIX}", "dev", "eth0")
    enclosure.run(ip, "link", "set", "eth0", "up")
