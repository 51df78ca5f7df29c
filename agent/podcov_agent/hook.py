"""Hands marked code to Python where it asks for the code of a measured file.

Replaces three functions of the import machinery and `exec`, and puts nothing into sys.meta_path.
Each asks the original first, or falls back to it, so that files, warnings and errors are as they
would be without us. `boot` calls `install`, once per interpreter.
"""

from __future__ import annotations

import _frozen_importlib_external
import sys
import zipimport
from _functools import reduce  # type: ignore[import-not-found]  # (functools costs more)
from _operator import add
from os import fsdecode, stat
from os.path import abspath, dirname

from podcov_agent import bytecode, errors
from podcov_agent.binding import NATIVE, STORE
from podcov_agent.cache import Cache
from podcov_agent.config import read_config
from podcov_agent.entry import Bound, is_pex, watch_entry
from podcov_agent.errors import NotMeasuredError
from podcov_agent.executed import watch_exec
from podcov_agent.linemap import Spool
from podcov_agent.measure import Measure, Source, blob_hash, read_source, stamp_of
from podcov_agent.nativemap import load_native
from podcov_agent.scope import Scope, places_here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import CodeType
    from typing import Any

IMPORTLIB = "<frozen importlib._bootstrap_external>"

machinery: Any = _frozen_importlib_external
zipper: Any = zipimport
"""Of type Any, because we exchange methods of their classes."""

_File = machinery.SourceFileLoader
_plain_compile = machinery.SourceLoader.source_to_code
_plain_read = machinery.FileLoader.get_data
_plain_filename = machinery.FileLoader.get_filename
_NOT_OURS = object()
"""Most modules: of the library, of others."""

_getframe, _stat = sys._getframe, stat
_PY310 = sys.version_info >= (3, 10)


def install(environ: Mapping[str, str], package: str) -> None:
    """Measure this interpreter from now on. Raises what the first touch of the spool raises."""
    config = read_config(environ)
    native = load_native(dirname(package)) if config.native else None
    spool = Spool(config.spool, native)
    spool.announce()
    entry = find_entry(sys.argv)
    if entry is not None and is_pex(entry):
        spool.note(errors.ISOLATED, entry)
    ours = (dirname(package), config.spool)
    try:
        scope = Scope(config.source, config.omit, places_here(entry, ours))
    except ValueError as error:
        spool.note(errors.BAD_OMIT, str(error))
        return
    form = STORE if native is None else NATIVE
    cache = Cache(config.spool, form, config.branch)
    measure = Measure(scope, spool, cache, form, config.branch)
    tidy = watch_entry(measure, entry) if entry is not None else None
    machinery.SourceLoader.get_code = _GetCode(measure, tidy)
    _hook_sourceless(measure)
    _hook_zip(measure)
    _hook_embedded(measure)
    if native is not None:
        watch_exec(measure, native)
    if "pkgutil" in sys.modules:
        _ReadCode(measure).plant(vars(sys.modules["pkgutil"]))


def find_entry(argv: list[str]) -> str | None:
    """The script that Python is about to run; None for -c, -m, stdin and interactive."""
    return None if not argv or argv[0] in ("", "-", "-c", "-m") else argv[0]


def disguise(function: Any, original: Any) -> Any:
    """`function` under the name of `original`, and as a frame of importlib.

    CPython cuts importlib's frames out of a traceback, and must cut ours out with them.
    """
    function.__code__ = function.__code__.replace(co_filename=IMPORTLIB)
    function.__module__, function.__qualname__ = original.__module__, original.__qualname__
    function.__doc__ = original.__doc__
    return function


class _GetCode:
    """All importers of source files: import, -m, reload, subclasses of the standard loaders.

    What importlib and runpy call as `loader.get_code` is not a function of ours that would call the
    original: `python -m` shows all frames of a syntax error. It is a chain of C callables, original
    first and marking after it, made when the attribute is looked up; so no frame of ours is there
    while the original runs. Whoever else looks it up gets a function, which can be called by
    keyword.
    """

    def __init__(self, measure: Measure, tidy: Callable[[], bool] | None) -> None:
        self._measure = measure
        self._tidy = tidy
        self._read_code = _ReadCode(measure)
        self._original = original = machinery.SourceLoader.get_code

        def get_code(self: Any, fullname: str) -> Any:
            return finish(self, original(self, fullname))

        finish, self._function = self._finish, disguise(get_code, original)

    def __get__(self, loader: Any, owner: Any = None) -> Any:
        name = getattr(loader, "name", None)
        if not isinstance(name, str):
            return self._original.__get__(loader, owner)
        if self._tidy is not None and self._tidy():
            self._tidy = None
        if not _is_machinery(_getframe().f_back):
            return self._function.__get__(loader, owner)
        original = self._original.__get__(loader, owner)
        if getattr(type(loader), "get_filename", None) is not _plain_filename:
            steps = _Step(original), _Step(Bound(self._finish, loader))
            return Bound(Bound(reduce, add), steps)
        # Such a loader has one name, and this takes two levels of recursion less.
        if type(loader) is _File and type(loader.path) is str and name != "pkgutil":
            code = _recalled(self._measure, loader, name)
            if code is _NOT_OURS:
                return original
            if code is not None:
                return Bound(next, iter((code,)))
        return Bound(next, map(Bound(self._finish, loader), map(original, (name,))))

    def _finish(self, loader: Any, code: CodeType | None) -> CodeType | None:
        if code is None:
            return None
        if loader.name == "pkgutil":
            return self._read_code.follow(code)
        return _marked(self._measure, loader, loader.name, code)


def _is_machinery(caller: Any) -> bool:
    """Is this a frame of importlib or runpy, which call `get_code` once, by position?"""
    return caller is not None and (
        caller.f_code.co_filename == IMPORTLIB or caller.f_globals.get("__name__") == "runpy"
    )


class _Step:
    """`x + step` is `function(x)`, without a frame: `reduce(add, steps, x)` calls each in turn."""

    __slots__ = ("__radd__",)

    def __init__(self, function: Any) -> None:
        self.__radd__ = function


def _is_plain(loader: Any) -> bool:
    kind = type(loader)
    return kind.source_to_code is _plain_compile and kind.get_data is _plain_read


def _recalled(measure: Measure, loader: Any, fullname: str) -> Any:
    """Marked code from our cache, where Python would take its own from a .pyc file; or _NOT_OURS.

    That is the one case in which the original is not asked: it would read a file, and no more.
    """
    path = loader.path
    try:
        real = measure.measured(path, fullname)
        if real is None:
            return _NOT_OURS
        if _is_plain(loader):
            status = _stat(path)
            if bytecode.examine(path, status) is bytecode.CURRENT:
                return measure.recall(path, real, stamp_of(status))
    except BaseException as error:
        measure.explain(path, error, OSError)
    return None


def _marked(measure: Measure, loader: Any, fullname: str, code: CodeType) -> CodeType:
    """`code` with marks, or `code` itself."""
    path = code.co_filename
    try:
        real = measure.measured(path, fullname)
        if real is None:
            return code
        if not _is_plain(loader):
            raise NotMeasuredError(errors.CUSTOM_LOADER, f"{path}: {type(loader).__qualname__}")
        source = read_source(path)
        if bytecode.examine(path, _stat(path)) is bytecode.FOREIGN:
            raise NotMeasuredError(errors.STALE_BYTECODE, path)
        return measure.mark(path, real, source)
    except BaseException as error:
        measure.explain(path, error)
        return code


def _hook_sourceless(measure: Measure) -> None:
    """Byte code without source cannot be marked: say so."""
    original = machinery.SourcelessFileLoader.get_code

    def get_code(self: Any, fullname: str) -> Any:
        if self.path.endswith(".pyc"):
            _note_measured(measure, errors.NO_SOURCE, self.path, self.path[:-1], fullname)
        return original(self, fullname)

    machinery.SourcelessFileLoader.get_code = disguise(get_code, original)


def _note_measured(measure: Measure, slug: str, path: str, source: str, fullname: str) -> None:
    """Make a note of `path` if `source` is a file that we would measure."""
    try:
        if measure.measured(source, fullname):
            measure.note(slug, path)
    except BaseException as error:
        measure.explain(path, error, OSError)


def _hook_embedded(measure: Measure) -> None:
    """Code that a program in C compiled and runs as a module, as uWSGI does: say so."""
    original = machinery._fix_up_module

    def _fix_up_module(names: Any, name: str, path: str, *rest: Any) -> None:
        embedded = names.get("__loader__") is None  # zipimport, up to 3.9, has set it
        original(names, name, path, *rest)
        if embedded:
            _note_measured(measure, errors.EMBEDDED, path, path, name)

    machinery._fix_up_module = disguise(_fix_up_module, original)


def _hook_zip(measure: Measure) -> None:
    """Imports from zip files, which do not pass through importlib's loaders."""

    def marked(loader: Any, fullname: str, code: CodeType) -> CodeType:
        path = code.co_filename
        try:
            real = measure.measured(path, fullname)
            source = None if real is None else loader.get_source(fullname)
            if real is None or source is None:
                return code
            data = source.encode()
            return measure.mark(path, real, Source(data, blob_hash(data)))
        except BaseException as error:
            measure.explain(path, error)
            return code

    original = zipper.zipimporter.get_code
    if _PY310:

        def get_code(self: Any, fullname: str) -> Any:
            return marked(self, fullname, original(self, fullname))

        zipper.zipimporter.get_code = disguise(get_code, original)
        return

    inner = zipper._get_module_code

    def _get_module_code(self: Any, fullname: str) -> Any:
        code, package, path = inner(self, fullname)
        return marked(self, fullname, code), package, path

    zipper._get_module_code = disguise(_get_module_code, inner)


class _ReadCode:
    """Measures what `runpy` compiles by itself: run_path, and with it spawn's re-import of main.

    runpy asks pkgutil.read_code whether a file is byte code, and compiles the file only if not. So
    read_code has marked code for a measured source; if it cannot be made, for a syntax error say,
    runpy compiles the file and fails as it always does.
    """

    def __init__(self, measure: Measure) -> None:
        self._measure = measure

    def follow(self, code: CodeType) -> CodeType:
        """pkgutil's code, with `plant` after its end: nothing tells us when a module is loaded."""
        template = compile("exec('code')\n'self'.plant(globals())", "<podcov>", "exec")
        swap = {"code": code, "self": self}
        consts = tuple([swap.get(c, c) if type(c) is str else c for c in template.co_consts])
        return template.replace(co_consts=consts)

    def plant(self, pkgutil: dict[str, Any]) -> None:
        """Put the wrapper into the namespace of pkgutil."""
        original = pkgutil["read_code"]

        def read_code(stream: Any) -> Any:
            code = original(stream)
            caller = _getframe(1)
            if code is None and caller.f_code.co_name == "_get_code_from_file":
                return self._mark(caller.f_locals.get("fname"))
            return code

        pkgutil["read_code"] = disguise(read_code, original)

    def _mark(self, name: object) -> CodeType | None:
        if not isinstance(name, (str, bytes)):
            return None
        path = fsdecode(name)
        try:
            real = self._measure.measured(abspath(path))
            if real is None:
                return None
            return self._measure.mark(path, real, read_source(path))
        except BaseException as error:
            self._measure.explain(path, error, OSError, SyntaxError)
        return None
