"""A WSGI and an ASGI application: GET /?k runs step k, and the answer names the process."""

import os

from work import step


def app(environ, start_response):
    n = int(environ["QUERY_STRING"] or 0)
    body = str(os.getpid()).encode()
    step(n)  # wsgi
    if environ["PATH_INFO"] == "/die":
        os._exit(9)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        return
    step(int(scope["query_string"] or 0))  # asgi
    body = str(os.getpid()).encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
