"""Imports from the future, several."""
from __future__ import annotations
# a comment
from __future__ import print_function
from __future__ import (division,
                        generator_stop); import sys; a = 1

x: nowhere = 1


def f(a: nowhere) -> nowhere.too:
    b: also_nowhere = 1
    return b


class C:
    y: nowhere


def run():
    return f(1), f.__annotations__, C.__annotations__, __annotations__, 1 / 2
