"""Simple statements, several on a line, continued over lines."""
import os, sys
import os.path as path; from sys import (
    version,
    platform,
)

a = 1; b = 2; c = a + \
    b
d: int = 3
e: "no value"
f, (g, *h) = 1, (2, 3, 4)
a += (
    1 +
    1
)
"a string that is no docstring"
1
...
None
-1
(1, 2)
[]
text = """
    several
    lines""" ; after = 3
table = {
    "a": 1,
    "b": [
        2,
    ],
}
if True: pass
x = y = (
    1
)
x = \
    2
del x, \
    y


def constants():
    1
    "text"
    None
    ...
    return (
        1
        + 2
    )


def annotated():
    a: int
    b: str = "x"
    c: nowhere
    return b


def deleted():
    a = [1, 2, 3]
    del a[0], a[
        0]
    del a[:]
    return a


def nothing():
    pass


def early():
    return 1
    return 2


def raising(n):
    if n:
        raise (
            ValueError)
    return n


def formatted(n):
    return f"{n}{n!r:>{n}}" \
           f"{n:{n}}"


def run():
    try:
        raising(1)
    except ValueError:
        pass
    return constants(), annotated(), deleted(), nothing(), early(), raising(0), formatted(3)
