"""Turns a source file into code that marks its lines in the container's map.

Brings scope, rewriting, cache and map together for one file at a time. The answer is None whenever
anything is unusual, and then a note says why; the caller goes on with the plain code. Called by the
import hook and the entry script.
"""

from __future__ import annotations

from _io import FileIO

from podcov_agent import errors
from podcov_agent.errors import NotMeasuredError
from podcov_agent.rewrite import bind, rewrite

try:
    from _sha1 import sha1  # type: ignore[import-not-found]  # hashlib would load OpenSSL
except ImportError:
    from hashlib import sha1

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

    from podcov_agent.cache import Cache
    from podcov_agent.linemap import Spool
    from podcov_agent.rewrite import Rewritten
    from podcov_agent.scope import Scope


class Measure:
    """What one process needs to measure a file."""

    def __init__(self, scope: Scope, spool: Spool, cache: Cache) -> None:
        self._scope = scope
        self._spool = spool
        self._cache = cache

    def measured(self, path: str, module: str = "") -> str | None:
        """The real path of `path` if it is to be measured, else None."""
        return self._scope.measured(path, module)

    def recall(self, path: str, real: str, source: bytes) -> CodeType | None:
        """Marked code from the cache, compiled as `path`; None if it is not there."""
        blob = blob_hash(source)
        kept = self._cache.load(path, blob)
        return None if kept is None else self._bind(kept, real, blob)

    def mark(self, path: str, real: str, source: bytes) -> CodeType:
        """Marked code, rewritten if the cache does not have it.

        Raises NotMeasuredError, and what compile raises of this source.
        """
        blob = blob_hash(source)
        rewritten = self._cache.load(path, blob)
        if rewritten is None:
            rewritten = rewrite(source, path)
            self._cache.store(path, blob, rewritten)
        return self._bind(rewritten, real, blob)

    def _bind(self, rewritten: Rewritten, real: str, blob: str) -> CodeType:
        linemap, base = self._spool.place(real, blob, rewritten.slots)
        return bind(rewritten.code, linemap, base)

    def explain(self, path: str, error: Exception) -> None:
        """Make a note of why `path` stays plain; go on with an exception that is not ours."""
        if isinstance(error, NotMeasuredError):
            self._spool.note(error.slug, error.detail)
        elif errors.is_ours(error):
            expected = isinstance(error, (SyntaxError, RecursionError, MemoryError, ValueError))
            slug = errors.NOT_REWRITTEN if expected else errors.AGENT_FAILED
            self._spool.note(slug, f"{path}: {type(error).__name__}: {error}")
        else:
            raise error

    def note(self, slug: str, detail: str) -> None:
        """Make a note."""
        self._spool.note(slug, detail)


def blob_hash(source: bytes) -> str:
    """What git calls this content."""
    name: str = sha1(b"blob %d\0" % len(source) + source).hexdigest()
    return name


def read_file(path: str) -> bytes:
    """The bytes of a file. OSError."""
    with FileIO(path) as file:
        return file.readall()
