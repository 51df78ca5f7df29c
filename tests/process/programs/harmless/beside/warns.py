import warnings

x = "\d"
warnings.warn("one")


def f():
    warnings.warn("two", DeprecationWarning, stacklevel=2)


f()
assert (1, "x")
