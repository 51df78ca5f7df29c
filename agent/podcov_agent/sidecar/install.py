"""Puts the agent where the applications of the pod find it.

Owns PODCOV_HOME. An application may start at any moment, also while a restarted sidecar installs
again: every file appears whole under its name, a file that is right is left alone, and `ready` is
written last. Only what runs in the application is copied. Called by `__main__`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from podcov_agent.contract import (
    HOME_BOOTSTRAP,
    HOME_DOORWAY,
    HOME_NATIVE,
    HOME_PACKAGE,
    HOME_READY,
    HOME_SHELL,
    VERSION,
)
from podcov_agent.sidecar.errors import InstallFailedError

_PROGRAMS = "bin"
_COMPILED = "compiled"
_DOORWAY = "doorway"
_NATIVE = os.path.dirname(HOME_NATIVE)
_SYSTEM_SHELL = "/bin/sh"
_TEMPORARY = ".new"


def install(package: str, home: str) -> bool:
    """Install the agent of the folder `package` into `home`; True if anything changed.

    Raises InstallFailedError; what was there before is still whole then.
    """
    try:
        files = [*_byte_code(package), *_files(package)]
        changed = [_put(home, name, source, mode) for name, source, mode in files]
        shell = _install_shell(package, home)
        ready = _write(os.path.join(home, HOME_READY), f"{VERSION}\n".encode("ascii"), 0o644)
    except OSError as error:
        raise InstallFailedError(f"installing into {home} failed: {error}") from None
    return any([*changed, shell, ready])


def _files(package: str) -> Iterator[tuple[str, str, int]]:
    """Name below home, source and mode of everything but the shell."""
    folders = [
        ("", HOME_PACKAGE, ".py", 0o644),
        (HOME_BOOTSTRAP, HOME_BOOTSTRAP, ".py", 0o644),
        (_DOORWAY, HOME_DOORWAY, "", 0o644),
        (_NATIVE, _NATIVE, ".so", 0o644),
        (_PROGRAMS, _PROGRAMS, "", 0o755),
    ]
    for folder, target, suffix, mode in folders:
        for name in sorted(os.listdir(os.path.join(package, folder))):
            source = os.path.join(package, folder, name)
            is_shell = f"{target}/{name}" == HOME_SHELL
            if os.path.isfile(source) and name.endswith(suffix) and not is_shell:
                yield f"{target}/{name}", source, mode


def _byte_code(package: str) -> Iterator[tuple[str, str, int]]:
    """The same of byte code, which Python looks for in __pycache__ beside the source."""
    for folder, target in (("", HOME_PACKAGE), (HOME_BOOTSTRAP, HOME_BOOTSTRAP)):
        for name in sorted(os.listdir(os.path.join(package, _COMPILED))):
            module = name.partition(".")[0]
            if os.path.isfile(os.path.join(package, folder, f"{module}.py")):
                source = os.path.join(package, _COMPILED, name)
                yield f"{target}/__pycache__/{name}.pyc", source, 0o644


def _install_shell(package: str, home: str) -> bool:
    """The image's static shell; without one, a link to the shell of whoever follows it."""
    for folder in (package, os.path.dirname(package)):
        source = os.path.join(folder, HOME_SHELL)
        if os.path.isfile(source):
            return _put(home, HOME_SHELL, source, 0o755)
    target = os.path.join(home, HOME_SHELL)
    if os.path.lexists(target):
        return False
    _make_folder(os.path.dirname(target))
    os.symlink(_SYSTEM_SHELL, target)
    return True


def _put(home: str, name: str, source: str, mode: int) -> bool:
    target = os.path.join(home, name)
    _make_folder(os.path.dirname(target))
    with open(source, "rb") as file:
        return _write(target, file.read(), mode)


def _write(target: str, content: bytes, mode: int) -> bool:
    """Give `target` this content in one step; False if it had it."""
    with contextlib.suppress(FileNotFoundError), open(target, "rb") as file:
        if file.read() == content and os.stat(target).st_mode & 0o777 == mode:
            return False
    temporary = target + _TEMPORARY
    with open(temporary, "wb") as file:
        file.write(content)
        os.fchmod(file.fileno(), mode)
    os.replace(temporary, target)
    return True


def _make_folder(path: str) -> None:
    """With the folders above; readable by every uid, whatever the umask."""
    if not os.path.isdir(path):
        _make_folder(os.path.dirname(path))
        os.mkdir(path)
        os.chmod(path, 0o755)
