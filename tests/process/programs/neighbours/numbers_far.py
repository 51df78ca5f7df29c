"""What numba compiles is here, where nothing mentions it."""


def price(n):
    """How much."""
    total = 0
    for i in range(n):
        total += i
    return total


def branchy(x):
    if x > 0:
        y = 1
    elif x < -5:
        y = 2
    else:
        y = 3
    while y < 10:
        y += 4
        if y == 7:
            continue
    return y, x


def caught(x):
    try:
        y = 1 / x
    except Exception:
        return 0.0
    return y


def outer(n):
    def inner(k):
        return k * n

    total = 0
    for i in range(n):
        total += inner(i)
    return total
