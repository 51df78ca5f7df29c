"""if, elif, else, and conditions that the compiler knows."""


def chain(n):
    if n == 0:
        return "zero"
    elif n == 1: return "one"
    elif (n == 2 and
          n > 0):
        return "two"
    elif n == 3 or \
            n == 4:
        r = "three"
    else:
        if n == 5:
            return "five"
        elif n == 6:
            pass
        else: r = "more"
        return "end"
    return r


def nested(n):
    if n:
        if n > 1:
            if n > 2:
                return 3
        else:
            return 1
    return 0


def known():
    if 0:
        r = "dead"
    if 1:
        r = 1
    else:
        r = "dead"
    if False: r = "dead"
    if True: r = 2
    if __debug__:
        r = 3
    if not __debug__:
        r = "dead"
    if None:
        r = "dead"
    elif "text":
        r = 4
    else:
        r = "dead"
    if 1 and r:
        r = 5
    if 0 or r:
        r = 6
    if 0 and r:
        r = "dead"
    while 0:
        r = "dead"
    while False: r = "dead"
    return r


def ternary(n):
    return (1 if n
            else
            2)


def short(a, b):
    return (a and
            b or
            known())


def asserts(n):
    assert n
    assert n, (
        "message")
    assert (n and
            n)
    try:
        assert not n, (  # only coverage: 3.8-O 3.9-O
            "raised")
    except AssertionError as e:
        return str(e)


def passes(n):
    if n:
        pass
    else:
        pass
    if n: pass  # only ours to -90: 3.8 3.9
    else: pass


def empty_then(n):
    if n:
        ...
    else:
        None
    return n


def run():
    return (
        [chain(n) for n in range(8)], [nested(n) for n in (0, 1, 3)], known(), ternary(0),
        short(1, 0), asserts(1), passes(1), passes(0), empty_then(0), empty_then(1),
    )
