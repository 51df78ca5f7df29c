"""Leaves a note that this interpreter cannot be measured, and does nothing else.

Called by sitecustomize in PyPy and before CPython 3.8. Must parse in any Python since 2.7, so it
writes its one record without `podcov_agent.record`.
"""

import os
import sys
from binascii import crc32


def note(spool):  # type: (str) -> None
    """Append the note to the log, once per container and interpreter. OSError."""
    name = "PyPy" if hasattr(sys, "pypy_version_info") else "CPython"
    detail = name + " {}.{}.{}".format(*sys.version_info)
    text = 'N {"slug": "unsupported-python", "detail": "' + detail + '"}'
    mark = format(crc32(text.encode("ascii")) & 0xFFFFFFFF, "08x")
    record = ("\n" + mark + " " + text + "\n").encode("ascii")
    fd = _open_log(os.path.join(spool, "log"))
    try:
        if record not in os.read(fd, 1 << 20):
            os.write(fd, record)
    finally:
        os.close(fd)


def _open_log(path):  # type: (str) -> int
    try:
        return os.open(path, os.O_RDWR | os.O_APPEND)
    except OSError:
        fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
    os.chmod(path, 0o666)
    return fd
