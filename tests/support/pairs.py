"""Runs a program without us and with us, and shows where the two differ.

Owns what may differ between any two runs: addresses, and nothing else. Called by process tests.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support.measured import Container


@dataclass(frozen=True)
class Outcome:
    """What a process leaves: the return code, as of subprocess, and its two streams."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"{self.out}\n-- stderr\n{self.err}\n-- return code {self.code}\n"


def outcome(
    container: Container,
    command: Sequence[str | Path],
    cwd: Path,
    *,
    measured: bool,
    stdin: str | None = None,
) -> Outcome:
    """One run. Bytes that are no UTF-8 are shown escaped."""
    done = container.run(command, cwd, measured=measured, stdin=stdin, errors="backslashreplace")
    out, err = (re.sub("0x[0-9a-f]+", "0x", text) for text in (done.stdout, done.stderr))
    return Outcome(done.returncode, out, err)


def pair(
    container: Container, command: Sequence[str | Path], cwd: Path, stdin: str | None = None
) -> Outcome:
    """The outcome of a plain run, which two measured ones must have too.

    Two, as the first finds nothing kept and the second finds all; and a plain run before them, for
    what it leaves in __pycache__.
    """
    runs = (False, False, True, True)
    found = [outcome(container, command, cwd, measured=on, stdin=stdin) for on in runs]
    plain = found[1]
    for which, measured in zip(("first", "second"), found[2:], strict=True):
        assert measured == plain, f"the {which} measured run differs:\n" + "\n".join(
            difflib.unified_diff(
                str(plain).splitlines(), str(measured).splitlines(), "plain", "measured", n=0
            )
        )
    return plain
