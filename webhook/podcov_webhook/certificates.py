"""Owns X.509: makes a certificate authority and leaves, and reads what certificates say.

Pure but for randomness: the clock is an argument, nothing is read or written. The only importer
of cryptography. Called by `rotation` (which decides when) and `tls` (expiry dates).
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from podcov_webhook.errors import CertificateError

CLOCK_SKEW = dt.timedelta(minutes=5)
"""A new certificate is valid from a little before now: not all clocks agree."""


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes


def make_authority(name: str, now: dt.datetime, lifetime: dt.timedelta) -> Pair:
    """A self-signed certificate authority that may sign leaves only."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(name)
    builder = (
        _builder(subject, subject, key, now, lifetime)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
    )
    return _pair(builder.sign(key, hashes.SHA256()), key)


def issue_leaf(
    authority: Pair, names: Sequence[str], now: dt.datetime, lifetime: dt.timedelta
) -> Pair:
    """A server certificate for these DNS names and IP addresses, signed by `authority`."""
    issuer = _load(authority.certificate)
    signer = serialization.load_pem_private_key(authority.key, None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise CertificateError("the authority's key is not an elliptic curve key; delete it")
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(_subject(names[0]), issuer.subject, key, now, lifetime)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_san(n) for n in names]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    return _pair(builder.sign(signer, hashes.SHA256()), key)


def validity(certificate: bytes) -> tuple[dt.datetime, dt.datetime]:
    """(valid from, valid until) of the first certificate in a PEM text, in UTC."""
    loaded = _load(certificate)
    return loaded.not_valid_before_utc, loaded.not_valid_after_utc


def names_of(certificate: bytes) -> frozenset[str]:
    """The DNS names and IP addresses that a certificate is for."""
    found = _load(certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return frozenset(str(general_name.value) for general_name in found.value)


def is_issued_by(certificate: bytes, authority: bytes) -> bool:
    """Whether `authority` (PEM certificate) signed `certificate` (PEM)."""
    try:
        _load(certificate).verify_directly_issued_by(_load(authority))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def belong_together(pair: Pair) -> bool:
    """Whether the key of a pair is the key of its certificate."""
    try:
        key = serialization.load_pem_private_key(pair.key, None)
    except (ValueError, TypeError):
        return False
    return key.public_key() == _load(pair.certificate).public_key()


def _load(certificate: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(certificate)
    except ValueError as error:
        raise CertificateError(f"not a PEM certificate: {error}") from error


def _subject(name: str) -> x509.Name:
    # X.520 limits a common name to 64 characters; clients read the alternative names anyway.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _san(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: dt.datetime,
    lifetime: dt.timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    pem = serialization.Encoding.PEM
    return Pair(
        certificate.public_bytes(pem),
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
