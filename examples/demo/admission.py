"""Asks the real webhook to admit an object, as an API server would: AdmissionReview over TLS.

Owns the certificate, the webhook's process and the request. Used by `local`.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonpatch
import requests
from podcov_webhook.certificates import issue_leaf, make_authority
from processes import PYTHON, Processes, free_port
from say import DemoError

Json = dict[str, Any]
NAME = "webhook"


@dataclass(frozen=True)
class Webhook:
    """A running webhook."""

    url: str
    ca: Path

    def admit(self, deployment: Json) -> tuple[Json, int]:
        """Return the object as it would be stored, and how many operations the patch has."""
        answer = requests.post(self.url, json=_review(deployment), verify=str(self.ca), timeout=30)
        answer.raise_for_status()
        response = answer.json()["response"]
        if not response["allowed"]:
            raise DemoError("the webhook refused the Deployment", response["status"]["message"])
        if "patch" not in response:
            raise DemoError(
                "the webhook admitted the Deployment unchanged", str(response.get("warnings", ""))
            )
        operations = json.loads(base64.b64decode(response["patch"]))
        return jsonpatch.apply_patch(deployment, operations), len(operations)


def start(processes: Processes, tls: Path, agent_image: str) -> Webhook:
    """Start `podcov-webhook serve` with a new certificate and wait until it is ready."""
    _write_certificates(tls)
    port = free_port()
    command = [str(PYTHON.with_name("podcov-webhook")), "serve"]
    command += ["--host=127.0.0.1", f"--port={port}", f"--agent-image={agent_image}"]
    command += [f"--tls-cert={tls / 'tls.crt'}", f"--tls-key={tls / 'tls.key'}"]
    processes.start(NAME, command, os.environ)
    url = f"https://127.0.0.1:{port}"
    webhook = Webhook(f"{url}/mutate", tls / "ca.crt")
    processes.wait_until(NAME, lambda: _is_ready(f"{url}/readyz", webhook.ca))
    return webhook


def _write_certificates(tls: Path) -> None:
    tls.mkdir(parents=True, exist_ok=True)
    now, lifetime = dt.datetime.now(dt.timezone.utc), dt.timedelta(days=1)
    authority = make_authority("podcov demo", now, lifetime)
    leaf = issue_leaf(authority, ["127.0.0.1"], now, lifetime)
    (tls / "ca.crt").write_bytes(authority.certificate)
    (tls / "tls.crt").write_bytes(leaf.certificate)
    (tls / "tls.key").touch(mode=0o600)
    (tls / "tls.key").write_bytes(leaf.key)


def _is_ready(url: str, ca: Path) -> bool:
    try:
        return requests.get(url, verify=str(ca), timeout=5).ok
    except requests.ConnectionError:
        return False


def _review(deployment: Json) -> Json:
    metadata = deployment["metadata"]
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": str(uuid.uuid4()),
            "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
            "resource": {"group": "apps", "version": "v1", "resource": "deployments"},
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "operation": "CREATE",
            "userInfo": {"username": "demo"},
            "object": deployment,
            "oldObject": None,
            "dryRun": False,
            "options": None,
        },
    }
