"""Owns the helm program: finds it and renders the chart with it.

Must not talk to a cluster. Called by the chart's tests; as a program it writes what is kept in git:
`python -m support.helm`, in the folder tests/, renders each charts/podcov/ci/*-values.yaml into
charts/podcov/examples.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from support.chart import CHART, Json
from support.cluster.build import kube_programs
from support.cluster.settings import from_environment

KUBE_VERSION = "1.34.0"
"""What charts are rendered for: examples in git must not change with the helm that renders them."""


class RenderError(Exception):
    """Helm refused the values; the message is what it said."""


@dataclass(frozen=True)
class Release:
    """One installation to render."""

    name: str = "podcov"
    namespace: str = "podcov"
    kube_version: str = KUBE_VERSION


@functools.cache
def find_helm() -> Path:
    """The helm on PATH, else the one built for the tests. UnavailableError if there is neither."""
    found = shutil.which("helm")
    return Path(found) if found else kube_programs(from_environment(os.environ).cache) / "helm"


def render_text(values: Mapping[str, Any] | Path, release: Release = Release()) -> str:
    """The chart as YAML text, the test hooks included. Raises RenderError."""
    with tempfile.TemporaryDirectory() as folder:
        file = values if isinstance(values, Path) else Path(folder) / "values.json"
        if not isinstance(values, Path):
            file.write_text(json.dumps(values))
        done = subprocess.run(
            [
                *(str(find_helm()), "template", release.name, str(CHART), "--values", str(file)),
                *("--namespace", release.namespace, "--kube-version", release.kube_version),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    if done.returncode != 0:
        raise RenderError(done.stderr)
    return done.stdout


def render(values: Mapping[str, Any] | Path, release: Release = Release()) -> list[Json]:
    """The objects of the chart. Raises RenderError."""
    return [found for found in yaml.safe_load_all(render_text(values, release)) if found]


def render_notes(values: Mapping[str, Any], release: Release = Release()) -> str:
    """What helm says after an installation."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "values.json"
        file.write_text(json.dumps(values))
        done = subprocess.run(
            [
                *(str(find_helm()), "install", release.name, str(CHART), "--dry-run=client"),
                *("--values", str(file), "--namespace", release.namespace),
            ],
            env={"PATH": os.environ["PATH"], "HOME": folder},  # no kubeconfig: nothing is asked
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    return done.stdout.split("\nNOTES:\n")[1]


def examples() -> dict[Path, Path]:
    """Each file of values with the file that holds what it renders to."""
    suffix = "-values.yaml"
    return {
        values: CHART / "examples" / (values.name.removesuffix(suffix) + ".yaml")
        for values in sorted((CHART / "ci").glob("*" + suffix))
    }


if __name__ == "__main__":
    for source, target in examples().items():
        target.write_text(render_text(source))
        print(f"wrote {target.relative_to(CHART)}")
