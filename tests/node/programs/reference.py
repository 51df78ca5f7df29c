"""Serves the shop in this one process under coverage.py: what the cluster's report is held against.

    reference.py SOURCE_FOLDER DATA_FILE

Each request is measured in a context of its own (`GET /cart`), and what ran before the first one in
context `startup`. Prints the port; ends and saves when standard input does.
"""

import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import coverage


class Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        return


def main(source: str, data_file: str) -> None:
    measured = coverage.Coverage(data_file=data_file, source=[source], config_file=False)
    measured.start()
    measured.switch_context("startup")
    sys.path.insert(0, source)
    from shop.wsgi import app

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        measured.switch_context(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        answer: Iterable[bytes] = app(environ, start)
        return answer

    with make_server("127.0.0.1", 0, application, handler_class=Silent) as server:
        print(server.server_port, flush=True)
        threading.Thread(target=_stop_at_end_of_input, args=(server,), daemon=True).start()
        server.serve_forever(poll_interval=0.05)
    measured.stop()
    measured.save()


def _stop_at_end_of_input(server: Any) -> None:
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
