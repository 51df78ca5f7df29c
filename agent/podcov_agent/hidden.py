"""Keeps `code.replace` from taking names away from modules and classes, on CPython 3.12.

A comprehension of a module runs in place there, and its variable is a local of the module's code,
flagged as hidden. `replace` gives that flag only to what LOAD_FAST_AND_CLEAR takes. The variable of
a comprehension that can never run (`if not __debug__: [i for i in x]`) loses it; and where somebody
asks for `locals()` or `frame.f_locals` there, CPython removes the module's own `i`. So such a
variable gets a name that no namespace has. Pure; `rewrite` calls it before the first `replace`.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

LOAD_FAST_AND_CLEAR, EXTENDED_ARG = 143, 144
"""Of 3.12; `opcode`, which an application may not have imported, has them by name."""

CO_OPTIMIZED = 1
"""Code of a function, whose locals are not those of a module or class."""


def without_dead_locals(code: CodeType) -> CodeType:
    """The code, with a dot before its local variables that nothing can ever set."""
    if sys.version_info[:2] != (3, 12) or code.co_flags & CO_OPTIMIZED or not code.co_nlocals:
        return code
    alive = _cleared(code.co_code)
    dead = {name for at, name in enumerate(code.co_varnames) if at not in alive}
    return code.replace(
        co_varnames=tuple([f".{name}" if name in dead else name for name in code.co_varnames]),
        co_cellvars=tuple([f".{name}" if name in dead else name for name in code.co_cellvars]),
    )


def _cleared(instructions: bytes) -> set[int]:
    """The numbers of the variables that LOAD_FAST_AND_CLEAR takes."""
    found: set[int] = set()
    high = 0
    for at in range(0, len(instructions), 2):
        name, argument = instructions[at], high << 8 | instructions[at + 1]
        high = argument if name == EXTENDED_ARG else 0
        if name == LOAD_FAST_AND_CLEAR:
            found.add(argument)
    return found
