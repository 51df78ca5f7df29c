"""`helm test`: asks the API server what an annotated pod would become; it must be rewritten.

Runs in the cluster with a service account that may create pods; with dryRun nothing is stored.
Standard library only. Exit code 0: rewritten; 1: not, and the output says why.
"""

import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

Json = dict[str, Any]

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
PATIENCE_S = 150
"""A kubelet takes up to 90 s to show a new Secret to the webhook's pods."""
PAUSE_S = 2
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "podcov-test", "annotations": {"coverage.io/enabled": "true"}},
    "spec": {
        "containers": [
            {
                "name": "app",
                "image": "podcov.invalid/never-pulled",
                "command": ["python3", "-c", "pass"],
                "securityContext": RESTRICTED,
            }
        ]
    },
}


def post(server: str, account: Path, namespace: str) -> Json:
    """The pod as the API server would store it. Raises urllib.error.URLError with its answer."""
    request = urllib.request.Request(
        f"{server}/api/v1/namespaces/{namespace}/pods?dryRun=All",
        data=json.dumps(POD).encode(),
        headers={
            "Authorization": "Bearer " + (account / "token").read_text().strip(),
            "Content-Type": "application/json",
        },
    )
    trust = ssl.create_default_context(cafile=str(account / "ca.crt"))
    # Python 3.13 is strict about extensions that authorities of some clusters do not have.
    trust.verify_flags &= ~ssl.VERIFY_X509_STRICT
    with urllib.request.urlopen(request, timeout=15, context=trust) as answer:
        pod: Json = json.load(answer)
        return pod


def is_rewritten(pod: Json) -> bool:
    """Whether the pod carries the record and the sidecar."""
    names = [container["name"] for container in pod["spec"].get("initContainers", [])]
    return "coverage.io/injected" in pod["metadata"]["annotations"] and "podcov-agent" in names


def main(server: str, account: Path, namespace: str, patience_s: float) -> int:
    """Ask until the pod comes back rewritten or `patience_s` seconds are over."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            pod = post(server, account, namespace)
        except urllib.error.HTTPError as error:
            seen = f"HTTP {error.code}: {error.read().decode(errors='replace')}"
        except OSError as error:
            seen = f"no answer from {server}: {error}"
        else:
            if is_rewritten(pod):
                print(f"an annotated pod in namespace {namespace} comes back rewritten: good")
                return 0
            seen = "the pod came back as it was: the API server did not reach the webhook"
        if time.monotonic() > deadline:
            print(f"expected an annotated pod in namespace {namespace} to come back rewritten.")
            print(f"seen: {seen}")
            print("look at: kubectl logs of the webhook's pods, and whether they are ready;")
            print("whether that namespace is excluded: helm value test.namespace names another.")
            return 1
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    host = os.environ["KUBERNETES_SERVICE_HOST"]
    url = f"https://{f'[{host}]' if ':' in host else host}:{os.environ['KUBERNETES_SERVICE_PORT']}"
    sys.exit(main(url, ACCOUNT, sys.argv[1], PATIENCE_S))
