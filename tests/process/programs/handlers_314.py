"""Exception types without brackets, and jumps out of finally."""


def several(error):
    try:
        if error: raise error
    except KeyError, IndexError:
        r = 1
    except ValueError, \
           TypeError: r = 2
    return r


def groups(*errors):
    r = []
    try:
        if errors: raise ExceptionGroup("g", errors)
    except* KeyError, IndexError:
        r.append(1)
    except* ValueError, \
            TypeError: r.append(2)
    else:
        r.append(3)
    return r


def raising_type():
    raise LookupError


def type_raises():
    try:
        try:
            1 / 0
        except KeyError, raising_type():
            return "never"
    except KeyError, LookupError: return 1


def leaves(n):
    for i in range(3):
        try:
            if n == 1:
                raise KeyError
            if n == 2: return "lost"  # only ours to -40: 3.14
        except KeyError, TypeError:
            n = 3
        finally:
            if n == 3:
                continue
            elif n == 4: break
            if n == 2:
                return "finally"
    return n


def nested(n):
    while True:
        try:
            1 / n
        finally:
            try:
                n += 1
            finally:
                if n > 0:
                    return n


def kept():
    with memoryview(b"12") as m:
        try:
            return m[0]
        finally:
            def inner(): return 1
            for _ in m: break
            while inner(): break


async def waits(n):
    try:
        return n
    finally:
        if n:
            return [
                n]


def driven(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as e:
        return e.value


def run():
    out = [several(e) for e in (KeyError(), IndexError(), ValueError(), TypeError())]
    out += [groups(), groups(KeyError(), TypeError()), groups(IndexError(), ValueError())]
    return out + [type_raises(), [leaves(n) for n in range(5)], nested(0), nested(-2), kept(),
                  driven(waits(0)), driven(waits(1))]
