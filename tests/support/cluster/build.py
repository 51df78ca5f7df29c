"""Owns the program that holds every Kubernetes component: builds it once per machine.

Must not write into the checkout. Called by whoever starts a control plane or needs kubectl or helm.
"""

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

from support.cluster.commands import run, say, tail
from support.cluster.errors import UnavailableError
from support.cluster.locks import locked
from support.cluster.settings import CHECKOUT

SOURCE = CHECKOUT / "tests" / "cluster" / "kube"
COMPONENTS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubelet",
    "kubectl",
    "helm",
    "coredns",
)
# Helm believes that it talks to Kubernetes 1.20 unless it is told otherwise at link time.
HELM_VERSIONS = ("helm.sh/helm/v4/pkg/chart/common", "helm.sh/helm/v4/pkg/chart/v2/lint/rules")


def kube_programs(cache: Path) -> Path:
    """The folder with a program for each of COMPONENTS; UnavailableError without a fitting Go."""
    folder = cache / "kube" / source_key(SOURCE)
    if (folder / "kube").exists():
        return folder
    with locked(folder.with_suffix(".lock"), "another process is building Kubernetes"):
        if not (folder / "kube").exists():
            _build(folder)
    return folder


def source_key(source: Path) -> str:
    """Changes with everything that the program is built from."""
    digest = hashlib.sha256()
    for file in sorted(source.iterdir()):
        if file.suffix in (".go", ".mod", ".sum"):
            digest.update(f"{file.name} {file.stat().st_size}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def link_flags(version: str) -> str:
    """What the linker writes into the components, so that they know their version (`v1.34.4`)."""
    minor = version.split(".")[1]
    base = "k8s.io/component-base/version.git"
    flags = [
        "-s",
        "-w",
        f"-X {base}Version={version}",
        f"-X {base}Major=1",
        f"-X {base}Minor={minor}",
    ]
    for package in HELM_VERSIONS:
        flags += [f"-X {package}.k8sVersionMajor=1", f"-X {package}.k8sVersionMinor={minor}"]
    return " ".join(flags)


def _build(folder: Path) -> None:
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        raise UnavailableError("missing program: go 1.24 or newer builds Kubernetes for the tests")
    say("building Kubernetes from its Go modules: about 8 minutes, once per machine ...")
    began = time.monotonic()
    working = folder.with_suffix(f".{os.getpid()}")
    working.mkdir(parents=True)
    try:
        _compile(go, working / "kube")
        for name in COMPONENTS:
            (working / name).symlink_to("kube")
        working.rename(folder)
    finally:
        shutil.rmtree(working, ignore_errors=True)
    say(f"built in {time.monotonic() - began:.0f} s: {folder}")


def _compile(go: str, program: Path) -> None:
    module = "k8s.io/kubernetes"
    version = run([go, "list", "-m", "-f", "{{.Version}}", module], cwd=SOURCE).strip()
    done = subprocess.run(
        [go, "build", "-trimpath", "-ldflags", link_flags(version), "-o", str(program), "."],
        cwd=SOURCE,
        env={**os.environ, "CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise UnavailableError(f"Kubernetes cannot be built here: {tail(done.stderr, 5)}")
