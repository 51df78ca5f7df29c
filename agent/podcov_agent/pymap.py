"""The map of one chunk in Python: where the map in C is not, or does not load.

Owns the mapping, by `mmap`. Called by linemap; never imported where the map in C is used.
"""

from __future__ import annotations

import os
import sys
from mmap import mmap

# Private copies: a test of the application may replace these while its code is being imported.
_close, _dup, _fstat, _listdir = os.close, os.dup, os.fstat, os.listdir
_lseek = os.lseek


class Map(mmap):
    """The bytes of one chunk, fit to be a constant of a code object.

    Hashable by identity, as jinja2 and others put code objects into sets. Pickled by value, with
    the function that holds it, it arrives as an empty dict: `{}[line] = 1` works everywhere.
    """

    anchor: object = None

    def __reduce_ex__(self, protocol: object) -> tuple[type[dict[int, int]], tuple[()]]:
        return (dict, ())

    def __buffer__(self, flags: int) -> memoryview:
        """marshal would write all the bytes in place of the map, for code that then fails.

        From 3.12 on it is refused instead; other interpreters within the process import the code.
        With a TypeError, as by what has no buffer: numba asks every constant for one.
        """
        raise TypeError("only the agent reads this")

    def __copy__(self) -> Map:
        return self

    def __deepcopy__(self, memo: object) -> Map:
        return self


def map_descriptor(fd: int, size: int) -> Map:
    """A shared map of the file open at `fd`, of that size. It keeps no descriptor, is never freed.

    Before 3.13 an mmap duplicates the descriptor and closes that number when it is freed. An
    application that closes all descriptors, as daemons do, would get the number for a file of its
    own and then lose that file. So the number is closed at once, and the map anchored for ever.
    """
    if sys.version_info >= (3, 13):
        chunk = Map(fd, size, trackfd=False)
    else:
        # A duplicate has the position of its original. No other descriptor of the file that this
        # process has is at this one: a number belongs to one thread's map.
        _lseek(fd, fd + 1, os.SEEK_SET)
        guess = _dup(fd)  # the lowest free number, which mmap takes next
        _close(guess)
        chunk = Map(fd, size)
        _close_duplicate(fd, guess)
    _anchor(chunk)
    return chunk


def _close_duplicate(fd: int, guess: int) -> None:
    if _is_duplicate(fd, guess):
        _close(guess)
        return
    for name in _listdir("/proc/self/fd"):  # another thread took the number in between
        if int(name) != fd and _is_duplicate(fd, int(name)):
            _close(int(name))
            return


def _is_duplicate(fd: int, other: int) -> bool:
    try:
        a, b = _fstat(fd), _fstat(other)
        same = (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino)
        return same and _lseek(other, 0, os.SEEK_CUR) == fd + 1
    except OSError:
        return False


def _anchor(chunk: Map) -> None:
    """Make `chunk` immortal: a cycle through a code object, which the collector does not enter."""
    code = _anchor.__code__
    chunk.anchor = code.replace(co_consts=(*code.co_consts, chunk))
