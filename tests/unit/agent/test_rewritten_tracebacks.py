"""What a person sees of rewritten code in a traceback, and in a debugger, is what it was.

Runs under every interpreter (tests/process/test_every_interpreter.py), so it is written in the
Python of 3.8 and uses the standard library and pytest only.
"""

from __future__ import annotations

import sys
import traceback
from types import CodeType
from typing import Any

import pytest
from podcov_agent.binding import bind
from support.rewriting import (  # noqa: F401
    BASE,
    Marks,
    form_of_probes,
    plain,
    rewrite,
)

RAISING = """\
import functools
def deco(f):
    return f
class C:
    @deco
    @functools.wraps(
        int)
    def m(self, x):
        try:
            return {}[x]
        except KeyError as e:
            raise ValueError("a",
                             "b") from e
def f(n):
    if n == 1:
        C().m(
            n)
    elif n == 2: [i for i in
                  (1, 0) if 1 / i]
    elif n == 3:
        try:
            raise OSError
        except nowhere:
            pass
    elif n == 4:
        @deco
        @nowhere
        @deco
        def g(): pass
    elif n == 5:
        @deco
        @deco(1,
              2)
        class D: pass
    elif n == 6:
        next(x for x in [1]
             if x.y)
    elif n == 7:
        assert n == 8, \\
            "no"
    elif n == 8:
        try:
            raise OSError
        except 1:
            pass
    elif n == 9:
        with C() as c:
            pass
    elif n == 10:
        @deco
        def broken(a=1 / 0,
                   b=2): pass
"""


def trace_of(code: CodeType, n: int) -> str:
    names: dict[str, Any] = {"__name__": "m"}
    try:
        exec(code, names)
        names["f"](n)
    except Exception:
        return traceback.format_exc()
    raise AssertionError("it did not raise")


@pytest.mark.parametrize("n", range(1, 11))
def test_tracebacks_are_equal(n: int, tmp_path: Any) -> None:
    """To the marks under the failing expression, where the version shows them."""
    path = str(tmp_path / "m.py")
    with open(path, "w") as file:
        file.write(RAISING)
    ours = bind(rewrite(RAISING.encode(), path).code, Marks(), BASE)
    assert trace_of(ours, n) == trace_of(plain(RAISING, path), n)


def events_of(code: CodeType) -> list[tuple[str, str, int]]:
    """What a debugger sees."""
    seen: list[tuple[str, str, int]] = []

    def trace(frame: Any, event: str, argument: object) -> Any:
        if frame.f_code.co_filename == "m.py":
            seen.append((event, frame.f_code.co_name, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        exec(code, {"__name__": "m", "print": lambda *a: None})
    finally:
        sys.settrace(before)
    return seen


STEPS = """\
'doc'
from __future__ import annotations
def deco(f):
    return f
@deco
@deco
def f(n):
    'doc'
    for i in range(n):
        if i == 1:
            continue
        try:
            1 / (i - 2)
        except (KeyError, ZeroDivisionError): pass
        finally:
            n = 0
    while n < 2: n += 1
    return [i for i in range(2)]
class C:
    'doc'
    a = 1
f(4)
"""


def test_a_debugger_takes_the_same_steps() -> None:
    """Line, call, return and exception events come in the same order.

    (One difference is left: a statement whose first line holds no code, `return [` alone, is a
    step of its own on 3.12 and later.)
    """
    ours = bind(rewrite(STEPS.encode(), "m.py").code, Marks(), BASE)
    assert events_of(ours) == events_of(plain(STEPS))
