"""Functions that may be compiled from their bytecode stay as they are.

Runs under every interpreter (tests/process/test_every_interpreter.py), so it is written in the
Python of 3.8 and uses the standard library and pytest only.
"""

from __future__ import annotations

from typing import Any

from support.rewriting import (  # noqa: F401
    form_of_probes,
    plain,
    run,
)

NUMBA = """\
import functools
def njit(f): return f
class app:
    route = staticmethod(lambda f: f)
@njit
def fast(x):
    def inner():
        return x
    return inner()
@functools.lru_cache(None)
def cached(x):
    return x
@app.route
def view(x):
    return x
def helper(x):
    return x
@njit
class Jitted:
    a = 1
    def m(self):
        return 1
"""


def test_a_function_that_may_be_compiled_from_its_bytecode_stays_plain() -> None:
    """Its decorator line and those around it are marked; plain decorators change nothing."""
    names, marks = run(NUMBA)
    for name in ("fast", "cached", "view", "helper"):
        names[name](1)
    names["Jitted"]().m()
    assert not marks.lines & {7, 8, 9, 22}
    assert {5, 6, 12, 15, 17, 20, 21} <= marks.lines
    plain_names: dict[str, Any] = {}
    exec(plain(NUMBA), plain_names)
    assert names["fast"].__code__.co_code == plain_names["fast"].__code__.co_code


def test_a_function_that_is_handed_to_a_compiler_stays_plain() -> None:
    """By a call, with options or without. What is handed to anything else is measured."""
    names, marks = run(
        "def numba(f=None, **options): return f or numba\n"
        "jit = compile = numba\n"
        "def a(x):\n    return x\n"
        "def b(x):\n    return x\n"
        "def c(x):\n    return x\n"
        "fast = [jit(a), jit(nopython=True)(b), list(map(c, [1]))]\n"
    )
    for name in "abc":
        names[name](1)
    assert marks.lines & {4, 6, 8} == {8}


def test_the_same_decorators_mean_nothing_in_other_sources() -> None:
    names, marks = run(NUMBA.replace("njit", "deco"))
    names["fast"](1)
    assert {7, 8, 9} <= marks.lines
