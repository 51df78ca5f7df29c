"""Owns the programs of the distribution: which are needed, and how they get here.

Must not install anything unless this is Debian or its like and we are root. Called before a cluster
or an image is made.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from support.cluster.commands import say, tail
from support.cluster.errors import UnavailableError

SEARCH = os.pathsep.join([os.defpath, "/usr/local/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"])

# Program (or file, where it begins with a slash) and the Debian package that brings it.
CONTROL_PLANE = {"etcd": "etcd-server"}
NODE = CONTROL_PLANE | {
    "containerd": "containerd",
    "runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "ip": "iproute2",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "nsenter": "util-linux",
}
IMAGES = {
    "buildah": "buildah",
    "mmdebstrap": "mmdebstrap",
    "/usr/share/doc/busybox-static": "busybox-static",
}


def ensure(needs: dict[str, str]) -> None:
    """Make sure that all of `needs` is here; UnavailableError names what is missing and why."""
    missing = _missing(needs)
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise UnavailableError(
            f"missing programs: install {', '.join(missing)} (Debian package names)"
        )
    say(f"installing {', '.join(missing)} ...")
    _apt(["update"])
    _apt(["install", "-y", "--no-install-recommends", *missing])
    still = _missing(needs)
    if still:
        raise UnavailableError(f"installed, but their programs are not found: {', '.join(still)}")


def path_of(program: str) -> Path:
    """Where a program is, also in the folders that only root has on its PATH."""
    found = shutil.which(program) or shutil.which(program, path=SEARCH)
    if found is None:
        raise UnavailableError(f"missing program: {program}")
    return Path(found)


def _missing(needs: dict[str, str]) -> list[str]:
    return sorted({package for program, package in needs.items() if not _present(program)})


def _present(program: str) -> bool:
    if program.startswith("/"):
        return Path(program).exists()
    return any(shutil.which(program, path=path) for path in (os.environ.get("PATH"), SEARCH))


def _apt(arguments: Sequence[str]) -> None:
    # RUNLEVEL=1: packages must not start their services; we start the programs ourselves.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    command: Iterable[str] = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", *arguments]
    done = subprocess.run(
        list(command), env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise UnavailableError(
            f"apt-get {arguments[0]} failed: {tail(done.stdout + done.stderr, 5)}"
        )
