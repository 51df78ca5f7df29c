"""numba compiles functions from their byte code, decorated or handed over."""

import numba
from numba import njit


@njit
def decorated(n):
    total = 0
    for i in range(n):
        total += i
    return total


def handed(x):
    y = x * 2
    return y


def called(x):
    y = x + 1
    return y


fast = njit(handed)
faster = numba.jit(nopython=True)(called)


def plain(n):
    return n  # mark


print(decorated(10), fast(4), faster(5), plain(3))
