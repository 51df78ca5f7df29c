"""Puts a map into code that was rewritten with placeholders, or prepares the code for that.

Pure: code objects in, code objects out. `measure` calls it for each file, `rewrite` leaves the
placeholders.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

REWRITER = 4
"""Goes into the key of cached code: raise it with every change of what `rewrite` makes."""

MARK = frozenset({"podcov"})
"""Begins every placeholder: `(MARK, 0)` stands for the map, `(MARK, line)` for an index into it, or
for the line's own object. No source can spell a frozenset inside a tuple, so no constant of the
application is taken for one.
"""

STORE, NEGATION, MEMBERSHIP = "store", "negation", "membership"
"""The forms of a probe, which tell apart what is made with them; probes.py has them."""

NATIVE = MEMBERSHIP if sys.version_info >= (3, 14) else NEGATION
"""The one for the map in C."""

HOLE = 0.5
"""Holds the place of a line's object in packed code."""


def bind(code: CodeType, linemap: object, base: int) -> CodeType:
    """The code with `linemap` in place of its placeholders, line n at index `base` + n.

    A map with a method `fill` has an object for each line, and puts those in. What stands in the
    code must be hashable: code objects are, and hash what they hold.
    """
    kind_of_code = type(code)
    fill = getattr(linemap, "fill", None)
    consts: list[object] = []
    for const in code.co_consts if fill is None else fill(code.co_consts, MARK, base):
        kind = type(const)
        if kind is tuple:
            if len(const) == 2 and const[0] == MARK:
                const = base + const[1] if const[1] else linemap
        elif kind is kind_of_code:
            const = bind(const, linemap, base)
        consts.append(const)
    return code.replace(co_consts=tuple(consts))


def pack(code: CodeType) -> CodeType:
    """The code in the form in which the map in C plants its objects most quickly.

    The last constant of each code object says where they belong: pairs of numbers of four bytes,
    the place among the constants, and the line. Until then a float that is not immortal, as small
    numbers may be, holds the place: an interpreter may treat constants that are in another way.
    """
    kind_of_code = type(code)
    consts: list[object] = []
    table: list[bytes] = []
    for place, const in enumerate(code.co_consts):
        kind = type(const)
        if kind is tuple and len(const) == 2 and const[0] == MARK:
            table += (place.to_bytes(4, "little"), const[1].to_bytes(4, "little"))
            const = HOLE
        elif kind is kind_of_code:
            const = pack(const)
        consts.append(const)
    return code.replace(co_consts=(*consts, b"".join(table)))
