"""What a generated program sees: decisions, a log, and things to call. In the Python of 3.8.

Every decision is pseudo-random and counted: whoever asks too often is stopped, so every loop ends.
Called by `runner` in the interpreter under test.
"""

import contextlib
import re

STEPS = 300
"""A program is stopped after so many decisions."""

ADDRESS = re.compile(r"0x[0-9a-f]+")
PLAIN = (int, str, bytes, float, type(None), bool)


class Stop(BaseException):
    """Ends a program that has run long enough."""


class World:
    """One program's decisions and log."""

    def __init__(self, seed):
        self.state = seed
        self.left = STEPS
        self.entries = []

    def decide(self):
        """True or False."""
        return bool(self.number() & 1)

    def number(self):
        """0 to 3. Raises Stop when a program has had all its steps."""
        self.left -= 1
        if self.left < 0:
            raise Stop
        self.state = (self.state * 1103515245 + 12345) % 2**31
        return self.state >> 16 & 3

    def log(self, *values):
        """Remember what the values are."""
        self.entries.append([shown(value) for value in values])

    def names(self):
        """The names that a program finds."""
        asked = {"c": self.decide, "n": self.number, "log": self.log}
        return {**asked, "x": 1, "y": 2, "box": Box(), **THINGS}


def shown(value):
    """A value as text, the same in every run: no address."""
    if isinstance(value, PLAIN):
        return without_addresses(repr(value))
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(shown, value)]
    if isinstance(value, dict):
        return ["dict", *([shown(key), shown(item)] for key, item in value.items())]
    return type(value).__name__


def without_addresses(text):
    """What two processes may both say."""
    return ADDRESS.sub("0x", text)


class Swallow:
    """A context manager, in both kinds, that swallows a KeyError."""

    def __init__(self, *ignored):
        pass

    def __enter__(self):
        return 1

    def __exit__(self, kind, *error):
        return kind is KeyError

    async def __aenter__(self):
        await pause()
        return 1

    async def __aexit__(self, kind, *error):
        await pause()
        return kind is KeyError


class Box:
    """An attribute and an item to assign to, and a class that patterns know."""

    __match_args__ = ("one", "two")
    one, two = 1, 2

    def __getitem__(self, key):
        return key

    def __setitem__(self, key, value):
        pass

    def __delitem__(self, key):
        raise KeyError(key)


class Pause:
    """Something to await that really waits."""

    def __await__(self):
        yield


async def pause():
    """Wait once."""
    await Pause()


async def numbers():
    """An asynchronous generator that waits."""
    for n in range(2):
        await pause()
        yield n


def drive(coroutine):
    """Run a coroutine to its end."""
    try:
        while True:
            coroutine.send(None)
    except StopIteration as done:
        return done.value


def cancel(coroutine):
    """Run a coroutine to where it first waits, and throw a KeyError into it there."""
    try:
        coroutine.send(None)
        coroutine.throw(KeyError("cancelled"))
    except StopIteration as done:
        return done.value
    finally:
        coroutine.close()


def first(generator):
    """The first value of a generator, which is then closed."""
    with contextlib.closing(generator):
        return next(generator, None)


def throw(generator):
    """Throw a KeyError into a generator where it first yields."""
    try:
        next(generator)
        return generator.throw(KeyError("thrown"))
    except StopIteration as done:
        return done.value
    finally:
        generator.close()


def send(generator):
    """Send numbers into a generator."""
    try:
        return [generator.send(None), generator.send(1), generator.send(2)]
    except StopIteration as done:
        return done.value


async def collect(generator):
    """All values of an asynchronous generator."""
    return [each async for each in generator]


async def first_of(generator):
    """The first value of an asynchronous generator, which is then closed."""
    try:
        async for each in generator:
            return each
    finally:
        await generator.aclose()


async def throw_into(generator):
    """Throw a KeyError into an asynchronous generator where it first yields."""
    try:
        await generator.__anext__()
        return await generator.athrow(KeyError("thrown"))
    except StopAsyncIteration:
        return None
    finally:
        await generator.aclose()


def deco(function):
    """A decorator that changes nothing."""
    return function


def deco_with(*ignored):
    """One with arguments."""
    return deco


def take(*values, **named):
    """Something to call with anything."""
    return values, named


class Meta(type):
    """A metaclass that takes keywords."""

    def __new__(cls, name, bases, names, **ignored):
        """Make the class."""
        return super().__new__(cls, name, bases, names)

    def __init__(cls, name, bases, names, **ignored):
        super().__init__(name, bases, names)


THINGS = {
    each.__name__: each
    for each in (
        *(Stop, Swallow, Box, Meta, pause, numbers, drive, cancel, first, throw, send, collect),
        *(first_of, throw_into, deco, deco_with, take),
    )
}
