"""Owns the server's certificate while the process runs: loads it, and reloads it when it changes.

Must not make certificates and must not know HTTP. A pair is loaded into a context of its own and
swapped in during the handshake: a bad pair loaded into a living context would poison it.
Called by `api`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import ssl
from pathlib import Path

from podcov_webhook import certificates
from podcov_webhook.errors import CertificateError

log = logging.getLogger(__name__)


class CertificateFiles:
    """The pair in two files, as a TLS context that follows the files."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.certificate = certificate
        self.key = key
        self.expires: dt.datetime | None = None
        self.failures = 0
        """How many pairs that replaced a good one could not be used."""
        self._context: ssl.SSLContext | None = None
        self._seen: tuple[int, ...] | None = None

    @property
    def loaded(self) -> bool:
        """Whether a usable pair was ever found: handshakes succeed."""
        return self._context is not None

    def is_valid(self, now: dt.datetime) -> bool:
        """Whether clients can trust what is served now."""
        return self.expires is not None and now < self.expires

    def serving_context(self) -> ssl.SSLContext:
        """The context to listen with: each handshake uses the pair that is current then."""

        def choose(
            connection: ssl.SSLSocket | ssl.SSLObject, _name: str | None, _outer: ssl.SSLContext
        ) -> int | None:
            if self._context is None:
                return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
            connection.context = self._context
            return None

        outer = _server_context()
        outer.sni_callback = choose  # OpenSSL asks it for clients that send no name, too
        return outer

    def refresh(self) -> None:
        """Load the pair if the files changed since the last look.

        A pair that cannot be used is reported once, and the one before stays.
        """
        seen = _signature(self.certificate, self.key)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            context, expires = _load(self.certificate, self.key)
        except CertificateError as error:
            self.failures += self.loaded
            level = logging.ERROR if self.loaded else logging.WARNING  # at first, none is normal
            log.log(level, "%s", error, extra={"event": "certificate", "slug": error.slug})
            return
        self._context, self.expires = context, expires
        log.info(
            "serving the certificate that expires %s",
            expires.isoformat(),
            extra={"event": "certificate"},
        )

    async def follow(self, every_s: float) -> None:
        """Look at the files every so many seconds, for ever."""
        while True:
            self.refresh()
            await asyncio.sleep(every_s)


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _load(certificate: Path, key: Path) -> tuple[ssl.SSLContext, dt.datetime]:
    context = _server_context()
    try:
        context.load_cert_chain(certificate, key)
        _, expires = certificates.validity(certificate.read_bytes())
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise CertificateError(
            f"cannot use {certificate} with {key}: {error}; expected a PEM certificate and its "
            "own key; the pair before stays in use, if there was one"
        ) from error
    return context, expires


def _signature(*paths: Path) -> tuple[int, ...]:
    """Changes when a file does: a mounted secret is swapped by a link, so inodes change."""
    found: list[int] = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            found.append(-1)
        else:
            found += [status.st_ino, status.st_mtime_ns, status.st_size]
    return tuple(found)
