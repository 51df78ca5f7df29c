"""What an application can see of itself and of its surroundings: the end of each program here.

Prints means, names, tracebacks and pickles, and ends with an exception that nobody catches.
"""

import os
import pickle
import resource
import sys
import traceback

import shop

FAILURES = (
    shop.chained,
    shop.in_handler,
    lambda: shop.deep(3),
    lambda: list(shop.numbers()),
    lambda: shop.Item.refuse(),
    lambda: __import__("not_there"),
)
THINGS = (shop.price, shop.Item, shop.Item("x"), shop.Item("x").cost, shop.Refused("a", "b"))
LIMITS = ("AS", "CPU", "DATA", "FSIZE", "NOFILE", "STACK")


def means():
    try:
        folder = os.getcwd()
    except OSError as error:
        folder = error
    umask = os.umask(0)
    os.umask(umask)
    yield "folder", folder, oct(umask), os.geteuid()
    yield "limits", [(name, resource.getrlimit(getattr(resource, "RLIMIT_" + name))) for name in LIMITS]
    yield "environ", sorted(k for k in os.environ if not k.startswith(("PODCOV_", "PYTHONPATH")))
    yield "home", os.environ.get("HOME"), "path", os.environ.get("PATH")
    yield "flags", sys.flags, sys.warnoptions, sys._xoptions, sys.argv
    yield "encodings", sys.getfilesystemencoding(), getattr(sys.stdout, "encoding", None)
    yield "recursion", sys.getrecursionlimit()


def names():
    main = sys.modules["__main__"]
    yield "main", sorted((name, type(value).__name__) for name, value in vars(main).items())
    yield "modules", sorted(sys.modules)
    yield "path", sys.path, sorted(sys.path_importer_cache), sys.path_hooks, sys.meta_path
    yield "hooks", sys.gettrace(), sys.getprofile(), sys.excepthook, sys.displayhook


def pickles():
    for thing in THINGS:
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            try:
                yield "pickle", protocol, pickle.dumps(thing, protocol)
            except Exception as error:
                yield "pickle", protocol, error


def tracebacks():
    for failure in FAILURES:
        try:
            failure()
        except Exception:
            yield ("traceback", traceback.format_exc())


def everything():
    for part in (means, names, tracebacks, pickles):
        for line in part():
            print(*map(str, line))
    if sys.stdout is not None:
        sys.stdout.flush()
    shop.Item("last").broken
