"""Copies this interpreter, its library and what they are linked to into an empty root.

    make_bare.py ROOT

What is then in ROOT runs Python programs and nothing else: no shell, no other program.
"""

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

LOADED = re.compile(r"(/\S+) \(0x")


def main(root: str) -> None:
    library = Path(sysconfig.get_path("stdlib"))
    program = Path(sys.executable).resolve()
    ignored = shutil.ignore_patterns("__pycache__", "test", "idlelib", "tkinter", "*-packages")
    shutil.copytree(library, Path(root + str(library)), ignore=ignored, symlinks=True)
    for file in {program, *linked(program, *library.glob("lib-dynload/*.so"))}:
        copy(file, root)
    (Path(root + str(program)).parent / "python3").symlink_to(program.name)
    for folder in ("tmp", "proc", "dev", "sys", "etc"):
        Path(root, folder).mkdir(mode=0o1777 if folder == "tmp" else 0o755)
    Path(root, "tmp").chmod(0o1777)


def linked(*programs: Path) -> Iterator[Path]:
    """The shared libraries that the loader finds for them, and the loader."""
    for program in programs:
        said = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        yield from map(Path, LOADED.findall(said))


def copy(file: Path, root: str) -> None:
    """Under the name that the loader looks for: a link to it becomes a file."""
    target = Path(root + str(file))
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, target)


if __name__ == "__main__":
    main(*sys.argv[1:])
