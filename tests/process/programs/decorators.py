"""Decorators: how many run, in which order, and what when one raises."""
import functools


def deco(*args,
         **kwargs):
    def wrap(f):
        return f
    return wrap


def bare(f):
    return f


def boom(*args):
    raise ValueError("boom")


@deco(1)
@deco(
    2,
    3)
@bare
def three(a=1,
          b=(2 +
             3)):
    "doc"
    return a + b


@bare
def one(): return 1


@bare
# a comment between

@deco()
class Decorated(
        object):
    """doc"""

    @property
    def p(self):
        return 1

    @p.setter
    @deco()
    def p(self, value):
        self.value = value

    @staticmethod
    def s(): return 2

    @classmethod
    @functools.wraps(
        one)
    def c(cls): return 3


try:
    @deco(1)
    @boom()
    @deco(2)
    def never(): pass
except ValueError:
    pass

try:
    @deco(1)
    @boom
    @deco(2)
    def never_too():
        pass
except ValueError: pass

try:
    @bare
    @deco(
        1,
        boom())
    @bare
    class Never:
        a = 1
except ValueError:
    pass

try:
    @bare
    def bad_default(a=boom()):
        pass
except ValueError:
    pass

try:
    @bare
    class BadBase(boom()):
        pass
except ValueError:
    pass


def inside():
    @bare
    @deco(bare,
          bare)
    def inner():
        return 1

    @bare
    async def coroutine():
        return 1

    return inner(), coroutine


def run():
    d = Decorated()
    d.p = 1
    return three(), one(), d.p, d.s(), inside()[0]
