"""Owns one round of the controller: makes Secret and configuration as they should be.

Must not know kopf or the Kubernetes client. Called by `handlers`, at start, at every change of one
of the two objects, and when the next renewal is due.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import Protocol

from podcov_webhook.rotation import (
    Lifetimes,
    Material,
    StoredSecret,
    decode_material,
    encode_material,
    renew_authority,
    renew_leaf,
    renewal_time,
)

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]


class Store(Protocol):
    """What a round needs of the cluster."""

    def read_secret(self) -> StoredSecret | None:
        """The Secret, or None."""

    def write_secret(self, data: dict[str, bytes], version: str | None) -> str:
        """Create or replace it; its new version."""

    def publish_bundle(self, bundle: bytes) -> bool:
        """Make the API server trust the bundle; whether that was a change."""


class Controller:
    """Keeps the webhook's certificates good."""

    def __init__(
        self, store: Store, names: tuple[str, ...], lifetimes: Lifetimes, clock: Clock
    ) -> None:
        self._store = store
        self._names = names
        self._lifetimes = lifetimes
        self._clock = clock

    def converge(self) -> dt.datetime:
        """One round; returns when the next is due, in UTC. Raises ClusterError."""
        now = self._clock()
        stored = self._store.read_secret()
        version = stored.version if stored else None
        before = decode_material(stored.data) if stored else None
        material = renew_authority(before, now, self._lifetimes.authority)
        if material is not before:
            version = self._write(material, version, "new certificate authority")
        if self._store.publish_bundle(material.bundle):
            log.info("caBundle published", extra={"event": "published"})
        renewed = renew_leaf(material, self._names, now, self._lifetimes.leaf)
        if renewed is not material:
            self._write(renewed, version, "new server certificate")
        return _next_renewal(renewed)

    def _write(self, material: Material, version: str | None, what: str) -> str:
        version = self._store.write_secret(encode_material(material), version)
        log.info(what, extra={"event": "renewed"})
        return version


def _next_renewal(material: Material) -> dt.datetime:
    certificates = [material.authority.certificate]
    if material.leaf is not None:
        certificates.append(material.leaf.certificate)
    return min(map(renewal_time, certificates))
