"""with, in all its lengths."""
import io
from contextlib import contextmanager, suppress


@contextmanager
def managed(out, name):
    out.append(name)
    try:
        yield name
    finally:
        out.append(-name)


class Failing:
    def __init__(self, where):
        self.where = where

    def __enter__(self):
        if self.where == "enter":
            raise ValueError
        return self

    def __exit__(self, *error):
        if self.where == "exit":
            raise ValueError
        return False


def several():
    out = []
    with managed(out, 1) as a, \
         managed(out, 2) as b:
        out.append((a, b))
    with managed(out, 3): out.append(0)
    with managed(
            out,
            4):
        pass
    return out


def swallowing():
    with suppress(KeyError), \
         suppress(ValueError):
        raise ValueError
    with suppress(KeyError): {}["x"]
    with suppress(ZeroDivisionError):
        x = [
            1,
            1 / 0,
            3]
        return "never"  # only coverage: 3.9
    return "swallowed"


def failing(where):
    try:
        with Failing(where) as f:
            where = 1
            with io.StringIO() as s:
                s.write("x")
    except ValueError:
        return where
    return "well"


def jumping():
    for i in range(3):
        with io.StringIO() as s:
            if i == 0:
                continue
            if i == 1:
                break
    with io.StringIO() as s:
        return s.closed


def run():
    return several(), swallowing(), failing("enter"), failing("exit"), failing(""), jumping()
