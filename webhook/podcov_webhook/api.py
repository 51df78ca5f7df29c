"""Owns the HTTP routes: bytes in, bytes out.

Must not decide anything: `review` does. The only importer of FastAPI. Called by `server`.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import time

from fastapi import FastAPI, Request, Response

from podcov_webhook import metrics
from podcov_webhook.decision import Context
from podcov_webhook.errors import ReviewError, ReviewSizeError
from podcov_webhook.review import Reviewed, review
from podcov_webhook.tls import CertificateFiles

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 10 << 20
"""The API server takes objects of up to 3 MiB; a review has one of them twice."""


def make_app(context: Context, files: CertificateFiles) -> FastAPI:
    """The webhook as an ASGI application."""
    app = FastAPI(openapi_url=None)
    counter = metrics.ReviewCounter()

    @app.post("/mutate")
    async def mutate(request: Request) -> Response:
        started = time.perf_counter()
        try:
            reviewed = review(_parse(await _read(request)), context)
        except (ReviewError, ReviewSizeError) as error:
            counter.add("malformed", time.perf_counter() - started)
            log.error("%s", error, extra={"event": "review", "slug": error.slug})
            status = 400 if isinstance(error, ReviewError) else 413
            return Response(f"{error} [{error.slug}]", status_code=status, media_type="text/plain")
        content = json.dumps(reviewed.answer, separators=(",", ":"))
        seconds = time.perf_counter() - started
        counter.add(reviewed.outcome, seconds)
        _log_review(reviewed, seconds)
        return Response(content, media_type="application/json")

    @app.get("/healthz")
    async def healthz() -> Response:
        return Response("ok", media_type="text/plain")

    @app.get("/readyz")
    async def readyz() -> Response:
        if files.is_valid(dt.datetime.now(dt.timezone.utc)):
            return Response("ok", media_type="text/plain")
        return Response("the certificate has expired", status_code=503, media_type="text/plain")

    @app.get("/metrics")
    async def show_metrics() -> Response:
        text = counter.render(files.expires, files.failures)
        return Response(text, media_type=metrics.CONTENT_TYPE)

    return app


async def _read(request: Request) -> bytes:
    """The body. What is too large is not kept, and not read to its end."""
    size = int(request.headers.get("content-length") or 0)
    parts: list[bytes] = []
    if size <= MAX_BODY_BYTES:
        size = 0
        async for part in request.stream():
            size += len(part)
            if size > MAX_BODY_BYTES:
                break
            parts.append(part)
    if size > MAX_BODY_BYTES:
        raise ReviewSizeError(
            f"the body has {size} bytes or more; an AdmissionReview has at most {MAX_BODY_BYTES}"
        )
    return b"".join(parts)


def _parse(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ReviewError(f"the body is not JSON: {error}") from error


def _log_review(reviewed: Reviewed, seconds: float) -> None:
    log.info(
        "%s %s/%s %s",
        reviewed.kind,
        reviewed.namespace,
        reviewed.name,
        reviewed.outcome,
        extra={
            "event": "review",
            "uid": reviewed.uid,
            "kind": reviewed.kind,
            "namespace": reviewed.namespace,
            "object": reviewed.name,
            "operation": reviewed.operation,
            "outcome": reviewed.outcome,
            "slugs": list(reviewed.slugs),
            "ms": round(seconds * 1000, 2),
        },
    )
