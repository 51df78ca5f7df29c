"""A container's spool and the sidecar over it, which installs the agent as in a pod."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.sidecar import Sidecar, running
from support.spool import Writer


@pytest.fixture
def shop(tmp_path: Path) -> Writer:
    return Writer(tmp_path / "spool" / "shop")


@pytest.fixture
def sidecar(tmp_path: Path, shop: Writer) -> Iterator[Sidecar]:
    with running(tmp_path / "spool", tmp_path) as started:
        yield started
