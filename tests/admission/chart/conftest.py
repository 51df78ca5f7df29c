"""Charts are rendered by the helm that the cluster harness builds, or by the one on PATH."""

from __future__ import annotations

import os

import pytest
from support.cluster.errors import UnavailableError
from support.cluster.settings import from_environment
from support.helm import find_helm


@pytest.fixture(scope="session", autouse=True)
def helm() -> None:
    """Skip, or fail where clusters are required, with the reason why there is no helm."""
    try:
        find_helm()
    except UnavailableError as reason:
        if from_environment(os.environ).required:
            pytest.fail(f"no helm: {reason}")
        pytest.skip(f"no helm: {reason}")
