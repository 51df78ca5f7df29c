"""Makes modules of the agent's code and starts it, out of the application's sight.

Called by `boot`, as the first code of the bundle. The modules stand in sys.modules only while they
import each other: the bootstrap takes them out again, with all that they imported from the library.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, Dict, Optional, Tuple

MODULES = (
    *(
        "contract",
        "errors",
        "record",
        "config",
        "nativemap",
        "linemap",
        "local_installs",
        "globs",
        "scope",
    ),
    *("probes", "rewrite", "cache", "measure", "bytecode", "entry", "hook"),
)
"""In the order of their imports."""
ONLY_WITH = {"globs": "PODCOV_OMIT"}
"""`globs` needs `re`, which costs more than all the rest."""


def load(
    boot: "Dict[str, Any]",
    codes: "Dict[str, CodeType]",
    spool: str,
    package: str,
    keep_as: "Optional[Tuple[str, str]]",
) -> None:
    """Start the agent. `keep_as`: name and key under which `codes` is kept for later processes.

    Whatever goes wrong becomes a note, if one can be written.
    """
    importers = set(sys.path_importer_cache)
    try:
        _make_modules(boot, codes)
        if keep_as:
            sys.modules["podcov_agent.cache"].keep(*keep_as, codes)
        sys.modules["podcov_agent.hook"].install(os.environ, package)
    except Exception as error:
        detail = f"{type(error).__name__}: {error}"
        sys.modules["podcov_agent.linemap"].Spool(spool).note("agent-failed", detail)
    finally:
        for folder in importers.symmetric_difference(sys.path_importer_cache).difference(sys.path):
            del sys.path_importer_cache[folder]


def _make_modules(boot: "Dict[str, Any]", codes: "Dict[str, CodeType]") -> None:
    if "__future__" not in sys.modules:
        _module("__future__", {"annotations": None})  # reading the real one takes a third of it all
    _module("podcov_agent", {"__path__": []})
    _module("podcov_agent.boot", boot)
    load_kept = boot["load_kept"]  # of boot's functions, the only one that is called later
    load_kept.__code__ = load_kept.__code__.replace(co_filename=boot["NO_FILE"])
    for name in MODULES:
        if os.environ.get(ONLY_WITH.get(name, "PODCOV_SPOOL")):
            exec(codes[name], _module("podcov_agent." + name, {}))


def _module(name: str, names: "Dict[str, Any]") -> "Dict[str, Any]":
    module = sys.modules[name] = type(sys)(name)
    module.__dict__.update(names, __name__=name)
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)
    return module.__dict__
