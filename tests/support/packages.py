"""Real packages and their own test suites, by pinned name and version.

Owns `~/.cache/podcov/sources`: source archives from the package index, for the tests in them. The
package itself is installed into the environment under test, as users have it.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from support.interpreters import CACHE


@dataclass(frozen=True)
class Package:
    """`module`: what is measured, but for `omit`. `config`: files beside `tests` for pytest."""

    name: str
    version: str
    module: str
    needs: tuple[str, ...] = ()
    config: tuple[str, ...] = ()
    omit: str = ""

    @property
    def requirement(self) -> str:
        return f"{self.name}=={self.version}"


PACKAGES = (
    Package("click", "8.1.7", "click", config=("setup.cfg",)),
    Package("itsdangerous", "2.2.0", "itsdangerous", ("freezegun==1.5.1",), ("pyproject.toml",)),
    Package("jinja2", "3.1.4", "jinja2", config=("pyproject.toml",)),
    Package("markdown", "3.7", "markdown", ("pyyaml==6.0.2",), omit="*/test_tools.py"),
    Package("sqlparse", "0.5.1", "sqlparse", config=("pyproject.toml",)),
    Package("tomlkit", "0.13.2", "tomlkit", ("pyyaml==6.0.2",)),
)
"""All run on Python 3.8 to 3.13."""


def unpack_tests(package: Package, folder: Path) -> None:
    """Put the package's tests, and what configures them, into `folder`."""
    with tarfile.open(_archive(package)) as archive:
        for member in archive:
            name = member.name.partition("/")[2]
            if member.isfile() and (name.startswith("tests/") or name in package.config):
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                content = archive.extractfile(member)
                assert content is not None
                with target.open("wb") as out:
                    shutil.copyfileobj(content, out)


def _archive(package: Package) -> Path:
    """The source archive, downloaded once. Raises RuntimeError with pip's words."""
    folder = CACHE / "sources" / f"{package.name}-{package.version}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:  # two test workers may want the same one
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not list(folder.glob("*.tar.gz")):
            _download(package, folder)
        return next(folder.glob("*.tar.gz"))


def _download(package: Package, folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
    pip += ["--no-deps", "--no-binary", package.name, "--dest", str(folder)]
    done = subprocess.run([*pip, package.requirement], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"downloading {package.requirement} failed:\n{done.stdout}{done.stderr}")
