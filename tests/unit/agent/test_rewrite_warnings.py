"""Compiling a module once more repeats no warning, and keeps none from anybody else.

Runs under every interpreter (tests/process/test_every_interpreter.py), so it is written in the
Python of 3.8 and uses the standard library and pytest only.
"""

from __future__ import annotations

import threading
import warnings

from support.rewriting import (  # noqa: F401
    form_of_probes,
    rewrite,
)


def test_warnings_are_not_repeated() -> None:
    """The module was loaded before: each warning was given then, or turned into an error."""
    source = b"a = 1\nb = a is 1\nc = '\\d'\nassert (b, 'always true')\nd = [1] (2) if 0 else 0\n"
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        before, copy = warnings.filters, list(warnings.filters)
        rewrite(source, "m.py")
        assert (warnings.filters is before, warnings.filters) == (True, copy)
    assert seen == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rewrite(source, "m.py")


def test_other_threads_keep_their_warnings_while_we_compile() -> None:
    """Each of their warnings is shown although the filter is in the list all the time."""
    source = b"a = 1\nb = a is 1\n" * 50
    stop = threading.Event()

    def rewrite_on() -> None:
        while not stop.is_set():
            rewrite(source, "m.py")

    thread = threading.Thread(target=rewrite_on)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        before = list(warnings.filters)
        thread.start()
        try:
            for number in range(2000):
                warnings.warn(f"number {number}", UserWarning, stacklevel=1)
        finally:
            stop.set()
            thread.join()
        assert warnings.filters == before
    assert [str(w.message) for w in seen] == [f"number {n}" for n in range(2000)]
