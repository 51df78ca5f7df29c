"""Owns files that builds at the same time read and write.

Called by whoever writes into the cache folder outside a lock.
"""

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Give `path` this text in one step: who reads it meanwhile finds all of the old or the new.

    Only its owner may read it.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    os.replace(name, path)
