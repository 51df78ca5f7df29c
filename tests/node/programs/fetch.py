"""Fetches a path from a pod's port as podcov's client reaches pods, again and again.

    fetch.py KUBECONFIG KUBECTL native|kubectl POD PORT PATH TIMES

Prints size and SHA-256 of each answer. A program of its own: what the kubernetes library leaves
open is then no matter of the tests.
"""

import hashlib
import sys

from podcov.forward import Kubectl, Native
from podcov.kube import open_kube
from podcov.models import Target

TIMEOUT_S = 30


def main(
    kubeconfig: str, kubectl: str, way: str, pod: str, port: str, path: str, times: str
) -> None:
    native = Native(open_kube(kubeconfig, None, TIMEOUT_S))
    forwarder = native if way == "native" else Kubectl(kubeconfig, program=kubectl)
    target = Target(key=pod, name=pod, namespace="default", port=int(port))
    for _ in range(int(times)):
        with forwarder.connect(target, TIMEOUT_S) as connection:
            connection.request("GET", path)
            body = connection.getresponse().read()
        print(len(body), hashlib.sha256(body).hexdigest())


if __name__ == "__main__":
    main(*sys.argv[1:])
