"""Owns the choice of a program that builds images: buildah where we may use it, else Docker.

Must not load images into a cluster. Called by `provider`.
"""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from support.cluster import packages
from support.cluster.commands import run
from support.cluster.errors import UnavailableError
from support.cluster.images import Buildah


class Builder(Protocol):
    """Builds images and writes them to files."""

    def python_image(self, version: str) -> str:
        """The name of a base image with that Python (`3.13`) and pip."""

    def plain_image(self, version: str) -> str:
        """The name of a base image with that Python, which may be without pip."""

    def busybox_image(self) -> str:
        """The name of an image with a static /bin/busybox."""

    def build_image(self) -> str:
        """The name of an image with a C compiler and Python's headers."""

    def build(self, dockerfile: Path, context: Path, ref: str, arguments: Mapping[str, str]) -> str:
        """Build `ref`; what the build printed."""

    def save(self, ref: str, archive: Path) -> None:
        """Write `ref` to a file that clusters can load."""


class Docker:
    """Images by a running Docker daemon, on the public base images."""

    def python_image(self, version: str) -> str:
        return f"python:{version}-slim"

    def plain_image(self, version: str) -> str:
        return self.python_image(version)

    def busybox_image(self) -> str:
        return "busybox:1.37-musl"

    def build_image(self) -> str:
        return "python:3.13"

    def build(self, dockerfile: Path, context: Path, ref: str, arguments: Mapping[str, str]) -> str:
        options = [f"--build-arg={name}={value}" for name, value in arguments.items()]
        command = ["docker", "build", "--progress", "plain", "--tag", ref, *options]
        return run([*command, "--file", dockerfile, context])

    def save(self, ref: str, archive: Path) -> None:
        run(["docker", "save", "--output", archive, ref])


def choose(cache: Path) -> Builder:
    """A builder that works here; UnavailableError says why there is none."""
    try:
        packages.ensure(packages.IMAGES)
        return Buildah(cache)
    except UnavailableError as error:
        if docker_runs():
            return Docker()
        raise UnavailableError(f"images cannot be built: no Docker daemon, and {error}") from error


def docker_runs() -> bool:
    """Whether a Docker daemon answers, not just whether its client is installed."""
    if not shutil.which("docker"):
        return False
    asked = subprocess.run(["docker", "version"], capture_output=True, check=False, timeout=30)
    return asked.returncode == 0
