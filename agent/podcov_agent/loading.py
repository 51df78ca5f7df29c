"""Makes modules of the agent's code when they are first imported, out of the application's sight.

Called by `boot`, as the first code of the bundle. None of the modules ever stands in sys.modules:
each has its own `__import__`, which finds the others here. So a module that few processes need can
be imported late, by a function; its code stays a string of bytes until then.
"""

import _imp
import builtins
import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Tuple

PACKAGE = "podcov_agent"
ALONE = ("_ast", "_json", "_sha1", "binascii")
"""Modules in C, each in a file of its own or built in, that ours import when the application runs.
(C code that ours call, such as compile, imports by our `__import__` too: that has to be plain.)"""

_import, _loads, _modules, _Module = builtins.__import__, marshal.loads, sys.modules, type(sys)
_stat, _ENDS = os.stat, _imp.extension_suffixes()
_Spec: "Any" = type(sys.implementation)


def load(
    boot: "Dict[str, Any]",
    bundle: "Dict[str, bytes]",
    spool: str,
    package: str,
    keep_as: "Optional[Tuple[str, str]]",
) -> None:
    """Start the agent. `keep_as`: name and key under which `bundle` is kept for later processes.

    Whatever goes wrong becomes a note, if one can be written.
    """
    importers = set(sys.path_importer_cache)
    modules = Modules(bundle, boot)
    try:
        if keep_as:
            modules.named("cache").keep(*keep_as, bundle)
        modules.named("hook").install(os.environ, package)
    except Exception as error:
        detail = f"{type(error).__name__}: {error}"
        modules.named("linemap").Spool(spool).note("agent-failed", detail)
    finally:
        for folder in importers.symmetric_difference(sys.path_importer_cache).difference(sys.path):
            del sys.path_importer_cache[folder]


class Modules:
    """The agent's modules in this process, by their names in the package."""

    def __init__(self, bundle: "Dict[str, bytes]", boot: "Dict[str, Any]") -> None:
        self._bundle = bundle
        self._builtins = {**vars(builtins), "__import__": self._imported}
        self._package: Any = _Module(PACKAGE)
        self._made: Dict[str, Any] = {"boot": _Module(f"{PACKAGE}.boot")}
        vars(self._made["boot"]).update(boot)
        for later in (boot["load_kept"], boot["checksum"]):  # which are called after the start
            later.__code__ = later.__code__.replace(co_filename=boot["NO_FILE"])
        self._library = sys.path[:]
        self._future = _Module("__future__")
        vars(self._future)["annotations"] = None  # to read the real one takes a third of it all

    def named(self, name: str) -> "Any":
        """The module of that name. Two threads may both make one; the first stays."""
        try:
            return self._made[name]
        except KeyError:
            module = _Module(f"{PACKAGE}.{name}")
            vars(module)["__builtins__"] = self._builtins
            exec(_loads(self._bundle[name]), vars(module))
            return self._made.setdefault(name, module)

    def _imported(self, name: str, *args: "Any") -> "Any":
        """What `import` in our modules calls: (globals, locals, names, level) follow."""
        if name == "__future__":
            return self._future
        package, _, inner = name.partition(".")
        if package == PACKAGE:
            if inner:
                return self.named(inner)
            for each in args[2]:
                setattr(self._package, each, self.named(each))
            return self._package
        return self._alone(name) if name in ALONE else _import(name, *args)

    def _alone(self, name: str) -> "Any":
        """A module of the library that the application neither sees nor can stand in for."""
        known = _modules.get(name)
        try:
            module = self._made[name] = self._made.get(name) or self._created(name)
        finally:
            if known is not None:
                _modules[name] = known
            else:
                _modules.pop(name, None)
        return module

    def _created(self, name: str) -> "Any":
        if name in sys.builtin_module_names:
            module = _imp.create_builtin(_Spec(name=name, origin="built-in"))
        else:
            module = _imp.create_dynamic(_Spec(name=name, origin=self._file_of(name)))
        _imp.exec_dynamic(module)
        return module

    def _file_of(self, name: str) -> str:
        for path in [f"{folder}/{name}{end}" for folder in self._library for end in _ENDS]:
            try:
                _stat(path)
                return path
            except OSError:
                pass
        raise ImportError(f"no {name} in {self._library}")
