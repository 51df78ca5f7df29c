"""What an application can see of itself: the end of each program beside it.

Prints names, pickles and tracebacks, and ends with an exception that nobody catches.
"""

import copyreg
import io
import os
import pickle
import sys
import traceback

import shop

FAILURES = [
    shop.chained,
    shop.in_handler,
    lambda: shop.deep(3),
    lambda: list(shop.numbers()),
    lambda: shop.Item.refuse(),
    lambda: __import__("not_there"),
]


def everything():
    main = sys.modules["__main__"]
    print("main", sorted((name, type(value).__name__) for name, value in vars(main).items()))
    print("modules", sorted(name for name in sys.modules))
    print("path", sys.path, sys.argv, sys.flags, sys.path_hooks, sys.meta_path)
    print("hooks", sys.gettrace(), sys.getprofile(), sys.excepthook, sys.displayhook)
    for failure in FAILURES:
        try:
            failure()
        except Exception:
            print(traceback.format_exc())
    for thing in (shop.price, shop.Item, shop.Item("x"), shop.Item("x").cost, shop.Refused("a", "b")):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            try:
                data = pickle.dumps(thing, protocol)
            except Exception as error:
                data = repr(error)
            print("pickle", protocol, data)
    sys.stdout.flush()


def fail():
    shop.Item("last").broken
