"""Writes and reads the JSON that the agent needs in an application.

Pure. Importing json would double the agent's start-up time; and once the application runs, that may
be a module of its own.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Reading:
    """How json.loads reads."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int, parse_constant = float, int, float


def from_json(text: str) -> object:
    """What `text` means. ValueError."""
    from _json import make_scanner  # late: rarely called

    scanner: Any = make_scanner
    try:
        value, end = scanner(_Reading)(text.strip(), 0)
    except StopIteration:
        raise ValueError("no value") from None
    if end < len(text.strip()):
        raise ValueError(f"more than a value: {text!r}")
    return value


def to_json(fields: dict[str, str]) -> str:
    """A flat JSON object, all ASCII."""
    return "{" + ", ".join([f"{_quote(k)}: {_quote(v)}" for k, v in fields.items()]) + "}"


def _quote(text: str) -> str:
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    units = text.encode("utf-16-be", "surrogatepass")
    codes = [units[i] << 8 | units[i + 1] for i in range(0, len(units), 2)]
    plain = [chr(c) if 32 <= c < 127 and c not in (34, 92) else f"\\u{c:04x}" for c in codes]
    return f'"{"".join(plain)}"'
