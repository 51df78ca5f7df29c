"""Fetches the source archives of real packages, for the test suites in them.

Owns `~/.cache/podcov/sources`. Which packages there are, and what to run, is in `suites`. The
package itself is installed into the environment under test, as users have it.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from support.interpreters import CACHE


def unpack(name: str, version: str, files: tuple[str, ...], folder: Path) -> None:
    """Put what begins with one of `files` into `folder`, without the archive's top folder.

    Raises RuntimeError with pip's words if the archive cannot be had.
    """
    with tarfile.open(_archive(name, version)) as archive:
        for member in archive:
            inside = member.name.partition("/")[2]
            if member.isfile() and inside.startswith(files):
                target = folder / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                content = archive.extractfile(member)
                assert content is not None
                with target.open("wb") as out:
                    shutil.copyfileobj(content, out)


def _archive(name: str, version: str) -> Path:
    """The source archive, downloaded once."""
    folder = CACHE / "sources" / f"{name}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:  # two test workers may want the same one
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not list(folder.glob("*.tar.gz")):
            _download(name, version, folder)
        return next(folder.glob("*.tar.gz"))


def _download(name: str, version: str, folder: Path) -> None:
    """Whatever Python the package is for: only its tests are wanted."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
    pip += ["--no-deps", "--ignore-requires-python", "--no-binary", name, "--dest", str(folder)]
    done = subprocess.run([*pip, f"{name}=={version}"], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"downloading {name}=={version} failed:\n{done.stdout}{done.stderr}")
