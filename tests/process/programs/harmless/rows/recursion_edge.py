"""Imports with ever less room on the stack: those that fail are those that would."""
import sys

ROOM = 80


def nested(n):
    if n:
        return nested(n - 1)
    sys.modules.pop("edge", None)
    return __import__("edge")


def reached(limit=0):
    try:
        return reached(limit + 1)
    except RecursionError:
        return limit


deepest = reached()
ended = []
for left in range(ROOM):
    try:
        nested(deepest - left)
        ended.append(True)
    except RecursionError:
        ended.append(False)
print("edge", 0 < sum(ended) < ROOM, ended == sorted(ended), sum(ended))
