"""Imported when something else has happened already."""


def mark(n):
    return n  # late
