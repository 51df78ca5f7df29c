"""The market's routes: /healthz, /price/ITEM/COUNT, /orders/NAME/NAME, /audit, /whoami."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler

from market import audit, orders, prices


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, text = answer(self.path)
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if self.path != "/healthz":
            print(f"market: {self.path} {status}", flush=True)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: it would tell the time."""


def answer(path: str) -> tuple[int, str]:
    match path.strip("/").split("/"):
        case ["healthz"]:
            return 200, "ok"
        case ["price", item, count]:
            try:
                return 200, prices.total(item, int(count))
            except (prices.UnknownItemError, ValueError) as error:
                return 404, f"{type(error).__name__}: {error}"
        case ["orders", *names]:
            return 200, orders.deliver(*names)
        case ["audit"]:
            return 200, audit.audit()
        case ["whoami"]:
            return 200, json.dumps(whoami())
    return 404, "no such route"


def whoami() -> dict[str, object]:
    umask = os.umask(0)
    os.umask(umask)
    return {
        "uid": os.getuid(),
        "gid": os.getgid(),
        "groups": os.getgroups(),
        "umask": umask,
        "python": ".".join(map(str, sys.version_info[:2])),
        "path": sys.path,
        "greeting": getattr(sys, "greeting", None),
        "shell": os.path.exists("/bin/sh"),
    }
