"""When certificates are renewed, and that no step leaves a leaf that is not trusted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

import pytest
from podcov_webhook.certificates import is_issued_by, names_of, validity
from podcov_webhook.converge import Controller
from podcov_webhook.errors import ClusterError
from podcov_webhook.rotation import (
    Lifetimes,
    Material,
    StoredSecret,
    decode_material,
    encode_material,
    is_due,
    service_names,
)

START = dt.datetime(2030, 1, 1, tzinfo=dt.timezone.utc)
NAMES = service_names("podcov-webhook", "podcov")
LIFETIMES = Lifetimes(dt.timedelta(days=30), dt.timedelta(days=3))


@dataclass
class MemoryCluster:
    """An API server of two objects, with the same rules about versions as the real one."""

    secret: StoredSecret | None = None
    bundle: bytes = b""
    fails_at: int = 0
    """The write that fails, counted from 1; 0: none."""
    writes: int = 0
    leaves: list[bytes] = field(default_factory=list)

    def read_secret(self) -> StoredSecret | None:
        return self.secret

    def write_secret(self, data: dict[str, bytes], version: str | None) -> str:
        self._count()
        if (self.secret.version if self.secret else None) != version:
            raise ClusterError("409 Conflict")
        self.secret = StoredSecret(data, str(int(version or 0) + 1))
        self.check()
        return self.secret.version

    def publish_bundle(self, bundle: bytes) -> bool:
        if bundle == self.bundle:
            return False
        self._count()
        self.bundle = bundle
        self.check()
        return True

    def check(self) -> None:
        """Whatever leaf the Secret holds now, the API server can verify it."""
        leaf = self.material().leaf
        assert leaf is None or any(
            is_issued_by(leaf.certificate, authority) for authority in _split(self.bundle)
        ), "a leaf is served that the published bundle does not verify"

    def material(self) -> Material:
        assert self.secret is not None
        found = decode_material(self.secret.data)
        assert found is not None
        return found

    def _count(self) -> None:
        self.writes += 1
        if self.writes == self.fails_at:
            raise ClusterError("503 Service Unavailable")


@dataclass
class Clock:
    """A clock that tests turn."""

    now: dt.datetime = START

    def __call__(self) -> dt.datetime:
        return self.now


def make(cluster: MemoryCluster, clock: Clock) -> Controller:
    return Controller(cluster, NAMES, LIFETIMES, clock)


def test_the_first_round_makes_everything_and_the_second_nothing() -> None:
    """An empty cluster gets authority, bundle and leaf; after that nothing is written."""
    cluster, clock = MemoryCluster(), Clock()
    due = make(cluster, clock).converge()
    made = cluster.material()
    assert made.leaf is not None
    assert names_of(made.leaf.certificate) == set(NAMES)
    assert cluster.bundle == made.bundle
    writes = cluster.writes
    make(cluster, clock).converge()
    assert (cluster.writes, cluster.material()) == (writes, made)
    assert clock.now < due < validity(made.leaf.certificate)[1]


@pytest.mark.parametrize("fails_at", [0, 1, 2, 3])
def test_over_months_no_leaf_is_ever_served_that_is_not_trusted(fails_at: int) -> None:
    """Rounds whenever one is due, with a write that fails: every state in between verifies."""
    cluster, clock = MemoryCluster(), Clock()
    make(cluster, clock).converge()
    authorities = {cluster.material().authority.certificate}
    for _ in range(60):
        cluster.writes, cluster.fails_at = 0, fails_at
        try:
            clock.now = make(cluster, clock).converge()
        except ClusterError:
            cluster.fails_at = 0
            clock.now = make(cluster, clock).converge()
        authorities.add(cluster.material().authority.certificate)
        leaf = cluster.material().leaf
        assert leaf is not None
        assert clock.now < validity(leaf.certificate)[1]
    assert len(authorities) > 2, "the test must have seen the authority change"


def test_the_previous_authority_leaves_the_bundle_when_it_has_expired() -> None:
    """The bundle does not grow for ever, and holds nothing that is of no use."""
    cluster, clock = MemoryCluster(), Clock()
    make(cluster, clock).converge()
    old = cluster.material().authority.certificate
    clock.now += dt.timedelta(days=21)
    make(cluster, clock).converge()
    assert _split(cluster.bundle) == [cluster.material().authority.certificate, old]
    clock.now = validity(old)[1]
    make(cluster, clock).converge()
    assert old not in _split(cluster.bundle)


def test_an_emptied_bundle_is_published_again() -> None:
    """Somebody's `kubectl apply` without caBundle does not last."""
    cluster, clock = MemoryCluster(), Clock()
    make(cluster, clock).converge()
    wanted, cluster.bundle = cluster.bundle, b""
    make(cluster, clock).converge()
    assert cluster.bundle == wanted


@pytest.mark.parametrize(
    "damage",
    [
        {"ca.key": b""},
        {"ca.crt": b"-----BEGIN nonsense"},
        {"tls.key": b""},
        {"tls.crt": b"x"},
        {"previous-ca.crt": b"x"},
    ],
)
def test_a_damaged_secret_is_mended(damage: dict[str, bytes]) -> None:
    """Whatever somebody wrote into the Secret, the next round ends with a good pair."""
    cluster, clock = MemoryCluster(), Clock()
    make(cluster, clock).converge()
    assert cluster.secret is not None
    cluster.secret = replace(cluster.secret, data={**cluster.secret.data, **damage})
    make(cluster, clock).converge()
    material = cluster.material()
    assert material.leaf is not None
    assert is_issued_by(material.leaf.certificate, material.authority.certificate)
    assert cluster.bundle == material.bundle


def test_a_renamed_service_gets_a_leaf_for_its_new_name() -> None:
    """The names are compared, not only the dates."""
    cluster, clock = MemoryCluster(), Clock()
    make(cluster, clock).converge()
    names = service_names("other", "podcov")
    Controller(cluster, names, LIFETIMES, clock).converge()
    leaf = cluster.material().leaf
    assert leaf is not None
    assert names_of(leaf.certificate) == set(names)


def test_the_secret_keeps_what_the_material_holds() -> None:
    """encode and decode are inverse, with and without a leaf."""
    cluster, clock = MemoryCluster(), Clock()
    make(cluster, clock).converge()
    material = cluster.material()
    for each in (material, replace(material, leaf=None, previous=b"")):
        assert decode_material(encode_material(each)) == each
    assert decode_material({}) is None


def test_a_certificate_is_due_after_two_thirds_of_its_life() -> None:
    """Early enough to survive an outage of days."""
    cluster, clock = MemoryCluster(), Clock()
    make(cluster, clock).converge()
    certificate = cluster.material().authority.certificate
    assert not is_due(certificate, START + dt.timedelta(days=19))
    assert is_due(certificate, START + dt.timedelta(days=20))


def _split(bundle: bytes) -> list[bytes]:
    end = b"-----END CERTIFICATE-----\n"
    return [part + end for part in bundle.split(end) if part.strip()]
