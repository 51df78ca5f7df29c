"""A server that answers a few questions as the Kubernetes API does, and a kubectl that forwards.

Owns what the client's tests need of a cluster: its JSON, its errors, kubectl's words. The real ones
are the admission and node tiers'. Called by unit and process tests.
"""

import json
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from support.relay import pump

Routes = Mapping[str, tuple[int, object]]
PODS = "/api/v1/namespaces/shop/pods"


def pod(name: str, **changes: Any) -> dict[str, Any]:
    """A measured, running pod of deployment shop, as `kubectl get pod -o json` shows it."""
    return {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": f"uid-{name}",
            "labels": {"app": "shop", "pod-template-hash": "7d4b9"},
            "annotations": {"coverage.io/injected": "{}"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "shop-7d4b9"}],
            **changes.get("metadata", {}),
        },
        "spec": {
            "initContainers": changes.get("init", [{"name": "podcov-agent"}]),
            "containers": [{"name": "shop"}],
        },
        "status": changes.get(
            "status",
            {
                "phase": "Running",
                "initContainerStatuses": [
                    {"name": "podcov-agent", "state": {"running": {"startedAt": "now"}}}
                ],
            },
        ),
    }


@contextmanager
def serving(routes: Routes, forward_to: int = 0) -> Iterator[str]:
    """The URL of a server with these JSON answers (path → status, body); any other path is 404.

    Who asks for a port-forward talks to this local port (a `support.relay`), if there is one.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if forward_to and urlsplit(self.path).path.endswith("/portforward"):
                self._forward()
                return
            status, body = routes.get(urlsplit(self.path).path, (404, {"reason": "NotFound"}))
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET  # noqa: N815 (http.server's names)

        def _forward(self) -> None:
            self.close_connection = True
            lines = [self.requestline, *(f"{k}: {v}" for k, v in self.headers.items()), "", ""]
            with socket.create_connection(("127.0.0.1", forward_to)) as far:
                far.sendall("\r\n".join(lines).encode())
                back = threading.Thread(target=pump, args=(far, self.connection), daemon=True)
                back.start()
                pump(self.connection, far)
                back.join()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def write_kubeconfig(file: Path, server: str, namespace: str = "shop") -> Path:
    """A kubeconfig with one context, `played`."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "played",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [
            {"name": "played", "context": {"cluster": "c", "user": "u", "namespace": namespace}}
        ],
    }
    file.write_text(json.dumps(config))
    return file


def write_kubectl(folder: Path, says: str, code: int | None = None) -> Path:
    """A program `kubectl` that says this, and then waits to be ended, or ends with `code`."""
    folder.mkdir(exist_ok=True)
    program = folder / "kubectl"
    end = "signal.pause()" if code is None else f"sys.exit({code})"
    program.write_text(
        f"#!{sys.executable}\nimport pathlib, signal, sys, os\n"
        f"pathlib.Path(__file__).with_name('pid').write_text(str(os.getpid()))\n"
        f"pathlib.Path(__file__).with_name('argv').write_text(' '.join(sys.argv[1:]))\n"
        f"print({says!r}, flush=True)\n{end}\n"
    )
    program.chmod(0o755)
    return program
