"""The hash that git names contents by, from the library.

`measure` imports it for the first source that the cache does not have.
"""

from __future__ import annotations

try:
    from _sha1 import sha1  # type: ignore[import-not-found]  # hashlib would load OpenSSL
except ImportError:
    from hashlib import sha1

__all__ = ["sha1"]
