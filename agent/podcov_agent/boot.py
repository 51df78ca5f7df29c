"""Gets the agent's code into an application's process: from one bundle that the first process of a
container compiled and kept in the spool.

Run by the bootstrap's sitecustomize in every process, so it does no more than that; `loading`, the
first module of the bundle, does the rest.
"""

import _imp
import marshal
import os
import sys
from _frozen_importlib_external import MAGIC_NUMBER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional

INTERPRETER = f"{sys.implementation.cache_tag}.{MAGIC_NUMBER.hex()}.{sys.flags.optimize}"
"""Code of another interpreter, or of another level of -O, is of no use to this one."""

NO_FILE = "<podcov>"
"""The file name of the agent's code: tools that watch files, as coverage.py and debuggers do, pass
over names in angle brackets."""

MARK_BYTES = 9
"""A checksum and a newline."""

_open, _close, _read, _fstat, _uid = os.open, os.close, os.read, os.fstat, os.geteuid
_hash, _loads = _imp.source_hash, marshal.loads
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


def start(spool: str, package: str) -> None:
    """Measure this process: `spool` is the container's folder, `package` the agent's own.

    The installer puts each file of the agent in its place by a rename, which the folder shows.
    """
    status = os.stat(package)
    name = f"{spool}/code/agent.{INTERPRETER}.{_uid()}"
    key = f"{status.st_ino} {status.st_mtime_ns}"
    bundle = kept = load_kept(name, key)
    if bundle is None:
        bundle = compile_bundle(package)
    names: Dict[str, Any] = {"__name__": "podcov_boot"}
    exec(_loads(bundle["loading"]), names)
    names["load"](globals(), bundle, spool, package, (name, key) if kept is None else None)


def compile_bundle(package: str) -> "Dict[str, bytes]":
    """Marshalled code of each module of the agent."""
    bundle = {}
    for entry in os.scandir(package):
        if entry.name.endswith(".py"):
            with open(entry.path, "rb") as file:
                code = compile(file.read(), NO_FILE, "exec", dont_inherit=True, optimize=2)
            bundle[entry.name[:-3]] = marshal.dumps(code)
    return bundle


def load_kept(name: str, key: str) -> "Optional[Dict[str, Any]]":
    """What this user kept in file `name` under exactly this key; None if it is not there or whole.

    `cache.keep` writes such files. Nobody's file but our own is ever executed.
    """
    try:
        fd = _open(name, _FLAGS)
    except OSError:
        return None
    try:
        status = _fstat(fd)
        data = _read(fd, status.st_size) if status.st_uid == _uid() else b""
    finally:
        _close(fd)
    head = key.encode("utf-8", "surrogateescape") + b"\n"
    body = memoryview(data)[len(head) + MARK_BYTES :]
    if data[: len(head) + MARK_BYTES] != head + checksum(body) + b"\n":
        return None
    kept: Dict[str, Any] = _loads(body)
    return kept


def checksum(body: "Any") -> bytes:
    """Eight bytes that other content would not have, from what is built into the interpreter."""
    return _hash(0, body)
