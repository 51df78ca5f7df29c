"""Installing the agent beside applications that may start at any moment."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from podcov_agent.contract import HOME_DOORWAY, HOME_NATIVE, VERSION
from podcov_agent.sidecar.errors import InstallFailedError
from podcov_agent.sidecar.install import install
from support.sidecar import AGENT

WIDE_OPEN, CLOSED = 0o000, 0o077


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The agent's package as the image has it: with the launchers, a shell and the map in C."""
    copy = tmp_path / "image" / "podcov_agent"
    shutil.copytree(AGENT, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "bin").mkdir(exist_ok=True)
    (copy / "bin" / "sh").write_bytes(b"a static shell")
    for path in (copy / "native").iterdir():
        path.unlink()
    for machine in ("aarch64", "x86_64"):
        (copy / (HOME_NATIVE % machine)).write_bytes(machine.encode())
    for name in ("launch", "probe-image"):
        (copy / "bin" / name).write_text(f"# {name}\n")
    return copy


def files(home: Path) -> dict[str, bytes]:
    return {str(p.relative_to(home)): p.read_bytes() for p in home.rglob("*") if p.is_file()}


def test_everything_the_application_needs_is_there_and_nothing_else(
    package: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    assert install(str(package), str(home))
    installed = files(home)
    modules = {f"podcov_agent/{p.name}" for p in package.glob("*.py")}
    boot = {f"bootstrap/{p.name}" for p in (package / "bootstrap").glob("*.py")}
    programs = {"bin/sh", "bin/launch", "bin/probe-image"}
    compiled = {p.name for p in (package / "compiled").iterdir() if p.suffix != ".py"}
    assert any(name.startswith("sitecustomize.") for name in compiled)
    byte_code = {
        f"{'podcov_agent' if name.startswith('boot.') else 'bootstrap'}/__pycache__/{name}.pyc"
        for name in compiled
    }
    doorway = {f"{HOME_DOORWAY}/{name}" for name in ("METADATA", "entry_points.txt")}
    native = {HOME_NATIVE % machine for machine in ("aarch64", "x86_64")}
    assert set(installed) == modules | boot | byte_code | programs | native | doorway | {"ready"}
    assert "podcov_agent/contract.py" in installed
    assert installed["ready"] == f"{VERSION}\n".encode()
    assert installed["bin/sh"] == b"a static shell"


@pytest.mark.parametrize("umask", [WIDE_OPEN, CLOSED])
def test_every_user_can_read_it_whatever_the_umask(
    package: Path, tmp_path: Path, umask: int
) -> None:
    home, before = tmp_path / "home", os.umask(umask)
    try:
        install(str(package), str(home))
    finally:
        os.umask(before)
    for path in [home, *home.rglob("*")]:
        executable = path.is_dir() or path.parent.name == "bin"
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if executable else 0o644), path


def test_an_agent_without_the_map_in_c_is_the_same_but_for_that(
    package: Path, tmp_path: Path
) -> None:
    """What is Python is byte for byte equal, whatever the CPU, and whether or not one compiled."""
    install(str(package), str(tmp_path / "with"))
    for path in (package / "native").iterdir():
        path.unlink()
    install(str(package), str(tmp_path / "without"))
    everything, rest = files(tmp_path / "with"), files(tmp_path / "without")
    assert {n: b for n, b in everything.items() if not n.startswith("native/")} == rest


def test_installing_again_changes_nothing(package: Path, tmp_path: Path) -> None:
    """A restarted container finds its files right and leaves them alone."""
    home = tmp_path / "home"
    install(str(package), str(home))
    before = {p: p.stat().st_ino for p in home.rglob("*")}
    assert not install(str(package), str(home))
    assert {p: p.stat().st_ino for p in home.rglob("*")} == before


def test_another_version_replaces_files_whole_and_ready_comes_last(
    package: Path, tmp_path: Path
) -> None:
    """A reader sees the old content or the new, never a part, while versions alternate."""
    home, module = tmp_path / "home", "podcov_agent/contract.py"
    contents = {b"a" * 200_000, b"b" * 300_000}
    (package / "contract.py").write_bytes(b"a" * 200_000)
    install(str(package), str(home))
    done, seen = threading.Event(), set()

    def read() -> None:
        while not done.is_set():
            seen.add((home / module).read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for content in [*contents] * 30:
        (package / "contract.py").write_bytes(content)
        install(str(package), str(home))
    done.set()
    reader.join()
    assert seen == contents


def test_ready_is_not_there_when_something_failed(package: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "bin" / "launch").mkdir(parents=True)
    with pytest.raises(InstallFailedError, match=rf"^installing into {home} failed: .*launch"):
        install(str(package), str(home))
    assert not (home / "ready").exists()


def test_half_written_files_of_a_killed_installer_are_replaced(
    package: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    (home / "podcov_agent").mkdir(parents=True)
    (home / "podcov_agent" / "contract.py.new").write_text("half")
    install(str(package), str(home))
    assert not [name for name in files(home) if name.endswith(".new")]


def test_the_shell_may_lie_beside_the_package(package: Path, tmp_path: Path) -> None:
    (package.parent / "bin").mkdir()
    (package / "bin" / "sh").rename(package.parent / "bin" / "sh")
    install(str(package), str(tmp_path / "home"))
    assert (tmp_path / "home" / "bin" / "sh").read_bytes() == b"a static shell"


def test_without_a_shell_of_ours_the_systems_is_used(package: Path, tmp_path: Path) -> None:
    (package / "bin" / "sh").unlink()
    shell = tmp_path / "home" / "bin" / "sh"
    for _ in range(2):
        install(str(package), str(tmp_path / "home"))
        assert subprocess.check_output([shell, "-c", "echo works"]) == b"works\n"


def test_the_installed_agent_imports_and_leaves_no_other_byte_code(
    package: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    install(str(package), str(home))
    program = "import podcov_agent.contract as c; print(c.VERSION)"
    out = subprocess.check_output([sys.executable, "-B", "-c", program], cwd=home)
    assert out.decode().strip() == VERSION
    assert {p.stem.partition(".")[0] for p in home.rglob("*.pyc")} == {
        *("boot", "image_path", "sitecustomize")
    }
