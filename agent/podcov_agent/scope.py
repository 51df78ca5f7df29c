"""Decides which source files are measured.

Reads paths, never writes, and looks into a site-packages folder only when a file there, or a file
that belongs nowhere, is asked about. Called by the import hook and the entry script, once per file.

Without `PODCOV_SOURCE`: the entry script's folder, the working directory, and packages that were
installed from a local directory or from version control. With it: those packages and directories,
wherever they are. Never: the agent itself. Real paths are compared, as coverage.py does.
"""

from __future__ import annotations

import os
import sys
from os.path import dirname, join, realpath
from stat import S_IFLNK, S_IFMT

from podcov_agent.local_installs import LocalInstalls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Sequence

_SITE_FOLDERS = ("/site-packages/", "/dist-packages/")
"""Below such a folder is what somebody else wrote, unless it is known to be local."""

_UNSURE = None
"""Of a folder: whether a file in it is measured depends on the file."""

_lstat, _getcwd = os.lstat, os.getcwd


class Places:
    """Where things are in this interpreter.

    `cwd`: the working directory at start. `entry`: the script's path, None for -c, -m and stdin.
    `ours`: folders of the agent. `foreign`: the standard library and the folders of console
    scripts. `search`: the living `sys.path`.
    """

    __slots__ = ("cwd", "entry", "foreign", "ours", "search")

    def __init__(
        self,
        cwd: str,
        entry: str | None,
        ours: Sequence[str],
        foreign: Sequence[str],
        search: Sequence[str],
    ) -> None:
        self.cwd = cwd
        self.entry = entry
        self.ours = ours
        self.foreign = foreign
        self.search = search


def places_here(entry: str | None, ours: Sequence[str]) -> Places:
    """The places of the running interpreter."""
    try:
        cwd = os.getcwd()
    except OSError:  # the folder is gone
        cwd = ""
    foreign = [dirname(os.__file__)]
    version = "python{}.{}".format(*sys.version_info)
    for prefix in {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}:
        foreign.append(join(prefix, "bin"))
        foreign.append(join(prefix, getattr(sys, "platlibdir", "lib"), version))
    return Places(cwd, entry, ours, foreign, sys.path)


class Scope:
    """The files that are measured.

    `source`: packages (dotted names) and directories, empty for the default. `omit`: patterns.
    Raises ValueError for a pattern that coverage.py refuses too.
    """

    def __init__(self, source: Sequence[str], omit: Sequence[str], places: Places) -> None:
        self._explicit = bool(source)
        self._search = places.search
        self._real: dict[str, str] = {}
        self._ours = self._real_folders(places.ours)
        self._foreign = self._real_folders(places.foreign)
        folders = [join(places.cwd, name) for name in source if _is_folder(name, places.cwd)]
        self._packages = [name for name in source if not _is_folder(name, places.cwd)]
        self._roots = self._real_folders(folders) if source else self._default_roots(places)
        self._local = LocalInstalls()
        self._omitted = None
        if omit:
            from podcov_agent.globs import compile_globs  # `re` costs more than all the rest here

            self._omitted = compile_globs(omit, places.cwd).match
        self._answers: dict[str, str | None] = {}
        self._folders: dict[str, tuple[str, bool | None]] = {}

    def measured(self, path: str, module: str = "") -> str | None:
        """The real path of the source file `path` if it is measured, else None. OSError.

        A relative path means a file in the working directory of this moment.
        `module`, where it is known, is the module's name: it finds packages that lie below no
        entry of `sys.path`, as editable installs may.
        """
        if path[:1] != "/":
            path = join(_getcwd(), path)
        try:
            return self._answers[path]
        except KeyError:
            pass
        folder, slash, name = path.rpartition("/")
        real, answer = self._folders.get(folder + slash) or self._judge(folder + slash, path)
        try:
            is_link = S_IFMT(_lstat(path).st_mode) == S_IFLNK
        except (OSError, ValueError):
            is_link = False
        if is_link:
            real, answer = realpath(path), _UNSURE
        else:
            real += name
        if answer is _UNSURE:
            answer = self._belongs(real, module)
        elif answer and self._omitted:
            answer = not self._omitted(real)
        found = self._answers[path] = real if answer else None
        return found

    def _judge(self, folder: str, path: str) -> tuple[str, bool | None]:
        """What is true of every file in a folder: its real path, and whether it is measured.

        Modules come by hundreds, most of them from folders that can be left out as a whole. Files
        of no known place stay _UNSURE, as `sys.path` may grow.
        """
        real = join(self._real_folder(os.path.split(path)[0]), "")
        answer: bool | None
        if real.startswith(self._ours):
            answer = False
        elif self._is_in_root(real):
            answer = True
        elif self._explicit:
            answer = _UNSURE if self._packages else False
        else:
            site = _site_folder(real)
            local = self._local.owns_in(site, real) if site else not real.startswith(self._foreign)
            answer = _UNSURE if local else False
        self._folders[folder] = real, answer
        return real, answer

    def _belongs(self, real: str, module: str) -> bool:
        if real.startswith(self._ours):
            return False
        if self._explicit:
            wanted = self._is_named(real, module) or self._is_in_root(real)
        else:
            wanted = self._is_in_root(real) or self._is_local(real)
        return wanted and not (self._omitted and self._omitted(real))

    def _default_roots(self, places: Places) -> tuple[str, ...]:
        folders = [places.cwd] if places.cwd else []
        if places.entry is not None:
            folders.append(dirname(realpath(join(places.cwd, places.entry))))
        roots = self._real_folders(folders)
        return tuple(r for r in roots if not r.startswith(self._foreign) and not _site_folder(r))

    def _is_in_root(self, real: str) -> bool:
        """Below a root, and not in a folder of others that lies below that root."""
        root = max((r for r in self._roots if real.startswith(r)), key=len, default="")
        if not root or _site_folder(real[len(root) - 1 :]):
            return False
        return not any(real.startswith(f) and len(f) > len(root) for f in self._foreign)

    def _is_named(self, real: str, module: str) -> bool:
        """Does the file belong to one of the packages?"""
        return bool(self._packages) and any(
            name == package or name.startswith(package + ".")
            for name in (module, *self._module_names(real))
            for package in self._packages
        )

    def _module_names(self, real: str) -> Iterable[str]:
        """The names under which `sys.path` would find the file."""
        for entry in self._entries():
            folder = self._real_folder(entry) + "/"
            if real.startswith(folder):
                inner = real[len(folder) :].rpartition(".")[0].replace("/", ".")
                yield inner[: -len(".__init__")] if inner.endswith(".__init__") else inner

    def _entries(self) -> list[str]:
        """What Python searches: it skips what else a program may have put into `sys.path`."""
        return [entry for entry in self._search if isinstance(entry, str)]

    def _is_local(self, real: str) -> bool:
        """Is the file part of a package that was installed from a local directory or VCS?"""
        site = _site_folder(real)
        if site:
            return self._local.owns(site, real)
        if real.startswith(self._foreign):
            return False
        sites = {_site_folder(self._real_folder(entry) + "/") for entry in self._entries()}
        roots = [r for s in sites if s for r in self._local.editable_roots(s)]
        return real.startswith(tuple(roots))

    def _real_folder(self, folder: str) -> str:
        try:
            return self._real[folder]
        except KeyError:
            parent, name = os.path.split(folder)
            if name in ("", ".", "..") or folder[0] != "/" or os.path.islink(folder):
                real = realpath(folder)
            else:
                real = join(self._real_folder(parent), name)
            self._real[folder] = real
            return real

    def _real_folders(self, folders: Iterable[str]) -> tuple[str, ...]:
        """Real paths with one slash at their end, so that `startswith` means `below`."""
        return tuple({join(self._real_folder(folder), "") for folder in folders})


def _is_folder(name: str, cwd: str) -> bool:
    """Does an entry of PODCOV_SOURCE mean a directory? A package's name has no slash."""
    return "/" in name or name in (".", "..") or os.path.isdir(join(cwd, name))


def _site_folder(real: str) -> str:
    """The first site-packages folder that `real` lies below, or nothing."""
    found = [real.find(name) + len(name) - 1 for name in _SITE_FOLDERS if name in real]
    return real[: min(found)] if found else ""
