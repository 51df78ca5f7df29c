"""Collects and reports live coverage from running workloads.

`Session` is the library, `podcov` the command line, `--podcov` the pytest plugin. Names are
imported when they are first used: the pytest plugin is loaded in every run, also where podcov is
not used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from podcov.contract import VERSION

if TYPE_CHECKING:
    from podcov.collection import Collection
    from podcov.errors import PodcovError
    from podcov.legacy import CoverageClient
    from podcov.models import Interval
    from podcov.session import Session

__version__ = VERSION
__all__ = ["Collection", "CoverageClient", "Interval", "PodcovError", "Session", "__version__"]

_HOMES = {
    "Collection": "collection",
    "CoverageClient": "legacy",
    "Interval": "models",
    "PodcovError": "errors",
    "Session": "session",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
