"""Constants that the compiler folds and joins, and some that look like ours."""


def folded():
    return (1, 2), (1, 2.0), (True, 2), (1 + 1) * 3, "a" "b", -1, 2 ** 10, (0.0, -0.0)


def sets(x):
    if x in {1, 2, 3}:
        return True
    for y in {"podcov"}:
        return y in ("podcov", 0)


def indexed():
    return ("podcov", 0)[0], (("podcov",), 1)[1], [1, 2, 3][
        1], "abc"[0]


def default(a=("podcov", 1), b=(("podcov", 0), 1), *, c=frozenset({"podcov"})):
    return a, b, c


def long_tuple():
    return (
        1, 2, 3, 4,
        "podcov",
    )


def bytes_and_text():
    return b"podcov" == "podcov", b"a" in (b"a", b"b"), 1j, ..., None


def run():
    return repr((folded(), sets(1), sets(9), indexed(), default(), long_tuple(), bytes_and_text()))
