"""Writes the only JSON that the agent needs in an application: flat objects of strings.

Pure. Importing json would double the agent's start-up time.
"""

from __future__ import annotations


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
