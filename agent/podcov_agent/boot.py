"""Loads the agent into an application's process, out of its sight, and starts it.

Run by the bootstrap's sitecustomize. It is compiled anew in every process, so it is short. The code
of all other modules comes from one bundle in the spool, made by the first process of a container.
No module of the agent, and none that they import, stays in sys.modules: the application finds
exactly the modules that it would find without us. (`__future__` would be one of them.)
"""

import sys

_modules, _path = dict(sys.modules), sys.path[:]  # before anything is imported here

import marshal  # noqa: E402
import os  # noqa: E402
from _frozen_importlib_external import MAGIC_NUMBER  # noqa: E402
from binascii import crc32  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, Dict, Optional

MODULES = (
    *("contract", "errors", "record", "config", "linemap", "local_installs", "globs", "scope"),
    *("rewrite", "cache", "measure", "bytecode", "entry", "hook"),
)
"""In the order of their imports."""
ONLY_WITH = {"globs": "PODCOV_OMIT"}
"""`globs` needs `re`, which costs more than all the rest."""

INTERPRETER = f"{sys.implementation.cache_tag}.{MAGIC_NUMBER.hex()}.{sys.flags.optimize}"
"""Code of another interpreter, or of another level of -O, is of no use to this one."""

_open, _close, _read, _fstat, _uid = os.open, os.close, os.read, os.fstat, os.geteuid
_crc32, _loads = crc32, marshal.loads


def start(spool: str, package: str) -> None:
    """Measure this process: `spool` is the container's folder, `package` the agent's own.

    Whatever goes wrong in the agent becomes a note.
    """
    try:
        # While the agent is loaded, no file of the application may stand in for the library's.
        library = os.path.dirname(os.__file__)
        sys.path[:] = [p for p in _path if p == library or p.endswith("/lib-dynload")]
        _start(spool, package)
    except Exception as error:
        sys.modules["podcov_agent.linemap"].Spool(spool).note(
            "agent-failed", f"{type(error).__name__}: {error}"
        )
    finally:
        sys.path[:] = _path
        for name in set(sys.modules).difference(_modules):
            del sys.modules[name]
        sys.modules.update(_modules)


def _start(spool: str, package: str) -> None:
    files = {name: os.path.join(package, name + ".py") for name in MODULES}
    stats = [os.stat(file) for file in files.values()]
    key = " ".join([INTERPRETER] + [f"{s.st_mtime_ns}.{s.st_size}" for s in stats])
    name = os.path.join(spool, "code", f"agent.{INTERPRETER}.{_uid()}")
    bundle = load_kept(name, key)
    codes = bundle or {n: _compile(file) for n, file in files.items()}
    _module("podcov_agent", {"__path__": []})
    _module("podcov_agent.boot", globals())
    for part in MODULES:
        if os.environ.get(ONLY_WITH.get(part, "PODCOV_SPOOL")):
            exec(codes[part], _module("podcov_agent." + part, {}))
    if bundle is None:
        sys.modules["podcov_agent.cache"].keep(name, key, codes)
    sys.modules["podcov_agent.hook"].install(os.environ, package)


def _module(name: str, names: "Dict[str, object]") -> "Dict[str, object]":
    module = sys.modules[name] = type(sys)(name)
    module.__dict__.update(names, __name__=name)
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)
    return module.__dict__


def _compile(path: str) -> "CodeType":
    with open(path, "rb") as file:
        code: CodeType = compile(file.read(), path, "exec", dont_inherit=True)
    return code


def load_kept(path: str, key: str) -> "Optional[Dict[str, Any]]":
    """What this user kept at `path` under exactly this key; None if it is not there or not whole.

    `cache.keep` writes such files. Nobody's file but our own is ever executed.
    """
    try:
        fd = _open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        status = _fstat(fd)
        data = _read(fd, status.st_size) if status.st_uid == _uid() else b""
    finally:
        _close(fd)
    head = key.encode("utf-8", "surrogateescape") + b"\n"
    body = memoryview(data)[len(head) + 9 :]
    if data[: len(head) + 9] != head + b"%08x\n" % _crc32(body):
        return None
    kept: Dict[str, Any] = _loads(body)
    return kept
