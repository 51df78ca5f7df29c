"""Names: star imports, del, exec, locals, globals."""
from os.path import *
from __main__ import readable as imported

GONE = 1
del GONE
names_before = len(globals())


def shadow():
    print = len
    return print("ab")


def local_names():
    a = 1
    b = 2
    del a
    return sorted(locals())


def unbound():
    try:
        return a
        a = 1
    except NameError as e:
        return str(e)


def executed():
    names = {}
    exec("a = 1\nb = a + 1", names)
    return names["b"], eval("1 + 1")


def cells():
    out = []
    for i in range(2):
        def f(): return i
        out.append(f)
    del f
    return [g() for g in out]


kept = both = 1
if not kept:
    assert [kept for kept in range(3)], "ran"
if False:
    unused = [kept for kept in range(3)], [lambda: both for both in range(3)]
names_kept = sorted(n for n in locals() if n in ("kept", "both", "unused"))


class Scope:
    a = 1
    b = [a]
    exec("c = 2")
    names = sorted(n for n in locals() if not n.startswith("__"))


class Kept:
    a = b = 1
    if False:
        unused = [a for a in range(3)], [lambda: b for b in range(3)]
    names = sorted(n for n in locals() if not n.startswith("__"))


def run():
    return (shadow(), local_names(), unbound(), executed(), cells(), Scope.names, "GONE" in globals(),
            len(globals()) > names_before, sorted(n for n in globals() if "MARK" in n.upper()),
            basename("a/b"), imported("x"), names_kept, Kept.names)
