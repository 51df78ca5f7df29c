"""Generators, comprehensions."""
LOG = []


def simple():
    yield 1
    x = yield
    yield x, (yield
              2)


def closing():
    try:
        yield 1
        yield 2
    except GeneratorExit:
        LOG.append("closed")
        raise
    finally:
        LOG.append("finally")  # only ours: 3.9


def throwing():
    while True:
        try:
            yield 1
        except KeyError:
            yield "caught"
        except ValueError: return


def delegating():
    r = yield from simple()
    yield from (i
                for i in
                range(3)
                if i)
    return r


def delegated_error():
    try:
        yield from throwing()
    except TypeError:
        yield "outer"


def never_started():
    LOG.append("never")
    yield


def only_return():
    return 1
    yield


def one_line(): yield 1; yield 2


def comprehensions():
    return [
        a
        for a in range(3)
        if a
    ], {k: v for k, v
        in {1: 2}.items()}, {
        s for s in "ab" if s ==
        "a"}, sum(
        x * y
        for x in range(3)
        for y in range(3)
        if x
        if y)


def nested_comprehension():
    return [[i * j for i in range(2)]
            for j in range(2)], [
        lambda: n for n in
        range(2)
    ][0]()


class InClass:
    values = [n for n in range(3)]
    pairs = {n: [
        m for m in range(n)] for n in values}


def failing_comprehension():
    try:
        return [
            1 / n
            for n in (1, 0)
        ]
    except ZeroDivisionError:
        return "failed"


def run():
    g = simple()
    out = [next(g), next(g), g.send(3), g.send(4)]
    c = closing()
    next(c)
    c.close()
    t = throwing()
    next(t)
    out.append(t.throw(KeyError()))
    d = delegated_error()
    next(d)
    out.append(d.throw(TypeError()))
    never_started()
    out.append(list(delegating()))
    out += [list(only_return()), list(one_line()), comprehensions(), nested_comprehension()]
    return out, LOG, InClass.pairs, failing_comprehension()
