"""Owns what coverage.py's settings of the local project say about files: which ones a report is
about, which count although nothing imported them, and where paths of pods lie here.

The settings are those that `coverage` itself would find from the working directory, or in the file
that is named. Must not touch data or reports: covdata does. Called by session and `podcov run`.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from coverage import Coverage
from coverage.config import CoverageConfig
from coverage.exceptions import CoverageException
from coverage.files import GlobMatcher, PathAliases, prep_patterns
from coverage.files import find_python_files as find_importable

from podcov.errors import SettingError


@dataclass(frozen=True)
class Rules:
    """What a report is about. Without folders, packages and patterns: every measured file."""

    folders: tuple[str, ...] = ()
    """Real paths; `source` and `source_dirs`."""
    packages: tuple[str, ...] = ()
    """Dotted names; `source` and `source_pkgs`."""
    include: tuple[str, ...] = ()
    """Patterns; without meaning where there are folders or packages, as in coverage.py."""
    omit: tuple[str, ...] = ()
    """Patterns that mean the same in every working directory."""
    aliases: tuple[tuple[str, str], ...] = ()
    """From `[paths]`: a pattern, and the folder that stands for it here."""
    namespaces: bool = False
    """Folders without `__init__.py` hold modules too: `include_namespace_packages`."""
    branch: bool = False
    """Branches are wanted beside lines. What pods record, their annotations say."""

    def wants(self, path: str) -> bool:
        """Whether `coverage run` with these settings would measure the local file."""
        if self.folders or self.packages:
            inside = any(_is_below(path, folder) for folder in self.folders) or any(
                package_folder(path, package) for package in self.packages
            )
            return inside and not self._omits(path)
        return (not self.include or self._included.match(path)) and not self._omits(path)

    def find_unexecuted(self, executed: Iterable[str]) -> tuple[str, ...]:
        """The files that count at 0 % beside `executed`: as coverage.py, those that can be
        imported below a folder, and below a package whose own file was imported."""
        executed = frozenset(executed)
        tops = {
            folder
            for path in executed
            if os.path.basename(path) == "__init__.py"
            for package in self.packages
            if (folder := package_folder(path, package)) == os.path.dirname(path)
        }
        found = {
            os.path.realpath(path)
            for folder in (*self.folders, *sorted(tops))
            for path in find_importable(folder, self.namespaces)
        }
        return tuple(sorted(path for path in found - executed if not self._omits(path)))

    def place(self, remote: str) -> str:
        """The local file that `[paths]` names for a pod's path; empty if it names none."""
        found = self._aliases.map(remote, exists=os.path.isfile) if self.aliases else remote
        return found if found != remote else ""

    def check(self) -> None:
        """Compile every pattern; coverage.py's error for one that it refuses."""
        _ = self._included, self._omitted, self._aliases

    def _omits(self, path: str) -> bool:
        return bool(self.omit) and self._omitted.match(path)

    @cached_property
    def _included(self) -> GlobMatcher:
        return GlobMatcher(list(self.include))

    @cached_property
    def _omitted(self) -> GlobMatcher:
        return GlobMatcher(list(self.omit))

    @cached_property
    def _aliases(self) -> PathAliases:
        aliases = PathAliases()
        for pattern, folder in self.aliases:
            aliases.add(pattern, folder)
        return aliases


def read_rules(rcfile: str | None, source: Sequence[str] = (), omit: Sequence[str] = ()) -> Rules:
    """The project's rules; `source` (folders and packages) and `omit` take the place of its own,
    as with `coverage run`. SettingError for settings that coverage.py refuses too."""
    with _setting_errors():
        config = Coverage(data_file=None, config_file=rcfile or True).config
        names = [*source] or _sources(config)
        folders = dict.fromkeys(os.path.realpath(name) for name in names if os.path.isdir(name))
        rules = Rules(
            folders=tuple(folders),
            packages=tuple(dict.fromkeys(name for name in names if not os.path.isdir(name))),
            include=_absolute(config.run_include or ()),
            omit=_absolute(omit or config.run_omit or ()),
            aliases=tuple(
                (pattern, os.path.realpath(places[0]))
                for places in config.paths.values()
                for pattern in places[1:]
            ),
            namespaces=config.include_namespace_packages,
            branch=bool(config.branch),
        )
        rules.check()
    return rules


def package_folder(path: str, package: str) -> str:
    """The folder of `package` (for a module: its file) if the file belongs to it, else nothing.

    The folder above the first name has no `__init__.py`. A package without one is believed where
    no other can be meant; a folder that is the working directory, or holds it, is a project and
    no package, whatever it is called.
    """
    names = package.split(".")
    parts = Path(path).with_suffix("").parts
    bare = ""
    for start in range(1, len(parts) - len(names) + 1):
        end = start + len(names)
        if list(parts[start:end]) != names or Path(*parts[:start], "__init__.py").is_file():
            continue
        if end == len(parts):
            return path
        folder = Path(*parts[:end])
        if (folder / "__init__.py").is_file():
            return str(folder)
        if not Path.cwd().is_relative_to(folder):
            bare = str(folder)
    return bare


def _sources(config: CoverageConfig) -> list[str]:
    folders = list(getattr(config, "source_dirs", ()))  # since coverage.py 7.8
    for folder in folders:
        if not os.path.isdir(folder):
            raise CoverageException(f"source_dirs names {folder}, which is no folder")
    return [*(config.source or ()), *config.source_pkgs, *folders]


def _absolute(patterns: Iterable[str]) -> tuple[str, ...]:
    made = prep_patterns(patterns)
    return tuple(one for one in made if one.startswith(("*", "?", "/")) or "/" not in one)


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(os.path.join(folder, ""))


@contextmanager
def _setting_errors() -> Iterator[None]:
    try:
        yield
    except CoverageException as problem:
        raise SettingError(
            f"coverage.py refuses the settings of this project: {str(problem).rstrip('.')}.",
            "Mend [tool.coverage] in pyproject.toml, or .coveragerc; --rcfile names another file.",
        ) from problem
