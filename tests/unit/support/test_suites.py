"""Which packages are compared, in which releases, and what is taken out of their archives."""

from __future__ import annotations

import io
import tarfile
from collections import Counter
from pathlib import Path

import pytest
from support import equality_table, packages
from support.interpreters import VERSIONS
from support.suites import PACKAGES, pinned


@pytest.mark.parametrize(
    ("python", "release"), [("3.8", "1.0"), ("3.9", "1.0"), ("3.10", "2.0"), ("3.14", "2.0")]
)
def test_a_pin_holds_from_its_interpreter_on(python: str, release: str) -> None:
    """Versions are compared as numbers: 3.10 comes after 3.8."""
    assert pinned({"3.8": "1.0", "3.10": "2.0"}, python) == release


def test_what_is_new_has_no_release_for_an_old_interpreter() -> None:
    """So it is not installed there."""
    assert pinned({"3.11": "1.0"}, "3.10") is None


def test_every_interpreter_has_every_package() -> None:
    """Fifteen and more, of each kind that the documentation promises."""
    assert len(PACKAGES) >= 15
    assert all(package.version(version) for package in PACKAGES for version in VERSIONS)
    kinds = Counter(kind for package in PACKAGES for kind in package.kind.split(", "))
    assert kinds["web"] >= 2
    assert kinds["templates"] >= 2
    assert kinds["parser"] >= 3
    assert kinds["ORM"] >= 1
    assert kinds["asynchronous"] >= 2


def test_only_the_wanted_part_of_an_archive_is_laid_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package's own source must not come along: it would be imported in place of what pip
    installed."""
    monkeypatch.setattr(packages, "CACHE", tmp_path)
    folder = tmp_path / "sources/shop-1.0"
    folder.mkdir(parents=True)
    with tarfile.open(folder / "shop-1.0.tar.gz", "w:gz") as archive:
        for name in ("setup.cfg", "shop/__init__.py", "shop/tests/test_a.py", "tests/test_b.py"):
            archive.addfile(tarfile.TarInfo(f"shop-1.0/{name}"), io.BytesIO())
    packages.unpack("shop", "1.0", ("tests/", "setup.cfg"), tmp_path / "out")
    assert files(tmp_path / "out") == {"setup.cfg", "tests/test_b.py"}


def test_the_table_in_the_documentation_is_that_of_these_releases() -> None:
    """Whoever changes a release runs the matrix again."""
    text = equality_table.DOCUMENT.read_text()
    for package in PACKAGES:
        assert f"| {package.name} | {package.kind} | {equality_table.releases(package)} |" in text


def files(folder: Path) -> set[str]:
    """What is in it."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
