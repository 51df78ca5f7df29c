"""Owns the decision when certificates are renewed, and in which order.

Pure: what the Secret and the configuration hold, and the time, in; the next step out. The order is
what matters: a new authority is trusted (published in caBundle, together with the one before)
before the first leaf of it is served, so at no moment does the API server meet a leaf that it
cannot verify. Each step is derived from what is there, so a crash between two of them is harmless.
Called by `converge`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from podcov_webhook.certificates import (
    Pair,
    belong_together,
    is_issued_by,
    issue_leaf,
    make_authority,
    names_of,
    validity,
)
from podcov_webhook.errors import CertificateError

AUTHORITY_NAME = "podcov webhook authority"
RENEW_AT = 2 / 3
"""The part of its lifetime after which a certificate is replaced."""


@dataclass(frozen=True)
class Lifetimes:
    """How long new certificates are valid."""

    authority: dt.timedelta
    leaf: dt.timedelta


@dataclass(frozen=True)
class Material:
    """Everything the Secret holds."""

    authority: Pair
    previous: bytes = b""
    """PEM certificate of the authority before, or nothing."""
    leaf: Pair | None = None

    @property
    def bundle(self) -> bytes:
        """What the API server must trust: the new authority and the one before."""
        return self.authority.certificate + self.previous


@dataclass(frozen=True)
class StoredSecret:
    """The data of the Secret, and the version that a change of it must be based on."""

    data: dict[str, bytes]
    version: str


def renew_authority(
    material: Material | None, now: dt.datetime, lifetime: dt.timedelta
) -> Material:
    """The material with an authority that is good for a while: the same object if it was.

    The old authority becomes the previous one; its leaf stays, and is verified by the bundle.
    """
    if material is None:
        return Material(make_authority(AUTHORITY_NAME, now, lifetime))
    if is_due(material.authority.certificate, now):
        fresh = make_authority(AUTHORITY_NAME, now, lifetime)
        return replace(material, authority=fresh, previous=material.authority.certificate)
    if material.previous and now >= validity(material.previous)[1]:
        return replace(material, previous=b"")
    return material


def renew_leaf(
    material: Material, names: tuple[str, ...], now: dt.datetime, lifetime: dt.timedelta
) -> Material:
    """The material with a good leaf for these names: the same object if it was.

    To be called once the bundle is published.
    """
    leaf = material.leaf
    if leaf is not None and _is_good(leaf, material.authority, names, now):
        return material
    return replace(material, leaf=issue_leaf(material.authority, names, now, lifetime))


def is_due(certificate: bytes, now: dt.datetime) -> bool:
    """Whether it is time to replace a certificate: two thirds of its life are over."""
    return now >= renewal_time(certificate)


def renewal_time(certificate: bytes) -> dt.datetime:
    """When a certificate is to be replaced, in UTC."""
    begins, ends = validity(certificate)
    return begins + (ends - begins) * RENEW_AT


def service_names(service: str, namespace: str) -> tuple[str, ...]:
    """The names by which the API server may call the Service."""
    return (f"{service}.{namespace}.svc", f"{service}.{namespace}.svc.cluster.local")


def encode_material(material: Material) -> dict[str, bytes]:
    """The keys of the Secret. Replicas of the webhook mount `tls.crt` and `tls.key` only."""
    leaf = material.leaf or Pair(b"", b"")
    keys = {
        "ca.crt": material.authority.certificate,
        "ca.key": material.authority.key,
        "previous-ca.crt": material.previous,
        "tls.crt": leaf.certificate,
        "tls.key": leaf.key,
    }
    return {key: value for key, value in keys.items() if value}


def decode_material(data: Mapping[str, bytes]) -> Material | None:
    """What a Secret holds; None if that is unusable, so that it is made anew."""
    authority = Pair(data.get("ca.crt", b""), data.get("ca.key", b""))
    leaf = Pair(data.get("tls.crt", b""), data.get("tls.key", b""))
    previous = data.get("previous-ca.crt", b"")
    try:
        if not belong_together(authority):
            return None
        if previous:
            validity(previous)
    except CertificateError:
        return None
    return Material(authority, previous, leaf if leaf.certificate else None)


def _is_good(leaf: Pair, authority: Pair, names: tuple[str, ...], now: dt.datetime) -> bool:
    try:
        return (
            belong_together(leaf)
            and is_issued_by(leaf.certificate, authority.certificate)
            and names_of(leaf.certificate) == frozenset(names)
            and not is_due(leaf.certificate, now)
        )
    except CertificateError:
        return False
