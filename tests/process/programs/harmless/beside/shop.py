"""What the programs beside it import: measured, and with every kind of thing that fails."""

import contextlib

RATE = 3


class Refused(ValueError):
    """Of this module, so that a pickle names it."""

    def __init__(self, what, why):
        super().__init__(what, why)
        self.what = what


class Item:
    kind = "item"

    def __init__(self, name):
        self.name = name

    def cost(self, amount=2):
        return price(amount) * RATE

    @property
    def broken(self):
        return [1 // n for n in (1, 0)]

    @staticmethod
    def refuse():
        raise Refused(Item, "no")


def price(n):
    """How much."""
    total = 0
    for i in range(n):
        total += i
    return total


def numbers():
    try:
        yield price(2)
        yield 1 // 0
    finally:
        price(1)


@contextlib.contextmanager
def opened():
    try:
        yield Item("opened")
    except Refused as error:
        raise KeyError("chained") from error


def chained():
    with opened() as item:
        item.refuse()


def in_handler():
    try:
        price("x")
    except TypeError:
        missing  # noqa


def deep(n):
    if n:
        return deep(n - 1)
    return (lambda: Item("x").broken)()
