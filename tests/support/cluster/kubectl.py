"""Owns kubectl and helm as programs: the way tests talk to a cluster, as a person does.

Must not know what kind of cluster it is. Called by tests and by the harness itself.
"""

import contextlib
import json
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIMEOUT_S = 120

Object = dict[str, Any]


class RefusedError(AssertionError):
    """A command failed; the message is what it said."""


@dataclass(frozen=True)
class Forwarded:
    """A pod's port at a local URL."""

    url: str

    def get(self, path: str) -> bytes:
        """The body of the answer; HTTPError if its status is not one of success."""
        return self._ask(path, "GET")

    def post(self, path: str) -> bytes:
        """The same for a POST without a body."""
        return self._ask(path, "POST")

    def ask(self, path: str) -> str:
        """Status and body of the answer, whatever the status is."""
        try:
            return f"200 {self.get(path).decode()}"
        except urllib.error.HTTPError as error:
            with error:
                return f"{error.code} {error.read().decode()}"

    def _ask(self, path: str, method: str) -> bytes:
        request = urllib.request.Request(self.url + path, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            body: bytes = answer.read()
        return body


@dataclass(frozen=True)
class Tools:
    """kubectl and helm, pointed at one cluster."""

    kubectl_program: Path
    helm_program: Path
    kubeconfig: Path

    def run(
        self, program: Path, *arguments: str, stdin: str | None = None, timeout_s: float = TIMEOUT_S
    ) -> "subprocess.CompletedProcess[str]":
        """Run to the end, whatever that is."""
        return subprocess.run(
            [str(program), "--kubeconfig", str(self.kubeconfig), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def kubectl(
        self, *arguments: str, stdin: str | None = None, timeout_s: float = TIMEOUT_S
    ) -> str:
        """Standard output of kubectl; RefusedError when it fails."""
        return self._succeed(
            self.run(self.kubectl_program, *arguments, stdin=stdin, timeout_s=timeout_s)
        )

    def helm(self, *arguments: str, timeout_s: float = TIMEOUT_S) -> str:
        """Standard output of helm; RefusedError when it fails."""
        return self._succeed(self.run(self.helm_program, *arguments, timeout_s=timeout_s))

    def get(self, kind: str, name: str, namespace: str) -> Object:
        """One object as the API server has it."""
        found: Object = json.loads(self.kubectl("get", kind, name, "-n", namespace, "-o", "json"))
        return found

    def list(self, kind: str, namespace: str, selector: str = "") -> list[Object]:
        """All objects of a kind in a namespace, chosen by labels."""
        answer = self.kubectl("get", kind, "-n", namespace, "-l", selector, "-o", "json")
        found: list[Object] = json.loads(answer)["items"]
        return found

    def send(self, verb: str, body: Mapping[str, Any], *arguments: str) -> str:
        """`kubectl VERB -f -` with `body`: apply, create, replace, delete, diff."""
        return self.kubectl(verb, "-f", "-", *arguments, stdin=json.dumps(body))

    @contextlib.contextmanager
    def forward(self, namespace: str, pod: str, port: int) -> Iterator[Forwarded]:
        """A pod's port by `kubectl port-forward`, until the block ends."""
        target = ["-n", namespace, f"pod/{pod}", f":{port}", "--kubeconfig", str(self.kubeconfig)]
        child = subprocess.Popen(
            [str(self.kubectl_program), "port-forward", *target],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with child:
            try:
                assert child.stdout is not None
                said = child.stdout.readline()
                listening = re.match(r"Forwarding from (127\.0\.0\.1:\d+) ", said)
                assert listening, f"kubectl port-forward to {pod} said: {said}"
                yield Forwarded(f"http://{listening[1]}")
            finally:
                child.terminate()

    @staticmethod
    def _succeed(done: "subprocess.CompletedProcess[str]") -> str:
        if done.returncode != 0:
            raise RefusedError(done.stderr.strip() or done.stdout.strip())
        return done.stdout
