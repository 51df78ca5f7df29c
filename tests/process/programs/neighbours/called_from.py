"""executing finds the expression that a frame is at: by positions, and before 3.11 by byte code."""
import executing
import inspect


def node():
    return type(executing.Source.executing(inspect.currentframe().f_back).node).__name__


def nodes():
    found = [node()]
    for _ in (1, 2):
        found.append([node(), node()][1])
    try:
        found += [node()]
    finally:
        found.append((lambda: node())())
    return found


print(nodes())
