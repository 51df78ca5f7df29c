"""Rewrites, binds and runs source as the agent does, with a map that remembers what was marked.

Owns the form of probes that is being tested: who imports `form_of_probes` has all its tests run
with both. Written in the Python of 3.8, for tests that run under every interpreter.
"""

from __future__ import annotations

import glob
import marshal
import os
import sysconfig
import textwrap
import warnings
from types import CodeType
from typing import Any

import podcov_agent.rewrite
import pytest
from podcov_agent.binding import bind
from podcov_agent.probes import NATIVES, STORES
from podcov_agent.rewrite import Rewritten

BASE = 64
PROGRAMS = os.path.join(os.path.dirname(__file__), "../process/programs")

FORM: list[Any] = [STORES]
"""The form of probes that is being tested."""


@pytest.fixture(autouse=True, scope="module", params=[STORES, NATIVES], ids=["store", "native"])
def form_of_probes(request: Any) -> None:
    """Every test of the module holds for both forms."""
    FORM[0] = request.param


def rewrite(source: bytes, path: str, optimize: int = -1) -> Rewritten:
    return podcov_agent.rewrite.rewrite(source, path, optimize, FORM[0])


class Line:
    """What the map in C has for each line."""

    def __init__(self, marks: Marks, index: int) -> None:
        self.marks, self.index = marks, index

    def __neg__(self) -> Line:
        self.marks[self.index] = 1
        return self

    def __contains__(self, number: int) -> bool:
        self.marks[self.index] = 1
        return False

    def __bool__(self) -> bool:
        return False


class Marks:
    """A map that remembers the lines marked in it."""

    @property
    def fill(self) -> Any:
        """Only maps with an object for each line have this method."""
        if FORM[0] is STORES:
            raise AttributeError("fill")
        return self._fill

    def _fill(self, consts: tuple[Any, ...], mark: Any, base: int) -> tuple[Any, ...]:
        ours = [type(c) is tuple and len(c) == 2 and c[0] == mark for c in consts]
        return tuple(Line(self, base + c[1]) if our else c for our, c in zip(ours, consts))  # noqa: B905

    def __init__(self, base: int = BASE) -> None:
        self.base = base
        self.lines: set[int] = set()

    def __setitem__(self, index: int, value: int) -> None:
        assert value == 1
        self.lines.add(index - self.base)


def run(source: str, path: str = "m.py", optimize: int = -1) -> tuple[dict[str, Any], Marks]:
    """Execute rewritten source that has been through the cache; its names, and its marks."""
    marks = Marks()
    rewritten = rewrite(textwrap.dedent(source).encode(), path, optimize)
    code = bind(marshal.loads(marshal.dumps(rewritten.code)), marks, BASE)
    names: dict[str, Any] = {"__name__": "m"}
    exec(code, names)
    return names, marks


def plain(source: str, path: str = "m.py") -> CodeType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compile(source, path, "exec", dont_inherit=True)


def corpus() -> list[str]:
    """Our programs, and every eighth module of this standard library."""
    library = sorted(glob.glob(os.path.join(sysconfig.get_paths()["stdlib"], "*.py")))[::8]
    return sorted(glob.glob(os.path.join(PROGRAMS, "*.py"))) + library


def compiles(path: str) -> bool:
    """Programs may be for later versions."""
    try:
        plain(read(path), path)
    except SyntaxError:
        return False
    return True


def read(path: str) -> Any:
    with open(path, "rb") as file:
        return file.read()
