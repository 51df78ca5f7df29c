"""Runs the entry script, `python app.py`, with marks.

CPython compiles that script in C, where no hook reaches. But first it asks sys.path_hooks whether
the path is a zip file or a folder; if so it looks up `_run_module_as_main` in module runpy and
calls it. The path hook here says yes to exactly the script's path, and for that one look-up puts a
stand-in in the place of runpy: C callables that end in exec(code, __main__.__dict__). So there is
no Python frame beneath the script, and `__main__` is as in a plain run. Where anything is unusual
the path hook says no, and the script runs plainly. `hook.install` calls `watch_entry`.
"""

from __future__ import annotations

import sys
from _frozen_importlib_external import PathFinder, SourceFileLoader
from _io import FileIO
from _thread import get_ident
from os import fsdecode, fstat, getcwd, stat
from os.path import basename, dirname, join, realpath
from stat import S_ISDIR, S_ISREG

from podcov_agent import errors
from podcov_agent.measure import read_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Any

    from podcov_agent.measure import Measure

_getframe = sys._getframe
_WITH_VALUE = ("-W", "-X", "--check-hash-based-pycs")
Bound: Any = type(PathFinder.find_spec)
"""`Bound(function, x)` calls the function with x first, without a frame, as functools.partial
does; but that would have to be imported."""

_ZIP, _END_OF_ZIP = b"PK\3\4", b"PK\5\6"
_PEX = "PEX-INFO"
_DIRECTORY_BYTES = 1 << 16
"""Of the end of a zip file, where its directory is; a pex has its own files last or has few."""


def watch_entry(measure: Measure, script: str) -> Callable[[], bool] | None:
    """Offer marked code when CPython asks about `script`.

    Returns what takes the hook out of sys.path_hooks again once it was asked, and then says True;
    None: not measured.
    """
    if measure.measured(_absolute(script)) is None or S_ISDIR(_mode(script)):
        return None  # of a folder CPython may ask under another name, and the hook would stay
    if skips_first_line(_command_line()):
        measure.note(errors.ENTRY_PLAIN, f"{script}: python -x skips its first line")
        return None
    watch = _Watch(measure, script)
    sys.path_hooks.insert(0, watch.path_hook)
    return watch.tidy


def is_pex(script: str) -> bool:
    """Is the script a pex, or in one that was unpacked?"""
    if any(S_ISREG(_mode(join(folder, _PEX))) for folder in (script, dirname(script))):
        return True
    if script.endswith(".py") or not S_ISREG(_mode(script)):
        return False
    try:
        with FileIO(script) as file:
            file.seek(-min(_DIRECTORY_BYTES, fstat(file.fileno()).st_size), 2)
            end = file.readall()
    except OSError:
        return False
    return _END_OF_ZIP in end and _PEX.encode() in end


def _mode(path: str) -> int:
    """What kind of thing is there; 0: none."""
    try:
        return stat(path).st_mode
    except OSError:
        return 0


def _absolute(path: str) -> str:
    try:
        return join(getcwd(), path)
    except OSError:  # the folder is gone
        return path


def _command_line() -> list[str]:
    """The interpreter's whole command line, which sys.argv is only the end of."""
    known: list[str] | None = getattr(sys, "orig_argv", None)
    if known is None:
        known = [fsdecode(part) for part in _read("/proc/self/cmdline").split(b"\0")[:-1]]
    return known[: len(known) - len(sys.argv)]


def _read(path: str) -> bytes:
    with FileIO(path) as file:
        return file.readall()


def skips_first_line(options: list[str]) -> bool:
    """Is -x, which nothing else tells, among the interpreter's options? (options[0]: its name)"""
    position = 1
    while position < len(options):
        option = options[position]
        if option in _WITH_VALUE:
            position += 1
        elif option[:2] not in ("--", "-W", "-X") and "x" in option:
            return True
        position += 1
    return False


class _Watch:
    def __init__(self, measure: Measure, script: str) -> None:
        self._measure = measure
        # 3.9 and later make the name absolute, without normalising it.
        self._names = (script, _absolute(script))
        self._inner = ""
        self._asked = False
        self._thread = get_ident()
        self.path_hook = self._path_hook  # one bound method, to be found again

    def tidy(self) -> bool:
        """C walks the list by index while it asks: it must not change before that is over.

        It asks right after `site`. Who imports later and was not asked is within another one; what
        threads of a sitecustomize import says nothing.
        """
        over = self._asked or (get_ident() == self._thread and not _is_starting())
        if over and self.path_hook in sys.path_hooks:
            sys.path_hooks.remove(self.path_hook)
            if self._inner:
                sys.path_importer_cache.pop(self._inner, None)
        return self.path_hook not in sys.path_hooks

    def _path_hook(self, path: str) -> Any:
        if self._asked:
            raise ImportError
        if sys.path[:1] == [path]:
            return self._finder_within(path)
        if path not in self._names or _getframe().f_back is not None:
            raise ImportError  # whoever asks in Python means to run the file in another way
        self._asked = True
        try:
            code = self._marked(path)
        except BaseException as error:
            self._measure.explain(path, error, OSError, SyntaxError)
            code = None
        if code is None:
            raise ImportError
        return _stand_in(path, code, self.tidy)

    def _finder_within(self, path: str) -> Any:
        """Answers the first import in an interpreter within a process whose script we ran.

        From 3.12.1 on, its sys.path begins with what C put first in the outer one: the script, for
        we said that it is an importer. What should stand there comes instead, and is asked at once.
        """
        if not path.endswith(basename(self._names[0])):
            raise ImportError
        self._asked = True
        if not _is_script(path):
            raise ImportError
        self._inner = path
        _correct_path()
        finder = PathFinder._path_importer_cache(sys.path[0])  # type: ignore[attr-defined]
        if finder is None:
            raise ImportError
        return finder

    def _marked(self, path: str) -> CodeType | None:
        real = self._measure.measured(path)
        if real is None:
            return None
        source = read_source(path)
        if source.data.startswith(_ZIP) or b"\0" in source.data:
            return None
        code = self._measure.mark(path, real, source)
        compile(source.data, path, "exec", dont_inherit=True)  # for its warnings, as in a plain run
        return code


def _is_starting() -> bool:
    """Is it `site` that imports?"""
    frame: Any = _getframe()
    while frame is not None and frame.f_globals.get("__name__") != "site":
        frame = frame.f_back
    return frame is not None


def _is_script(path: str) -> bool:
    """A file, and not one of modules."""
    try:
        return not read_source(path).data.startswith(_ZIP)
    except OSError:
        return False


def _stand_in(path: str, code: CodeType, tidy: Callable[[], bool]) -> Any:
    """What C takes for an importer, and then for module runpy."""
    main = sys.modules["__main__"].__dict__
    runpy = sys.modules.get("runpy")

    def ready(entry: Any) -> str:
        tidy()
        if runpy is None:
            del sys.modules["runpy"]
        else:
            sys.modules["runpy"] = runpy
        sys.path_importer_cache[path] = None  # as a plain run leaves it
        if sys.path and sys.path[0] == path:
            _correct_path()
        main["__file__"], main["__cached__"] = path, None
        main["__loader__"] = SourceFileLoader("__main__", path)
        return ""

    def done(entry: Any) -> str:
        main.pop("__file__", None)
        main.pop("__cached__", None)
        return ""

    class Entry:
        """Formatting it is the whole run: three look-ups, the middle one of which is the script."""

        first, run, last = property(ready), property(abs), property(done)
        __abs__ = map(exec, (code,), (main,)).__next__

    entry: Any = Entry()
    entry._run_module_as_main = Bound("{0.first}{0.run}{0.last}".format, entry)
    sys.modules["runpy"] = entry
    return entry


def _correct_path() -> None:
    """sys.path begins with the script's folder, where for a zip file C has put its own path."""
    script = sys.path.pop(0)
    if not (getattr(sys.flags, "safe_path", False) or sys.flags.isolated):
        sys.path.insert(0, dirname(realpath(script)))
