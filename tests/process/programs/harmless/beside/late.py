"""Imported late, when a program has set up what may disturb an import."""

x = 1


def f():
    return 2
