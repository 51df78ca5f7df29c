"""The API server accepts what the chart makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster.kubectl import Tools
from support.helm import Release, examples, render

pytestmark = pytest.mark.admission

RELEASE = Release(namespace="accepting")


@pytest.fixture(scope="module")
def namespace(tools: Tools) -> Iterator[str]:
    """A namespace that refuses every pod which is not restricted."""
    name = RELEASE.namespace
    tools.kubectl("create", "namespace", name)
    tools.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    for account in ("podcov-test", "default"):  # a dry run stores none, and no controller runs
        tools.kubectl("create", "serviceaccount", account, "-n", name, "--save-config")
    yield name
    tools.kubectl("delete", "namespace", name, "--wait=false")


@pytest.mark.parametrize("values", examples(), ids=lambda path: path.stem)
def test_dry_run(tools: Tools, namespace: str, values: Path) -> None:
    """Every object passes strict validation, and every pod fits PodSecurity restricted."""
    found = [item for item in render(values, RELEASE) if "cert-manager" not in item["apiVersion"]]
    assert namespace in {item["metadata"].get("namespace") for item in found}
    body = "\n---\n".join(map(json.dumps, found))
    arguments = ("apply", "--dry-run=server", "--validate=strict", "-f", "-")
    done = tools.run(tools.kubectl_program, *arguments, stdin=body)
    assert done.returncode == 0, done.stderr
    assert "would violate PodSecurity" not in done.stderr
    assert len(done.stdout.splitlines()) == len(found)
