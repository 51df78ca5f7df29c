"""The demo without a cluster: admits the shop, plays the pod that came back, and measures it.

What is real: the webhook over TLS, its patch, the agent, the sidecar, gunicorn, the tests, the
plugin. What is played: the kubelet (containers are processes here, volumes and images folders).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import admission
import kubelet
import requests
import yaml
from image import Image, assemble
from processes import PYTHON, Processes, free_port
from say import heading, note, shown, step

Json = dict[str, Any]
AGENT_IMAGE = "localhost/podcov-agent:demo"


@dataclass(frozen=True)
class Demo:
    """Where the demo finds and puts things."""

    root: Path
    """The checkout."""
    build: Path
    """A folder of its own, made anew."""

    @property
    def shop(self) -> Path:
        """The example application."""
        return self.root / "examples" / "shop"

    @property
    def html(self) -> Path:
        """The report."""
        return self.build / "html"

    def run_tests(self, *options: str, env: Mapping[str, str] | None = None) -> int:
        """Run the shop's tests through the plugin and return pytest's exit status."""
        command = [str(PYTHON), "-m", "pytest", "-q", "-p", "no:cacheprovider", "--podcov"]
        command += ["--podcov-report=term-missing", f"--podcov-report=html:{self.html}", *options]
        kept = {"PODCOV_DATA": str(self.build / "coverage.data")}
        everything = {**os.environ, **kept, **(env or {})}
        return subprocess.run(command, cwd=self.shop, env=everything, check=False).returncode


@dataclass(frozen=True)
class Pod:
    """The shop's pod, running."""

    shop_url: str
    coverage_url: str


def run(demo: Demo) -> int:
    """Play the demo and return the exit status of the shop's tests."""
    for made in ("volumes", "logs", "html"):  # a pod's volumes begin empty
        shutil.rmtree(demo.build / made, ignore_errors=True)
    deployment = _annotated(demo.shop / "k8s" / "deployment.yaml")
    with Processes(demo.build / "logs") as processes:
        heading("Admission: a Deployment with the annotation coverage.io/enabled")
        admitted = _admit(demo, deployment, processes)
        heading("The pod that came back, played on this machine")
        pod = _play(demo, admitted["spec"]["template"]["spec"], processes)
        heading("The shop's own tests, through the pytest plugin")
        return demo.run_tests(f"--shop-url={pod.shop_url}", f"--podcov-url={pod.coverage_url}")


def _annotated(manifest: Path) -> Json:
    deployment: Json = yaml.safe_load(manifest.read_text(encoding="utf-8"))
    deployment["metadata"].setdefault("annotations", {})["coverage.io/enabled"] = "true"
    return deployment


def _admit(demo: Demo, deployment: Json, processes: Processes) -> Json:
    with step("starting podcov-webhook, with a certificate made for it"):
        webhook = admission.start(processes, demo.build / "tls", AGENT_IMAGE)
    with step("posting the Deployment to it as an AdmissionReview"):
        admitted, changes = webhook.admit(deployment)
    kept = demo.build / "admitted.yaml"
    kept.write_text(yaml.safe_dump(admitted, sort_keys=False), encoding="utf-8")
    note(f"it answered with {changes} changes; the result is in {shown(kept)}")
    return admitted


def _play(demo: Demo, spec: Json, processes: Processes) -> Pod:
    host = kubelet.Host(
        volumes=demo.build / "volumes",
        images=_images(demo, spec),
        ports={port: free_port() for port in kubelet.ports_of(spec)},
        env={"PATH": os.pathsep.join([str(PYTHON.parent), os.defpath])},
    )
    coverage_port = shop_url = ""
    for process in kubelet.plan(spec, host):
        with step(f"{process.role} container {process.name}: {' '.join(process.words)}"):
            _start(process, processes)
        if process.role == "sidecar":
            coverage_port = process.env["PODCOV_PORT"]
        elif process.readiness_url:
            shop_url = "http://" + urlsplit(process.readiness_url).netloc
    return Pod(shop_url, f"http://127.0.0.1:{coverage_port}")


def _images(demo: Demo, spec: Json) -> Mapping[str, Image]:
    """Lay out the two images as folders, from what their Dockerfiles copy.

    The agent's lacks the static shell; its installer then links this machine's.
    """
    (shop,) = (container["image"] for container in spec["containers"])
    agent = demo.root / "agent" / "podcov_agent"
    return {
        AGENT_IMAGE: assemble(
            demo.root / "Dockerfile.agent",
            demo.build / "images" / "agent",
            {agent: "/opt/podcov/podcov_agent"},
        ),
        shop: assemble(
            demo.shop / "Dockerfile",
            demo.build / "images" / "shop",
            {demo.shop / "src": "/app/src"},
        ),
    }


def _start(process: kubelet.Process, processes: Processes) -> None:
    processes.start(process.name, process.argv, process.env, process.cwd)
    if process.role == "init":
        processes.wait_for_end(process.name, within_s=60)
    elif process.startup_probe:
        processes.wait_until(process.name, lambda: _succeeds(process))
    elif process.readiness_url:
        processes.wait_until(process.name, lambda: _answers(process.readiness_url))


def _succeeds(process: kubelet.Process) -> bool:
    try:
        probe = subprocess.run(
            process.startup_probe, env=process.env, cwd=process.cwd, capture_output=True
        )
    except FileNotFoundError:  # the probe's program is part of what is being installed
        return False
    return probe.returncode == 0


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False
