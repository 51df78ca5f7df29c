"""The server as a process: TLS, certificates that change, health, logs, shutdown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.certificates import (
    PairFiles,
    TestAuthority,
    make_server_files,
    make_test_authority,
)
from support.webhook import WebhookProcess, make_review, patched, running_webhook
from unit.webhook.objects import deployment


@pytest.fixture
def authority(tmp_path: Path) -> TestAuthority:
    return make_test_authority(tmp_path)


@pytest.fixture
def files(tmp_path: Path, authority: TestAuthority) -> PairFiles:
    return make_server_files(tmp_path, authority)


@pytest.fixture
def webhook(files: PairFiles, authority: TestAuthority) -> Iterator[WebhookProcess]:
    with running_webhook(files, authority.ca_file, "--namespace", "podcov") as process:
        yield process


def test_a_review_over_verified_tls_is_answered_with_a_patch(webhook: WebhookProcess) -> None:
    """A client that verifies the certificate gets the rewritten Deployment."""
    obj = deployment()
    response = webhook.review(make_review(obj))
    spec = patched(obj, response)["spec"]["template"]["spec"]
    assert response["allowed"]
    assert [c["name"] for c in spec["initContainers"]] == ["podcov-agent"]
