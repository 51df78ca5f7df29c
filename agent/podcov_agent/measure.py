"""Turns a source file into code that marks its lines in the container's map.

Brings scope, rewriting, cache and map together for one file at a time. The answer is None whenever
anything is unusual, and then a note says why; the caller goes on with the plain code. Called by the
import hook and the entry script.
"""

from __future__ import annotations

from _io import FileIO
from os import fstat, stat
from stat import S_ISREG

from podcov_agent import errors
from podcov_agent.binding import MARK, STORE, bind, pack
from podcov_agent.cache import UNNUMBERED, Kept
from podcov_agent.errors import NotMeasuredError

MAP = (MARK, 0)
"""What `bind` exchanges for the map."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import stat_result
    from types import CodeType

    from podcov_agent.cache import Cache
    from podcov_agent.linemap import Spool
    from podcov_agent.scope import Scope


class Measure:
    """What one process needs to measure a file."""

    def __init__(self, scope: Scope, spool: Spool, cache: Cache, form: str, branches: bool) -> None:
        self.measured = scope.measured
        self._branches = branches
        self._form = form
        self._spool = spool
        self._cache = cache

    def recall(self, path: str, real: str, stamp: str) -> CodeType | None:
        """Marked code of the source with this stamp from the cache, compiled as `path`, or None."""
        kept = self._cache.load(path, stamp)
        if kept is None:
            return None
        linemap, base = self._spool.place(real, kept.blob, kept.slots, kept.exits)
        if kept.base == UNNUMBERED:
            linemap.plant(kept.code, base)
            return kept.code
        return bind(kept.code, linemap, 0) if base == kept.base else None

    def mark(self, path: str, real: str, source: Source) -> CodeType:
        """Marked code, rewritten if the cache does not have it.

        Raises NotMeasuredError, and what compile raises of this source.
        """
        code = self.recall(path, real, source.stamp)
        if code is None:
            from podcov_agent.probes import FORMS  # late: most processes find all in the cache
            from podcov_agent.rewrite import rewrite

            probes = FORMS[self._form]
            rewritten = rewrite(source.data, path, probes=probes, branches=self._branches)
            blob, slots, exits = blob_hash(source.data), rewritten.slots, rewritten.exits
            linemap, base = self._spool.place(real, blob, slots, exits)
            if self._form == STORE:  # numbers in place of placeholders load much faster
                kept = Kept(bind(rewritten.code, MAP, base), slots, base, blob, exits)
            else:
                kept = Kept(pack(rewritten.code), slots, UNNUMBERED, blob, exits)
            self._cache.store(path, source.stamp, kept)
            if kept.base != UNNUMBERED:
                return bind(rewritten.code, linemap, base)
            linemap.plant(kept.code, base)  # so that code loaded again from the cache is equal
            code = kept.code
        return code

    def explain(self, path: str, error: BaseException, *known: type[Exception]) -> None:
        """Make a note of why `path` stays plain; go on with an exception that is not ours.

        No note is made of one of `known`: Python itself will say what is wrong with the file.
        """
        if isinstance(error, NotMeasuredError):
            self._spool.note(error.slug, error.detail)
        elif not errors.is_ours(error):
            raise error
        elif not isinstance(error, known):
            expected = isinstance(error, (SyntaxError, RecursionError, MemoryError, ValueError))
            slug = errors.NOT_REWRITTEN if expected else errors.AGENT_FAILED
            self._spool.note(slug, f"{path}: {type(error).__name__}: {error}")

    def note(self, slug: str, detail: str) -> None:
        """Make a note."""
        self._spool.note(slug, detail)


def blob_hash(source: bytes) -> str:
    """What git calls this content."""
    from podcov_agent.sha1 import sha1  # late, as `rewrite`

    name: str = sha1(b"blob %d\0" % len(source) + source).hexdigest()
    return name


class Source:
    """The bytes of a source, and a stamp that other bytes under the same path would not have."""

    __slots__ = ("data", "stamp")

    def __init__(self, data: bytes, stamp: str) -> None:
        self.data = data
        self.stamp = stamp


def read_source(path: str) -> Source:
    """The source in a regular file. OSError, also if it changes under our eyes.

    Of a FIFO the program itself would be left with nothing, and we might wait for ever.
    """
    if not S_ISREG(stat(path).st_mode):
        raise OSError(0, f"{path} is no regular file")
    with FileIO(path) as file:
        before, data, after = fstat(file.fileno()), file.readall(), fstat(file.fileno())
    if stamp_of(before) != stamp_of(after):
        raise OSError(0, f"{path} changed while it was read")
    return Source(data, stamp_of(after))


def stamp_of(status: stat_result) -> str:
    """What changes with the content of a file; Python itself looks at less."""
    return f"{status.st_mtime_ns} {status.st_ctime_ns} {status.st_size} {status.st_ino}"
