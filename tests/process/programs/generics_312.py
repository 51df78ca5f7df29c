"""Type parameters, type aliases, f-strings without limits, comprehensions in place."""

type A = int
type B[T] = list[
    T]
type Lazy = nowhere[1 / 0]


def f[T: (int, str)](x: T) -> T:
    return x


def g[
    T,
    *Ts,
    **P,
](x: T, *args: *Ts) -> T:
    return x


class C[T]:
    y: T

    def m[U](self, u: U) -> "U":
        return u

    type Inner = T


class D[T](C[T]):
    """doc"""
    z = 1


@staticmethod
def d[T](x: T): return x


@(lambda c: c)
class E[T]: pass


async def h[T](x: T): return x  # only coverage to -43: 3.12 3.13 3.14


def formatted(r):
    return f"{r!r:{'>'}{r}} {
        r} {f"{f'{r}'}"}", f"""{
            r =
        }"""


def in_place(n):
    a = [i for i in range(n)
         if i]
    b = {i: [
        j for j in range(i)] for i in a}
    return a, b, [locals()["n"] for _ in "x"]


def run():
    try:
        Lazy.__value__
    except NameError as e:
        lazy = str(e)
    return (f(1), g(2), C().m(3), d(4), A.__value__, B[int], lazy, E.__type_params__,
            D.__doc__, formatted(5), in_place(3))
