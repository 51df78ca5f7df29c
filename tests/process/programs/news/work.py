"""Lines that only one caller each runs."""
N = 1


def step(n):
    if n == 1:
        return N + 1
    if n == 2:
        return N + 2
    if n == 3:
        return N + 3
    if n == 4:
        return N + 4
    if n == 5:
        return N + 5
    if n == 6:
        return N + 6
    return N


def double(n):
    return 2 * n


def hot(n):
    total = 0
    for i in range(n):
        if i == n - 1:
            total -= 1  # late
        elif i > n:
            total = 0  # never
        else:
            total ^= i
    return total

