"""Decisions on one line, jumps out of them, and exits that leave many blocks at once."""


def returns(n):
    if n: return 1
    elif n is None: return 2
    if n == 3: n += 1; return n
    if (n or
            n): return 4
    if n \
            : return 5
    if n: n = 6
    else: n = 7
    if not n: return 8


def ends_with_a_decision(n):
    if n: return


def ends_with_a_loop(n):
    for _ in range(n): return 1


def loops(n):
    for i in range(n):
        if i == 1: continue
        if i == 2: break
    else: n = 0
    while n:
        n -= 1
        if n == 1: break
    while n: n -= 1
    for i in range(3):
        if i:
            if n: continue
    for _ in (): pass
    for _ in (): break
    while True:
        if n: break
        n += 1
    while 1: return n


def last_in_a_loop(n):
    for i in range(n):
        if i: continue
    for i in range(n):
        if i: break


def in_try(n):
    try:
        if n: return 1  # only ours to -52: 3.10 3.11 3.12 3.13 3.14
    finally:
        n = 2
    try:
        if n: raise ValueError
    except ValueError:
        pass
    for i in range(2):
        try:
            if i: break  # only ours to 66: 3.10 3.11 3.12 3.13 3.14
        finally:
            n = 4
    for i in range(2):
        try:
            if n: continue  # only ours to 66: 3.10 3.11 3.12 3.13 3.14
        except ValueError: pass
        else: n = 5
        finally:
            if n: n = 6
    if n: raise KeyError


def in_with(n):
    import contextlib
    with contextlib.suppress(KeyError):
        if n: return 1  # only ours to -76: 3.10 3.11 3.12 3.13 3.14
    with contextlib.suppress(KeyError):
        with contextlib.suppress(ValueError):
            if n: raise KeyError
    for i in range(3):
        with contextlib.suppress(KeyError), contextlib.suppress(ValueError):
            if i: continue  # only ours to 83: 3.10 3.11 3.12 3.13 3.14
            if n: break
    with contextlib.suppress(KeyError):
        for i in range(2):
            if n: break
    with contextlib.suppress(KeyError):
        return [i for i in range(n) if i]


def raised_in_the_test(n):
    if n[0]:
        return 1
    if n[1]:  # only coverage to -94: 3.8 3.9 3.10 3.11 3.12 3.13 3.14
        return 2


def generates(n):
    for i in range(n):
        if i: yield i
    while n: yield n; n -= 1
    if (yield 1):
        yield 2


class Decides:
    if __name__: a = 1
    if not __name__: b = 2
    else: b = 3
    for c in range(2):
        if c: continue


if __name__ == "__main__": raise SystemExit
if not __name__: unused = 1
for each in range(2): pass


def nested_definitions():
    def one(): return 1
    def two(): "doc"
    def three(a,
              b=2): return a
    class Four: pass
    if one(): return three(4)
    return Four


def only_text(n):
    if n:
        "text"
    if n:
        global unused; n = 2
    else:
        n = 1
    for _ in range(n):
        "text"


def assertion(n):
    assert n
    if n:  # only coverage to 147: 3.8-O 3.9-O 3.10-O 3.11-O 3.12-O 3.13-O 3.14-O
        assert n
    return n


def left_through_a_with_in_a_finally(n):
    import contextlib
    for i in range(2):
        try:
            if not n:
                break
        finally:
            with contextlib.suppress(KeyError):
                if n:  # only coverage to 160: 3.10 3.11 3.12 3.13 3.14
                    n = 2
        n = 3
    return n


def left_through_a_finally_in_a_with(n):
    with open(__file__):
        try:
            n[0]
        finally:
            if n:  # only coverage to 170: 3.10 3.11  # only coverage to 171: 3.12 3.13 3.14
                n = [1]  # only coverage: 3.10 3.11
    return n


def outcome(function, *args):
    try:
        return function(*args)
    except (KeyError, IndexError) as error:
        return repr(error)


def run():
    out = [returns(n) for n in (0, 3, 4, [])]
    out += [ends_with_a_decision(0), ends_with_a_loop(0), loops(3), loops(1), last_in_a_loop(1)]
    out += [outcome(in_try, 0), outcome(in_try, 1), in_with(0), in_with(1)]
    out += [outcome(raised_in_the_test, [0]), list(generates(2)), next(generates(2))]
    nested_definitions()
    return out, only_text(0), only_text(1), assertion(1), \
        left_through_a_with_in_a_finally(0), outcome(left_through_a_finally_in_a_with, ())
