"""The hash that git names contents by, from the library.

`measure` imports it for the first source that the cache does not have.
"""

from __future__ import annotations

try:
    from _sha1 import sha1  # type: ignore[import-not-found]  # hashlib would load OpenSSL
except ImportError:
    # Not by hashlib, which tells the application's stderr of every hash that it does not find.
    from _hashlib import openssl_sha1 as sha1

__all__ = ["sha1"]
