"""Template strings."""
from string.templatelib import Interpolation, Template


def shown(template):
    return [
        (part.value, part.expression, part.conversion, part.format_spec)
        if isinstance(part, Interpolation) else part
        for part in template
    ]


def plain(name):
    return shown(t"hello {name}, {name!r:>10} {name=} {{}}")


def spread(n):
    a = t"{n}" t" and {
        n
        + 1
    }"
    b = t"""{n:{
        n}} {
            [i for i in range(n)
             if i]
        }
    end"""
    c = rt'{n}\d' + t"{t'{n}'}"
    return shown(a), shown(b), len(c.interpolations)


def late(n):
    t"{n.nowhere if n else 0}"
    return lambda: t"{n}"


def raises(n):
    try:
        return t"{
            1}{
            n.nowhere}"
    except AttributeError as e:
        return type(e)


def chosen(template):
    match template:
        case Template(strings=("a", "")): return 1
        case Template(
            interpolations=[Interpolation(value=int(n))]
        ) if n:
            return n
        case _:
            return t"{template}"


def run():
    return (plain("x"), spread(3), late(0)().values, raises(1),
            chosen(t"a{1}"), chosen(t"{2}b"), chosen(t"{0}b").values[0].values)
