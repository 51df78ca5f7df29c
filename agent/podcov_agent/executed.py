"""Measures files that a program reads, compiles and runs by `exec`, as Flask does its settings.

Only the map in C can stand in the place of `exec` without a trace, so without it such files run
unmeasured. Code that was made from something else than the file's own text stays as it is, and a
note says so: pytest's assertions are an example. `hook.install` calls `watch_exec`.
"""

from __future__ import annotations

import sys

from podcov_agent import errors
from podcov_agent.errors import NotMeasuredError
from podcov_agent.measure import read_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

    from podcov_agent.measure import Measure

_getframe = sys._getframe

_KEPT = 256
"""So many decisions are kept, with the code that each is about."""


def watch_exec(measure: Measure, native: Any) -> None:
    """Put a stand-in of `native`, the module in C, in the place of the builtin."""
    builtins: Any = sys.modules["builtins"]
    plain = builtins.exec
    decided: dict[int, tuple[CodeType, CodeType]] = {}
    doc = f"exec{plain.__text_signature__}\n--\n\n{plain.__doc__}".encode()

    def decide(code: CodeType) -> CodeType:
        """The code that `exec` is to run in place of `code`, which has no marks."""
        path = code.co_filename
        caller = _getframe().f_back  # None: a new thread calls exec itself, or atexit
        if path[:1] == "<" or (caller and caller.f_code.co_filename[:8] == "<frozen "):
            return code  # of no file, or what importlib runs: its own hooks have decided
        known = decided.get(id(code))
        if known is not None:
            return known[1]
        better = code
        try:
            if code.co_name != "<module>" or measure.measured(path) is None:
                return code
            better = _marked(measure, path, code)
        except BaseException as error:
            # Known: code that is not this file's, whatever it calls itself.
            measure.explain(path, error, OSError, SyntaxError)
            if not isinstance(error, (NotMeasuredError, SyntaxError)):
                return code  # another time it may go well
        if len(decided) >= _KEPT:
            decided.clear()
        decided[id(code)] = code, better
        return better

    stand_in = native.watch_exec(builtins, plain, doc, type(decide.__code__), decide)
    if stand_in is not None:
        builtins.exec = stand_in


def _marked(measure: Measure, path: str, code: CodeType) -> CodeType:
    """Marked code of the file, if `code` is what its text alone gives."""
    from podcov_agent.rewrite import COMPILED_AS, Hush  # late: few programs do this

    source = read_source(path)
    with Hush():
        plain = compile(source.data, COMPILED_AS, "exec", dont_inherit=True)
    real = measure.measured(path)
    if plain == code and real is not None:
        return measure.mark(path, real, source)
    if path.endswith(".py"):  # a template of some engine may pass for Python, too
        raise NotMeasuredError(errors.EXECUTED, real or path)
    return code
