"""Variables of comprehensions that never run take no names away, under CPython 3.12."""

import opcode
import sys

import pytest
from podcov_agent import hidden

ONLY_312 = pytest.mark.skipif(sys.version_info[:2] != (3, 12), reason="only 3.12 needs it")

SOURCE = """\
both = dead = 1
[alive for alive in (1, 2)]
if False:
    [dead for dead in (1, 2)], [lambda: both for both in (1, 2)]
"""


@ONLY_312
def test_the_opcodes_have_these_numbers() -> None:
    assert opcode.opmap["LOAD_FAST_AND_CLEAR"] == hidden.LOAD_FAST_AND_CLEAR
    assert opcode.opmap["EXTENDED_ARG"] == hidden.EXTENDED_ARG


@ONLY_312
def test_what_cannot_run_gets_another_name() -> None:
    """And the names of what can stay as they are, as far as 300 variables go."""
    code = hidden.without_dead_locals(compile(SOURCE, "m.py", "exec"))
    assert set(code.co_varnames) == {"alive", ".dead", ".both"}
    assert code.co_cellvars == (".both",)
    many = compile("\n".join(f"[a{n} for a{n} in ()]" for n in range(300)), "m.py", "exec")
    assert hidden.without_dead_locals(many).co_varnames == many.co_varnames


def test_functions_and_other_interpreters_are_left_alone() -> None:
    function = next(
        c for c in compile("def f(a): b = a", "m.py", "exec").co_consts if hasattr(c, "co_code")
    )
    assert hidden.without_dead_locals(function) is function
    code = compile(SOURCE, "m.py", "exec")
    changed = hidden.without_dead_locals(code) is not code
    assert changed == (sys.version_info[:2] == (3, 12))
