"""What a container image is to the local demo: a folder, and the settings of its Dockerfile.

Reads the last stage of a Dockerfile; builds nothing and downloads nothing. Used by `local`.
"""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Image:
    """An image's settings. Its paths are those in a container; here they lie beneath `root`."""

    root: Path
    workdir: str = "/"
    env: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] = field(default_factory=list)
    cmd: list[str] = field(default_factory=list)

    def folders(self) -> dict[str, str]:
        """Return the image's top folders: path in a container to path on this machine."""
        return {f"/{path.name}": str(path) for path in self.root.iterdir()}


def assemble(dockerfile: Path, root: Path, copies: Mapping[Path, str]) -> Image:
    """Fill `root` with `copies` (source on this machine to path in the image)."""
    shutil.rmtree(root, ignore_errors=True)
    for source, target in copies.items():
        junk = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, root / target.lstrip("/"), ignore=junk)
    return _settings(dockerfile.read_text(encoding="utf-8"), root)


def _settings(text: str, root: Path) -> Image:
    image = Image(root)
    for line in text.replace("\\\n", " ").splitlines():
        keyword, _, rest = line.strip().partition(" ")
        if keyword == "FROM":
            image = Image(root)
        elif keyword == "WORKDIR":
            image.workdir = rest.strip()
        elif keyword == "ENV":
            image.env.update(pair.partition("=")[::2] for pair in shlex.split(rest))
        elif keyword == "ENTRYPOINT":
            image.entrypoint = json.loads(rest)
        elif keyword == "CMD":
            image.cmd = json.loads(rest)
    return image
