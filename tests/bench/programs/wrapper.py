"""Runs a program under coverage.py, with a server of its coverage in the same process.

The design that podcov replaces, kept beside it to be compared with: a thread answers GET /coverage
by stopping the tracer, saving, dumping the data and starting again. `wrapper.py PORT -m MODULE ...`
or `wrapper.py PORT SCRIPT ...`; WRAPPER_SOURCE and WRAPPER_BRANCH are coverage.py's options.
"""

import base64
import json
import os
import runpy
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import coverage

measuring = coverage.Coverage(
    data_file=os.environ["WRAPPER_DATA"],
    source=[os.environ["WRAPPER_SOURCE"]],
    branch=os.environ.get("WRAPPER_BRANCH") == "true",
)


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/coverage":
            self.send_error(404)
            return
        measuring.stop()
        measuring.save()
        data = base64.b64encode(measuring.get_data().dumps()).decode("ascii")
        measuring.start()
        body = json.dumps({"coverage_data": data}).encode("utf-8")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        """Say nothing."""


def main():
    port, *command = sys.argv[1:]
    server = HTTPServer(("127.0.0.1", int(port)), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    measuring.start()
    if command[0] == "-m":
        sys.argv = command[1:]
        sys.path.insert(0, os.getcwd())
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        sys.path.insert(0, os.path.dirname(os.path.abspath(command[0])))
        runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    main()
