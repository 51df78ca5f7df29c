"""Annotations, evaluated when somebody asks for them."""
import annotationlib

LOG = []


def noted(what):
    LOG.append(what)
    return what


early: NotYet
early_too: noted("module") = 1
if early_too:
    sometimes: noted("taken")
else:
    never: noted("not taken")  # only coverage: 3.14
for each in range(2):
    often: noted(each)


class NotYet: pass


def f(a: noted("a"),
      b: NoSuchName = 1,
      *c: (noted("c") if LOG else int), d: [
          x for x in (noted("d"),)] = 2) -> noted(
              "returned"):
    inner: noted("never")
    also: noted("never either") = a
    (in_brackets): noted("never at all") = a
    return also


class C:
    """doc"""
    y: noted("class")
    z: noted(
        "class too"
    ) = 1
    if z:
        w: NotYet
    else: v: NoSuchName  # only coverage: 3.14
    me: C
    made: list[C] = []

    def m(self, other: C) -> "C": return self  # only ours to -36: 3.14


class D[T, U = int, *V = *tuple[int, ...]]:
    x: T
    y: dict[T,
            U]
    type Inner[W = T] = tuple[
        W, T]

    def m[X: noted("bound") = noted("default")](self, x: X) -> (T, X):
        return x


@lambda f: f
class E(D[int]): a: lambda: noted("lambda")  # only ours to -62: 3.14


class F:
    a: int = 0
    if a:  # only ours to -66: 3.14
        b: int = 1


def written():
    def made(x: noted): pass
    made.__annotate__ = lambda format: {"x": int}
    return made.__annotations__


def by_hand(owner):
    return {
        format.name: ask(owner, format)
        for format in (annotationlib.Format.STRING, annotationlib.Format.FORWARDREF)
    }


def ask(owner, format):
    return {k: str(v)[:40] for k, v in annotationlib.get_annotations(owner, format=format).items()}


def values(owner):
    try:
        return owner.__annotations__
    except NameError as e:
        return str(e)


def run():
    f("ran")
    before = list(LOG)
    return (before, by_hand(f), by_hand(C), by_hand(D), values(f), values(D), values(D.m),
            D.m.__type_params__[0].__default__, D.__type_params__[1].__default__, D.Inner.__value__,
            written(), sorted(values(E)), E.__annotations__["a"](),
            sorted(annotationlib.get_annotations(__import__(__name__))), LOG)
