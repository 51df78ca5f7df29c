"""Gets the agent's code into an application's process: from one bundle that the first process of a
container compiled and kept in the spool.

Run by the bootstrap's sitecustomize, compiled anew in every process, so it does no more than that;
`loading`, the first module of the bundle, does the rest.
"""

import marshal
import os
import sys
from _frozen_importlib_external import MAGIC_NUMBER
from binascii import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, Dict, Optional

INTERPRETER = f"{sys.implementation.cache_tag}.{MAGIC_NUMBER.hex()}.{sys.flags.optimize}"
"""Code of another interpreter, or of another level of -O, is of no use to this one."""

NO_FILE = "<podcov>"
"""The file name of the agent's code: tools that watch files, as coverage.py and debuggers do, pass
over names in angle brackets."""

_open, _close, _read, _fstat, _uid = os.open, os.close, os.read, os.fstat, os.geteuid
_crc32, _loads = crc32, marshal.loads


def start(spool: str, package: str) -> None:
    """Measure this process: `spool` is the container's folder, `package` the agent's own."""
    with os.scandir(package) as entries:
        stats = sorted([(e.name, e.path, e.stat()) for e in entries if e.name.endswith(".py")])
    key = " ".join([f"{name} {s.st_mtime_ns} {s.st_size}" for name, _, s in stats])
    kept = f"{spool}/code/agent.{INTERPRETER}.{_uid()}"
    bundle = load_kept(kept, key)
    codes = bundle or {name[:-3]: _compile(path) for name, path, _ in stats}
    names: Dict[str, Any] = {"__name__": "podcov_boot"}
    exec(codes["loading"], names)
    names["load"](globals(), codes, spool, package, None if bundle else (kept, key))


def _compile(path: str) -> "CodeType":
    with open(path, "rb") as file:
        code: CodeType = compile(file.read(), NO_FILE, "exec", dont_inherit=True, optimize=2)
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
