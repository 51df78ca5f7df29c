"""Owns a CPython newer than this machine's: Debian's packages, unpacked and made to run here.

The interpreter loads its own C library and, like its modules, finds the others beside that; the
programs it starts keep the machine's. Must not change the machine but for packages that do it.
Called by `interpreters`.
"""

import hashlib
import shutil
from pathlib import Path

from support.cluster import packages
from support.cluster.commands import run, say
from support.cluster.images import OPTIONS, SUITES
from support.cluster.locks import locked

VERSION = "3.14"
SUITE = SUITES[VERSION]
PACKAGES = f"python{VERSION},python{VERSION}-venv,python{VERSION}-dev"
RECIPE = 2
"""To be raised when the same packages are to be treated in another way."""
WHEELS = "/usr/share/python-wheels"
NEEDS = {"mmdebstrap": "mmdebstrap", "patchelf": "patchelf"}


def executable(cache: Path) -> Path | None:
    """The interpreter, if it is there already."""
    return _python(cache) if _stamp(cache).exists() else None


def prepare(cache: Path) -> Path:
    """Make the interpreter once per machine; ClusterError says why it cannot be made."""
    with locked(Path(f"{_folder(cache)}.lock"), f"another process makes Python {VERSION}"):
        if not _stamp(cache).exists():
            say(f"making Python {VERSION} from Debian {SUITE} (15 seconds, once per machine) ...")
            packages.ensure(NEEDS)
            shutil.rmtree(_folder(cache), ignore_errors=True)
            _unpack(_folder(cache))
            _finish(_folder(cache))
            _stamp(cache).touch()
    return _python(cache)


def _unpack(root: Path) -> None:
    """Nothing is installed: no script of a package runs, and no package is configured."""
    program = str(packages.path_of("mmdebstrap"))
    variant = ["--quiet", "--variant=extract", f"--include={PACKAGES}"]
    run([program, *variant, *OPTIONS.get(SUITE, []), SUITE, root])


def _finish(root: Path) -> None:
    """What the packages' scripts and an ordinary place in the file system would have done."""
    python = root / "usr/bin" / f"python{VERSION}"
    library = root / "usr/lib" / f"python{VERSION}"
    (loader,) = root.glob("usr/lib/*-linux-gnu*/ld-linux-*.so.*")
    patchelf = [packages.path_of("patchelf"), "--set-interpreter", loader]
    # Forced to be RPATH, which holds for what the modules and libraries load, too.
    run([*patchelf, "--force-rpath", "--set-rpath", loader.parent, python])
    # Debian's own points out of the folder.
    (library / "sitecustomize.py").unlink(missing_ok=True)
    # The header that includes that of one machine, from a folder that only a compiler for it knows.
    (header,) = root.glob(f"usr/include/*/python{VERSION}/pyconfig.h")
    shutil.copy(header, root / "usr/include" / f"python{VERSION}" / "pyconfig.h")
    # pip's wheel for new environments. Other places are asked of the interpreter, which knows.
    for variables in library.glob("_sysconfig*_linux_*"):
        wheels = variables.read_text().replace(WHEELS, f"{root}{WHEELS}")
        variables.write_text(wheels)
    run([python, "-m", "compileall", "-q", "-j", "0", library])


def _python(cache: Path) -> Path:
    return _folder(cache) / "usr/bin" / f"python{VERSION}"


def _stamp(cache: Path) -> Path:
    return Path(f"{_folder(cache)}.made")


def _folder(cache: Path) -> Path:
    recipe = hashlib.sha256(f"{SUITE} {PACKAGES} {RECIPE}".encode()).hexdigest()[:8]
    return cache / "pythons" / f"{VERSION}-{recipe}"
