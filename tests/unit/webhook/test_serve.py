"""The server as a process: TLS, certificates that change, health, logs, shutdown."""

from __future__ import annotations

import json
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from podcov_webhook.api import MAX_BODY_BYTES
from podcov_webhook.certificates import Pair, names_of
from support.certificates import (
    LOCAL_NAMES,
    PairFiles,
    TestAuthority,
    make_server_files,
    make_test_authority,
)
from support.waiting import wait_until
from support.webhook import WebhookProcess, make_review, patched, running_webhook
from unit.webhook.objects import deployment


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return make_test_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, authority: TestAuthority) -> PairFiles:
    """What the shared webhook serves; tests may change it, and leave a good pair."""
    return make_server_files(tmp_path_factory.mktemp("served"), authority)


@pytest.fixture(scope="module")
def webhook(files: PairFiles, authority: TestAuthority) -> Iterator[WebhookProcess]:
    with running_webhook(files, authority.ca_file, "--namespace", "podcov") as process:
        yield process


def test_a_review_over_verified_tls_is_answered_with_a_patch(webhook: WebhookProcess) -> None:
    """A client that verifies the certificate gets the rewritten Deployment, and the log says so."""
    response = webhook.review(make_review(deployment()))
    spec = patched(deployment(), response)["spec"]["template"]["spec"]
    assert [c["name"] for c in spec["initContainers"]] == ["podcov-agent"]
    line = webhook.wait_for_line(event="review", outcome="injected")
    assert line.pop("ms") < 1000
    assert {k: v for k, v in line.items() if k not in ("time", "level", "logger")} == {
        "message": "Deployment shop/shop injected",
        "event": "review",
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": "Deployment",
        "namespace": "shop",
        "object": "shop",
        "operation": "CREATE",
        "outcome": "injected",
    }


def test_what_is_no_review_is_answered_with_400(webhook: WebhookProcess) -> None:
    """And the server goes on."""
    assert webhook.request("POST", "/mutate", "{")[0] == 400
    assert webhook.request("POST", "/mutate", "{}")[0] == 400
    assert webhook.request("POST", "/mutate", "[" * 100_000)[0] == 400
    assert webhook.request("GET", "/healthz") == (200, "ok")


@pytest.mark.parametrize("announced", [True, False], ids=["length", "chunked"])
def test_what_is_too_large_is_answered_with_413(webhook: WebhookProcess, announced: bool) -> None:
    """One byte past the limit, whether the length is announced or not; at the limit it is read."""
    review = json.dumps(make_review(deployment()))
    fits = " " * (MAX_BODY_BYTES - len(review)) + review
    assert webhook.request("POST", "/mutate", fits)[0] == 200
    large = fits + " "
    status, said = webhook.request(
        "POST", "/mutate", large if announced else iter([large.encode()])
    )
    assert status == 413
    assert said.endswith(f"at most {MAX_BODY_BYTES} [review-too-large]")
    assert webhook.request("GET", "/healthz") == (200, "ok")


def test_metrics_count_reviews_and_know_the_certificates_end(webhook: WebhookProcess) -> None:
    """What the chart's rules look at."""
    webhook.review(make_review(deployment(branch="maybe")))
    _, text = webhook.request("GET", "/metrics")
    assert 'podcov_webhook_reviews_total{outcome="refused"} 1' in text
    (expiry,) = re.findall(r"^podcov_webhook_certificate_expiry_seconds (\d+)$", text, re.M)
    assert 0 < int(expiry) - time.time() <= 24 * 3600


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_new_pair_on_disk_is_served_to_new_connections(
    webhook: WebhookProcess, files: PairFiles, authority: TestAuthority, version: ssl.TLSVersion
) -> None:
    """No restart, in both versions of TLS, for clients with and without a name."""
    new = f"{version.name}.example".lower()
    assert new not in names_of(webhook.peer_certificate(version))
    files.write(authority.issue([*LOCAL_NAMES, new]))
    wait_until(
        "the new certificate is served",
        lambda: names_of(webhook.peer_certificate(version)),
        lambda names: new in names,
    )
    assert new in names_of(webhook.peer_certificate(version, name=None))
    assert webhook.review(make_review(deployment()))["allowed"]


def test_a_pair_that_does_not_fit_is_reported_and_not_served(
    webhook: WebhookProcess, files: PairFiles, authority: TestAuthority
) -> None:
    """The pair before goes on; the next good one is taken."""
    before = webhook.peer_certificate()
    first, second = authority.issue(), authority.issue([*LOCAL_NAMES, "good.example"])
    files.write(Pair(first.certificate, second.key))
    line = webhook.wait_for_line(slug="certificate-unusable")
    assert line["message"].startswith(f"cannot use {files.certificate} with {files.key}: ")
    assert webhook.peer_certificate() == before
    files.write(second)
    wait_until("the good pair", webhook.peer_certificate, lambda seen: seen == second.certificate)


def test_it_is_not_ready_before_a_pair_is_there(tmp_path: Path, authority: TestAuthority) -> None:
    """Started before the Secret is mounted, it waits: no handshake succeeds, so no probe does."""
    folder = tmp_path / "later"
    folder.mkdir()
    files = PairFiles(folder / "tls.crt", folder / "tls.key")
    with running_webhook(files, authority.ca_file) as webhook:
        webhook.wait_for_line(slug="certificate-unusable")
        with pytest.raises(ssl.SSLError):
            webhook.request("GET", "/readyz")
        files.write(authority.issue())
        wait_until("ready", lambda: webhook.request("GET", "/readyz"), lambda a: a == (200, "ok"))


def test_an_expired_certificate_makes_it_unready_but_not_dead(
    tmp_path: Path, authority: TestAuthority
) -> None:
    """/healthz stays: a restart would not help."""
    files = make_server_files(tmp_path, authority)
    with running_webhook(files, authority.ca_file) as webhook:
        wait_until("ready", lambda: webhook.request("GET", "/readyz")[0], lambda s: s == 200)
        files.write(authority.issue(days=-0.001))
        wait_until(
            "not ready any more",
            lambda: webhook.request("GET", "/readyz", verify=False),
            lambda answer: answer == (503, "the certificate has expired"),
        )
        assert webhook.request("GET", "/healthz", verify=False) == (200, "ok")


def test_sigterm_ends_it_cleanly(files: PairFiles, authority: TestAuthority) -> None:
    """Exit code 0, within the grace period."""
    with running_webhook(files, authority.ca_file) as webhook:
        webhook.request("GET", "/healthz")
        webhook.process.send_signal(signal.SIGTERM)
        assert webhook.process.wait(20) == 0


def run_serve(*flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "podcov_webhook.cli", "serve", *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_port_that_is_taken_is_an_error_with_a_remedy(webhook: WebhookProcess) -> None:
    """Exit code 2 and one line."""
    port = str(webhook.port)
    done = run_serve("--host", "127.0.0.1", "--port", port)
    assert (done.returncode, done.stderr) == (
        2,
        f"podcov-webhook: cannot listen at 127.0.0.1:{port}: Address already in use; "
        "choose another --host or --port [setting-bad]\n",
    )


def test_a_bad_setting_is_an_error_with_the_accepted_form() -> None:
    """Exit code 2 and one line."""
    done = run_serve("--port", "https")
    assert (done.returncode, done.stderr) == (
        2,
        "podcov-webhook: --port is 'https'; expected a port from 0 to 65535 [setting-bad]\n",
    )


def test_log_lines_are_json(webhook: WebhookProcess) -> None:
    """All of them, uvicorn's too."""
    webhook.request("GET", "/healthz")
    assert all("time" in line for line in webhook.lines), json.dumps(webhook.lines)
