"""match and case."""
from dataclasses import dataclass


@dataclass
class Point:
    x: int
    y: int = 0


def kind(v):
    match v:
        case 0:
            return "zero"
        case 1 | 2: return "small"
        case [a, b] if a > b:
            return "descending"
        case [a,
              b]:
            return "pair"
        case {"k": k, **rest}:
            return k, rest
        case Point(x=1) as p:
            return p.y
        case Point(
            x=2,
            y=y,
        ):
            return y
        case str():
            pass
        case _ if v == 99:
            return 99
        case _:
            return "other"
    return "end"


def falls_through(v):
    match v, 1:
        case x, y:
            v = x
    match v:
        case 5: pass
    match (v
           , 2):
        case (3, 4): return 1
    match v:
        case 1:
            pass
        case 2:
            v = 3
    return v


def in_loop():
    out = []
    for i in range(4):
        match i:
            case 0: continue
            case 1:
                continue
            case 2:
                out.append(i)
            case n: break
    return out, n


def guards(v):
    match v:
        case int(n) if n > 10 and \
                n < 20:
            return "teens"
        case int(n) if (
            n == 5
        ):
            return "five"
        case None | True | False:
            return "constant"
        case -1 | 1.5 | "text" | b"bytes":
            return "literal"
        case [1, *rest] | [*rest, 2]:
            return rest
        case Point.__name__:
            return "dotted"


def nested(v):
    match v:
        case [1, x]:
            match x:
                case 2:
                    return "both"
                case _: return "first"
        case _:
            try:
                match v:
                    case {"raise": e}:
                        raise e
            except ValueError:
                return "raised"


def exits(v):
    match v:
        case 1: return 1
        case 2: v = 3
        case (4 |
              5): return 4
        case 6 if v: v = 7
        case str(): return "s"
    match v:
        case [_]:
            v = 8
        case {}: pass
        case x: return x
    match v:
        case 8: return v
    for i in range(2):
        match i:
            case 0: continue
            case 1: break
    match v:
        case None: v = 1


def way_out(v):
    match v:
        case other:
            if other:  # only coverage to 131: 3.10  # only ours to -127: 3.10
                if v: v = 1  # only coverage: 3.10


def open_parentheses():
    with (open("/dev/null") as a,
          open("/dev/null") as b):
        return a.read() + b.read()


def run():
    values = (0, 2, [2, 1], [1, 2], {"k": 1, "l": 2}, Point(1), Point(2, 3), "s", 99, 98)
    return ([kind(v) for v in values], falls_through(1), falls_through(2), in_loop(),
            [guards(v) for v in (15, 5, None, 1.5, [1, 3], [3, 2], "Point", 7)],
            nested([1, 2]), nested([1, 3]), nested({"raise": ValueError()}), open_parentheses(),
            [exits(v) for v in (1, 2, [1], {}, "s")],
            way_out(0))
