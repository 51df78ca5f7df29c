"""Owns the counters that `/metrics` shows, in Prometheus text format.

Called by `api`.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class ReviewCounter:
    """How many reviews ended how, and how long they took together."""

    def __init__(self) -> None:
        self._count: Counter[str] = Counter()
        self._seconds = 0.0

    def add(self, outcome: str, seconds: float) -> None:
        """Count one review."""
        self._count[outcome] += 1
        self._seconds += seconds

    def render(self, expires: dt.datetime | None, reload_failures: int) -> str:
        """The text of `/metrics`."""
        lines = [
            "# HELP podcov_webhook_reviews_total Admission reviews, by what became of them.",
            "# TYPE podcov_webhook_reviews_total counter",
            *(
                f'podcov_webhook_reviews_total{{outcome="{outcome}"}} {count}'
                for outcome, count in sorted(self._count.items())
            ),
            "# HELP podcov_webhook_review_seconds_total Time spent in admission reviews.",
            "# TYPE podcov_webhook_review_seconds_total counter",
            f"podcov_webhook_review_seconds_total {self._seconds:.6f}",
            "# HELP podcov_webhook_certificate_failures_total New pairs that were unusable.",
            "# TYPE podcov_webhook_certificate_failures_total counter",
            f"podcov_webhook_certificate_failures_total {reload_failures}",
        ]
        if expires is not None:
            lines += [
                "# HELP podcov_webhook_certificate_expiry_seconds When the certificate ends.",
                "# TYPE podcov_webhook_certificate_expiry_seconds gauge",
                f"podcov_webhook_certificate_expiry_seconds {expires.timestamp():.0f}",
            ]
        return "\n".join(lines) + "\n"
