"""Gives back the PYTHONPATH of the image, which the pod's spec had to replace by our folder.

Called by sitecustomize where PYTHONPATH is our folder and nothing else. `bin/probe-image` wrote
down what the image has. Must parse in any Python since 2.7.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List  # noqa: F401 (used by type comments)


def restore(file, folder):  # type: (str, str) -> None
    """Put the image's entries, as `file` has them, where `folder` is in sys.path and os.environ."""
    value = _image_value(file, "PYTHONPATH")
    if value:
        os.environ["PYTHONPATH"] = folder + os.pathsep + value
        entries = [folder] + [os.path.abspath(entry) for entry in value.split(os.pathsep)]
        sys.path[:] = exchange(sys.path, folder, entries)


def _image_value(file, name):  # type: (str, str) -> str
    try:
        with open(file) as lines:
            for line in lines.read().splitlines():
                key, _, value = line.partition("=")
                if key == name:
                    return value
    except (IOError, OSError):  # noqa: UP024 (two classes in Python 2.7)
        pass
    return ""


def exchange(path, folder, entries):  # type: (List[str], str, List[str]) -> List[str]
    """`path` with `entries` in place of `folder`, and each entry once, as `site` leaves it."""
    result = []  # type: List[str]
    for entry in path:
        for one in entries if entry == folder else [entry]:
            if one not in result:
                result.append(one)
    return result
