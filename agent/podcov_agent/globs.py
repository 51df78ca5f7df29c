"""Patterns of `PODCOV_OMIT`, matched as coverage.py matches its own `omit`.

Pure. Imported by scope only when there are patterns, because `re` is dear at start-up.
"""

from __future__ import annotations

import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Pattern

_REFUSED = re.compile(r"\*{3,}|[^/]+\*\*+|\*\*+[^/]+|\*\*/\*\*")
"""** stands alone between slashes."""

_TOKENS = (
    (re.compile(r"^\*+/"), "(?:.*/)?"),  # at the beginning: any folders, or none
    (re.compile(r"/\*+$"), "/.*"),  # at the end: everything below
    (re.compile(r"\*\*/"), "(?:.*/)?"),  # any folders, or none
    (re.compile(r"\*"), "[^/]*"),
    (re.compile(r"\?"), "[^/]"),
)
_CHARACTERS = re.compile(r"\[.*?\]")
"""A set of characters means the same in a regular expression."""


def compile_globs(patterns: Iterable[str], cwd: str) -> Pattern[str]:
    """One expression whose `match` finds the real paths that any of the patterns means.

    A pattern without a slash means a file of that name anywhere; one that does not begin with a
    wildcard is also taken from `cwd`. Raises ValueError for what coverage.py refuses.
    """
    wanted = []
    for pattern in patterns:
        try:
            wanted.append(_translate(pattern))
            if not pattern.startswith(("*", "?")):
                wanted.append(_translate(os.path.realpath(os.path.join(cwd, pattern))))
            re.compile(wanted[-1])
        except (ValueError, re.error) as error:
            raise ValueError(f"{pattern!r} is not a pattern: {error}") from None
    return re.compile("(?:" + "|".join(wanted) + r")\Z")


def _translate(pattern: str) -> str:
    pattern = pattern.replace("\\", "/")
    if "/" not in pattern:
        pattern = "**/" + pattern
    regex, position = "", 0
    while position < len(pattern):
        text, made = _next_token(pattern, position)
        regex += made
        position += len(text)
    return regex


def _next_token(pattern: str, position: int) -> tuple[str, str]:
    """The token at `position`, and the expression for it."""
    if _REFUSED.match(pattern, position):
        raise ValueError("** must stand alone between slashes")
    for token, made in _TOKENS:
        found = token.match(pattern, position)
        if found:
            return found.group(), made
    found = _CHARACTERS.match(pattern, position)
    if found:
        return found.group(), re.sub(r"(?<!^)([&~|\[])", r"\\\1", found.group())
    if pattern[position] in "[]":
        raise ValueError("a bracket has no partner")
    return pattern[position], re.escape(pattern[position])
