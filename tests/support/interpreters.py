"""The interpreters on this machine, and virtual environments made from them.

Owns `~/.cache/podcov/venvs`. An environment is made once per interpreter and list of requirements,
and is never changed afterwards: whoever needs other packages asks for another environment.
`python -m support.interpreters` in the folder tests/ makes what can be made of what is missing, and
lists them.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import debian_python
from support.cluster.errors import ClusterError
from support.cluster.settings import from_environment
from support.nightly import NIGHTLY

VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
"""What the agent supports. Where one is not installed, its tests are skipped by that name."""

MUST_BE_HERE = (debian_python.VERSION,) if from_environment(os.environ).required else ()
"""Where everything has to run, the absence of what can be made is a failure and not a skip."""

UNSUPPORTED = ("2.7", "3.6", "3.7")
"""What the agent leaves alone, with a note."""

CACHE = from_environment(os.environ).cache


@dataclass(frozen=True)
class Interpreter:
    """A CPython: `version` as "3.11", and its executable."""

    version: str
    python: Path

    @property
    def minor(self) -> int:
        return int(self.version.partition(".")[2])


def each_version(versions: tuple[str, ...] = VERSIONS) -> list[object]:
    """Parameters for `parametrize("version", ...)`; those that are missing are skipped by name."""
    return [
        pytest.param(
            version,
            marks=pytest.mark.skipif(
                find(version) is None and version not in MUST_BE_HERE, reason=_missing(version)
            ),
        )
        for version in versions
    ]


def one_or_all(rows: Iterable[str]) -> list[object]:
    """Parameters (row, version): the oldest and the newest interpreter in turn.

    A nightly run: both of them with each row.
    """
    out = []
    for number, row in enumerate(rows):
        versions = OLDEST_AND_NEWEST if NIGHTLY else (OLDEST_AND_NEWEST[(number + 1) % 2],)
        for version in each_version(versions):
            out.append(pytest.param(row, *version.values, marks=version.marks))
    return out


def interpreter(version: str) -> Interpreter:
    """The interpreter of that version; skips the test where there is none, or fails it."""
    found = find(version)
    if found is None and version in MUST_BE_HERE:
        pytest.fail(f"PODCOV_REQUIRE_CLUSTER is set, but: {_missing(version)}", pytrace=False)
    if found is None:
        pytest.skip(_missing(version))
    return found


@functools.cache
def find(version: str) -> Interpreter | None:
    """The newest interpreter of a version like "3.11": of pyenv, on PATH, or made by us."""
    folder = Path("~/.pyenv/versions").expanduser()
    patches = sorted(folder.glob(f"{version}.*/bin/python"), key=_patch, reverse=True)
    on_path = shutil.which(f"python{version}")
    made = debian_python.executable(CACHE) if version == debian_python.VERSION else None
    for python in [*patches, *([Path(on_path)] if on_path else []), *([made] if made else [])]:
        if _answers(python, version):
            return Interpreter(version, python)
    return None


def _patch(python: Path) -> tuple[int, ...]:
    parts = python.parts[-3].split(".")
    return tuple(int(part) if part.isdigit() else -1 for part in parts)


def _answers(python: Path, version: str) -> bool:
    """Does it run, and is it a CPython of that version? (A shim of pyenv may be neither.)"""
    ask = "import platform as p; print(p.python_implementation() + ' ' + p.python_version())"
    try:
        asked = subprocess.run([str(python), "-c", ask], capture_output=True, text=True, timeout=30)
    except OSError:
        return False
    return asked.stdout.startswith(f"CPython {version}.")


def _is_made(version: str) -> bool:
    found = find(version)
    return found is not None and found.python == debian_python.executable(CACHE)


OLDEST_AND_NEWEST = (
    VERSIONS[0],
    next((each for each in reversed(VERSIONS) if each in MUST_BE_HERE or find(each)), VERSIONS[-1]),
)
"""The two that a quick run of a slow test should take."""


def embeddable(version: str) -> str:
    """The same version, or one before it where that cannot be linked into a program here.

    What we made needs a newer C library than this machine's compiler links.
    """
    return "3.13" if version == debian_python.VERSION and _is_made(version) else version


def venv_python(which: Interpreter, *requirements: str) -> Path:
    """The python of an environment that has exactly these requirements ("click==8.1.7", ...).

    Raises RuntimeError with pip's words when they cannot be installed.
    """
    name = json.dumps([os.path.realpath(which.python), sorted(requirements)])
    folder = CACHE / "venvs" / hashlib.sha1(name.encode()).hexdigest()[:16]
    python, stamp = folder / "bin/python", folder / "requirements.json"
    if stamp.exists():
        return python
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w") as lock:  # two test workers may want the same one
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists():
            shutil.rmtree(folder, ignore_errors=True)
            _run(str(which.python), "-m", "venv", str(folder))
            if requirements:
                quiet = ("--disable-pip-version-check", "--quiet")
                _run(str(python), "-m", "pip", *quiet, "install", *requirements)
            stamp.write_text(name)
    return python


def _missing(version: str) -> str:
    made = "; `make python-prepare` makes one" if version == debian_python.VERSION else ""
    return f"no Python {version} in ~/.pyenv or on PATH{made}"


def _run(*command: str) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PODCOV_", "PYTHON"))}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def main() -> int:
    """Make what is missing and can be made, and list all; 1 where one must be here and cannot."""
    code = 0
    if not find(debian_python.VERSION):
        try:
            debian_python.prepare(CACHE)
            find.cache_clear()
        except ClusterError as error:
            print(f"no Python {debian_python.VERSION}: {error}", file=sys.stderr)
            code = int(bool(MUST_BE_HERE))
    for found in filter(None, map(find, VERSIONS)):
        print(found.python)
    return code


if __name__ == "__main__":
    sys.exit(main())
