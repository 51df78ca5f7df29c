"""A market as a web service: the program that every kind of image runs in the node tests.

    MARKET_PORT=8080 python3 main.py

It needs the library alone. Routes: see market/service.py.
"""

import os
from http.server import ThreadingHTTPServer

from market.service import Handler


def main() -> None:
    port = int(os.environ["MARKET_PORT"])
    with ThreadingHTTPServer(("", port), Handler) as server:
        print(f"market: open at {port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
