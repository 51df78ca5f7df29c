"""Owns what a person can set, all of it by environment variables; nothing else here reads them.

Must not look at anything but the mapping it is given. Called by tests/conftest.py and `__main__`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
LOGS = CHECKOUT / "build" / "logs"
"""One folder per cluster, emptied when the next one starts."""


@dataclass(frozen=True)
class Settings:
    """How clusters are made on this machine."""

    cache: Path
    """Folder outside the checkout for what is slow to make: programs, base images, layers."""
    required: bool = False
    """A tier that cannot run is a failure, not a skip."""
    kubeconfig: Path | None = None
    """An existing cluster to use in place of our own."""
    image_load: str | None = None
    """Shell command that loads an image archive, whose path it finds in $1, into that cluster."""


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Read PODCOV_REQUIRE_CLUSTER, PODCOV_KUBECONFIG, PODCOV_IMAGE_LOAD and XDG_CACHE_HOME."""
    home = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME", "/root")) / ".cache")
    kubeconfig = environ.get("PODCOV_KUBECONFIG")
    return Settings(
        cache=Path(home) / "podcov",
        required=environ.get("PODCOV_REQUIRE_CLUSTER", "") not in ("", "0"),
        kubeconfig=Path(kubeconfig).expanduser() if kubeconfig else None,
        image_load=environ.get("PODCOV_IMAGE_LOAD") or None,
    )
