"""Gets the demo's three images into a cluster: built and loaded, or from where they are.

Behind a mirror: PYTHON_IMAGE, BUSYBOX_IMAGE, BUILD_IMAGE and PIP_* of the environment become build
arguments, and PIP_CERT the build secret `ca`. Used by `cluster`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from say import DemoError

PASSED_ON = (
    "PYTHON_IMAGE",
    "BUSYBOX_IMAGE",
    "BUILD_IMAGE",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_TRUSTED_HOST",
)


@dataclass(frozen=True)
class Recipe:
    """How an image is built; paths are relative to the checkout."""

    name: str
    """agent, webhook or example-shop."""
    dockerfile: str
    context: str
    parts: tuple[str, ...]
    """What goes into the image."""

    def sources(self, root: Path) -> Iterator[Path]:
        """Yield the files that decide what the image is, in a fixed order."""
        yield root / self.dockerfile
        for part in self.parts:
            path = root / part
            files = [path] if path.is_file() else sorted(path.rglob("*"))
            yield from (file for file in files if file.is_file() and file.suffix != ".pyc")


AGENT = Recipe("agent", "Dockerfile.agent", ".", ("agent",))
WEBHOOK = Recipe("webhook", "Dockerfile.webhook", ".", ("webhook", "pyproject.toml"))
SHOP = Recipe(
    "example-shop",
    "examples/shop/Dockerfile",
    "examples/shop",
    ("examples/shop/src", "examples/shop/requirements.txt"),
)
RECIPES = (AGENT, WEBHOOK, SHOP)


def references(template: str) -> dict[str, str]:
    """Return the images' references, by name, where `{}` in the template stands for the name."""
    repository, _, tag = template.rpartition(":")
    if "{}" not in repository or not tag or "/" in tag:
        raise DemoError(
            f"PODCOV_IMAGES is {template!r}",
            "Write it as registry.example.org/podcov-{}:1.0; {} becomes agent, webhook and\n"
            "  example-shop.",
        )
    return {recipe.name: template.replace("{}", recipe.name) for recipe in RECIPES}


def tag_of(root: Path) -> str:
    """Return a tag that changes with the sources, so that an upgrade restarts what changed."""
    digest = hashlib.sha256()
    for recipe in RECIPES:
        for path in recipe.sources(root):
            digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return f"demo-{digest.hexdigest()[:10]}"


def build_and_load(recipe: Recipe, image: str, root: Path, build: Path, load: str) -> None:
    """Build an image and hand its archive to the shell command `load` as $1."""
    archive = build / f"{recipe.name}.tar"
    archive.unlink(missing_ok=True)
    builder = _builder()
    arguments = ["--file", str(root / recipe.dockerfile), "--tag", image]
    for name in PASSED_ON:
        if name in os.environ:
            arguments.append(f"--build-arg={name}={os.environ[name]}")
    if "PIP_CERT" in os.environ:
        arguments.append(f"--secret=id=ca,src={os.environ['PIP_CERT']}")
    _run([builder, "build", *arguments, str(root / recipe.context)])
    _run([builder, "save", "--output", str(archive), image])
    _run(["sh", "-c", load, "load", str(archive)])


def _builder() -> str:
    for name in ("docker", "podman"):
        if (
            shutil.which(name)
            and subprocess.run([name, "info"], capture_output=True).returncode == 0
        ):
            return name
    raise DemoError(
        "no program that builds images works here: tried docker and podman",
        "Start Docker, or install one of them.",
    )


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = "\n  ".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise DemoError(f"{' '.join(command[:2])} failed with status {done.returncode}", words)
