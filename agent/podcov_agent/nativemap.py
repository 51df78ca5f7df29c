"""Loads the map that is written in C, where this interpreter can have it.

The only file that loads a shared object. It puts nothing into sys.modules and never raises: without
the C map `linemap` does the same in Python, only slower. Called by `hook`, once per interpreter.
"""

from __future__ import annotations

import _imp
import os
import sys

from podcov_agent.contract import HOME_NATIVE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def load_native(home: str) -> Any:
    """The C module installed into `home` for this CPU; None where it is not, or does not load.

    Reasons are a CPU it was not built for, a volume mounted noexec, and a build of Python that
    lays objects out in another way.
    """
    if "t" in getattr(sys, "abiflags", "") or hasattr(sys, "getobjects"):
        return None  # free-threaded, or tracing references
    path = os.path.join(home, HOME_NATIVE % os.uname().machine)
    try:
        namespace: Any = type(sys.implementation)
        spec = namespace(name="podcov_agent.linemap", origin=path)
        module = _imp.create_dynamic(spec)
        _imp.exec_dynamic(module)
    except Exception:
        return None
    return module
