"""The webhook as a real process, and a client that verifies its certificate."""

from __future__ import annotations

import base64
import http.client
import json
import os
import queue
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonpatch
from support.certificates import PairFiles

START_S = 30.0
ENDED: dict[str, Any] = {}
"""Stands for the end of a process's log."""


def make_review(
    obj: Mapping[str, Any],
    old: Mapping[str, Any] | None = None,
    *,
    namespace: str = "shop",
    operation: str | None = None,
) -> dict[str, Any]:
    """An AdmissionReview as the API server sends it."""
    group, _, version = obj["apiVersion"].rpartition("/")
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": group, "version": version, "kind": obj["kind"]},
            "namespace": namespace,
            "operation": operation or ("CREATE" if old is None else "UPDATE"),
            "object": obj,
            "oldObject": old,
        },
    }


def patched(obj: Any, response: Mapping[str, Any]) -> Any:
    """The object as the API server makes it of the answer."""
    if "patch" not in response:
        return obj
    return jsonpatch.apply_patch(obj, json.loads(base64.b64decode(response["patch"])))


@dataclass
class WebhookProcess:
    """`podcov-webhook serve`, running."""

    process: subprocess.Popen[str]
    port: int
    ca_file: Path
    lines: list[dict[str, Any]] = field(default_factory=list)
    _fresh: queue.Queue[dict[str, Any]] = field(default_factory=queue.Queue)

    def request(
        self,
        method: str,
        path: str,
        body: str | Iterator[bytes] | None = None,
        *,
        verify: bool = True,
    ) -> tuple[int, str]:
        """One request over a new connection, verified unless told otherwise: (status, body).

        A body in pieces is sent without its length.
        """
        context = ssl.create_default_context(cafile=str(self.ca_file))
        if not verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("localhost", self.port, context=context)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def peer_certificate(
        self, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3, name: str | None = "localhost"
    ) -> bytes:
        """The certificate (PEM) that a new, verified connection gets; `name` is what it sends."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        context.check_hostname = False
        context.minimum_version = context.maximum_version = version
        with (
            socket.create_connection(("127.0.0.1", self.port), START_S) as plain,
            context.wrap_socket(plain, server_hostname=name) as secure,
        ):
            der = secure.getpeercert(binary_form=True)
        assert der is not None
        return ssl.DER_cert_to_PEM_cert(der).encode()

    def review(self, review: Mapping[str, Any]) -> dict[str, Any]:
        """The `response` of the answer to a review."""
        status, body = self.request("POST", "/mutate", json.dumps(review))
        assert status == 200, body
        response: dict[str, Any] = json.loads(body)["response"]
        return response

    def wait_for_line(self, timeout_s: float = START_S, **wanted: object) -> dict[str, Any]:
        """The next log line that has all these values."""
        while True:
            try:
                line = self._fresh.get(timeout=timeout_s)
            except queue.Empty:
                line = ENDED
            if line is ENDED:
                seen = "\n".join(map(str, self.lines))
                raise AssertionError(f"no log line with {wanted}; seen:\n{seen}")
            if wanted.items() <= line.items():
                return line


@contextmanager
def running_webhook(
    files: PairFiles, ca_file: Path, *flags: str, env: Mapping[str, str] | None = None
) -> Iterator[WebhookProcess]:
    """A webhook at a free port of 127.0.0.1, stopped by SIGTERM at the end."""
    command = [sys.executable, "-m", "podcov_webhook.cli", "serve", "--host", "127.0.0.1"]
    command += ["--port", "0", "--tls-cert", str(files.certificate), "--tls-key", str(files.key)]
    process = subprocess.Popen(
        [*command, "--tls-poll-s", "0.05", *flags],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
    )
    webhook = WebhookProcess(process, 0, ca_file)
    reader = threading.Thread(target=_read_lines, args=(process, webhook), daemon=True)
    reader.start()
    try:
        webhook.port = webhook.wait_for_line(event="listening")["port"]
        yield webhook
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(START_S)
        reader.join()
        assert process.stderr is not None
        process.stderr.close()


def _read_lines(process: subprocess.Popen[str], webhook: WebhookProcess) -> None:
    assert process.stderr is not None
    for text in process.stderr:
        try:
            line = json.loads(text)
        except ValueError:
            line = {"message": text}
        webhook.lines.append(line)
        webhook._fresh.put(line)
    webhook._fresh.put(ENDED)
