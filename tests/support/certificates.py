"""Certificates on disk for tests that speak TLS to a real process."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from podcov_webhook.certificates import Pair, issue_leaf, make_authority

LOCAL_NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class TestAuthority:
    """A certificate authority whose certificate lies at `ca_file`, for verifying clients."""

    __test__ = False

    pair: Pair
    ca_file: Path

    def issue(self, names: Sequence[str] = LOCAL_NAMES, days: float = 1) -> Pair:
        """A leaf for these names; days may be negative for an expired one."""
        return issue_leaf(self.pair, names, _now(), dt.timedelta(days=days))


@dataclass(frozen=True)
class PairFiles:
    """Where a server finds its certificate and its key."""

    certificate: Path
    key: Path

    def write(self, pair: Pair) -> None:
        """Put the pair there, each file swapped by a rename as a mounted secret's is."""
        _swap(self.key, pair.key)
        _swap(self.certificate, pair.certificate)


def make_test_authority(folder: Path, name: str = "podcov tests") -> TestAuthority:
    """A new authority; writes `ca.crt` into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    pair = make_authority(name, _now(), dt.timedelta(days=2))
    ca_file = folder / "ca.crt"
    ca_file.write_bytes(pair.certificate)
    return TestAuthority(pair, ca_file)


def make_server_files(
    folder: Path, authority: TestAuthority, names: Sequence[str] = LOCAL_NAMES
) -> PairFiles:
    """`tls.crt` and `tls.key` in the folder, signed by the authority."""
    files = PairFiles(folder / "tls.crt", folder / "tls.key")
    files.write(authority.issue(names))
    return files


def _swap(path: Path, content: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(content)
    os.replace(fresh, path)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)
