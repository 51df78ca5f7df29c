"""Functions, their arguments, docstrings and closures."""


def documented():
    """A docstring only."""


def documented_too():
    """A docstring,
    of two lines."""
    return documented.__doc__


def plain(): return 1
def semicolons(): a = 1; b = 2; return a + b
def doc_and_more(): "doc"; return 2


def many(a, b=(1 +
               2), *args,
         c=3, d=
         4,
         **kwargs) -> (
        int):
    return a + b + c + d + len(args) + len(kwargs)


def never():
    return 0


def outer(n):
    seen = []
    def inner(m):
        nonlocal n
        n += m
        def innermost():
            nonlocal n
            n *= 2
            return n
        return innermost()
    seen.append(inner(1))
    return seen, n


COUNT = 0


def count():
    global COUNT
    COUNT += 1
    return COUNT


def lambdas():
    one = lambda: 1
    two = lambda a, \
        b=2: (
            a +
            b)
    table = {
        "x": lambda:
            never(),
        "y": lambda: 3,
    }
    return one() + two(1) + table["y"]()


def recursive(n):
    if n: return recursive(n - 1)
    return "bottom"


def positional(a, /, b, *, c):
    return a, b, c


def starred(*, a=plain() if plain() else
            never()):
    return a


def walrus(n):
    if (m := n) > 1:
        return m
    while (m :=
           m + 1) < 5:
        n += m
    return [k := n, k]


def run():
    return (
        documented(), documented_too(), plain(), semicolons(), doc_and_more(),
        many(1, 2, 3, x=4), outer(2), count(), lambdas(), recursive(3),
        positional(1, 2, c=3), starred(), walrus(0), walrus(2),
    )
