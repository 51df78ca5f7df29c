"""What `podcov run --report` says is what `coverage run` and `coverage report` say.

The same settings, the same program, the same table to the letter: which files are measured, which
count although nothing imported them, which are left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import coverage
import pytest

MODULE = "def used():\n    return 1\n\n\ndef unused():\n    return 2\n"
USE = MODULE + "\n\nused()\n"
FILES = {
    # the project, which is the working directory
    "app/main.py": "import shop.cart, tool, lib.core, ns.part.inner, edit.mod, deep.down.mod\n",
    "app/tool.py": USE + "if not used:\n    unused()\n",
    "app/never.py": MODULE,
    "app/shop/__init__.py": "",
    "app/shop/cart.py": USE,
    "app/shop/never.py": MODULE,
    "app/shop/.#cart.py": "editor's junk (\n",
    "app/shop/inner/__init__.py": "",
    "app/shop/inner/never.py": MODULE,
    "app/shop/plain/never.py": MODULE,
    "app/tests/__init__.py": "",
    "app/tests/test_never.py": MODULE,
    "app/src/deep/__init__.py": "",
    "app/src/deep/down/__init__.py": "",
    "app/src/deep/down/mod.py": USE,
    "app/src/deep/down/never.py": MODULE,
    "app/src/deep/never.py": MODULE,
    # beside it: an editable install
    "edit-src/edit/__init__.py": "",
    "edit-src/edit/mod.py": USE,
    "edit-src/edit/never.py": MODULE,
    # installed by others: a package, and a part of a namespace
    "site/lib/__init__.py": "",
    "site/lib/core.py": USE,
    "site/lib/never.py": MODULE,
    "site/ns/part/__init__.py": "",
    "site/ns/part/inner.py": USE,
    "site/ns/part/never.py": MODULE,
    "site/edit-1.dist-info/RECORD": "",
}
NOTHING_SAID = "[run]\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files; an environment of its own, in which coverage.py is, too."""
    root = tmp_path_factory.mktemp("world")
    venv = root / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (site,) = venv.glob("lib/python*/site-packages")
    for name, text in FILES.items():
        path = site / name[5:] if name.startswith("site/") else root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    url = f'{{"url": "file://{root}/edit-src", "dir_info": {{"editable": true}}}}'
    (site / "edit-1.dist-info/direct_url.json").write_text(url)
    folders = [str(root / "edit-src"), str(root / "app/src")]
    (site / "paths.pth").write_text("\n".join(folders) + "\n")
    (site / "coverage").symlink_to(Path(coverage.__file__).parent)
    (root / "link").symlink_to(root / "app/shop")
    (root / "app-link").symlink_to(root / "app")
    return root


def run(world: Path, words: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """A command at its end, in `cwd` as a shell knows it."""
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("PODCOV_", "PYTHON", "COV"))}
    env = {**keep, "PWD": str(cwd), "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(world)}
    return subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, timeout=120)


def coverage_table(world: Path, options: list[str], cwd: Path, rcfile: Path) -> str:
    """`coverage run` and `coverage report`."""
    python, data = str(world / "venv/bin/python"), rcfile.with_suffix(".data")
    settings = [f"--rcfile={rcfile}", f"--data-file={data}"]
    made = run(world, [python, "-m", "coverage", "run", *settings, *options, "main.py"], cwd)
    assert made.returncode == 0, made.stderr
    return run(world, [python, "-m", "coverage", "report", *settings], cwd).stdout


def our_table(world: Path, options: list[str], cwd: Path, rcfile: Path) -> str:
    """`podcov run --report`."""
    words = [sys.executable, "-m", "podcov", "run", "--port", "0", "--report", *options]
    words += [f"--rcfile={rcfile}", f"--data={rcfile.with_suffix('.ours')}", "--"]
    done = run(world, [*words, str(world / "venv/bin/python"), "main.py"], cwd)
    if done.returncode == 125 and "[no-data]" in done.stderr:
        return "No data to report.\n"
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "source",
    [
        "",
        ".",
        "shop",
        "src",
        "deep.down",
        "tool",
        "shop.inner",
        "lib",
        "ns.part",
        "ns",
        "edit",
        "../edit-src/edit",
        "{site}",
        "../link",
        "tests,shop,lib",
    ],
)
def test_a_source_means_what_it_means_to_coverage(world: Path, tmp_path: Path, source: str) -> None:
    """Folders, packages, modules; the project's, installed ones, editable ones; links."""
    (site,) = world.glob("venv/lib/python*/site-packages")
    source = source.format(world=world, site=site)
    rcfile = tmp_path / "rc"
    rcfile.write_text(NOTHING_SAID)
    theirs = [f"--source={source}"] if source else []
    ours = [f"--source={name}" for name in source.split(",") if name]
    expected = coverage_table(world, theirs, world / "app", rcfile)
    assert our_table(world, ours, world / "app", rcfile) == expected


@pytest.mark.parametrize(
    "settings",
    [
        "[run]\nsource = shop\nomit = */never.py\n",
        "[run]\nsource = .\nomit =\n    tests/*\n    shop/inner/*\n",
        "[run]\nsource_pkgs = deep.down,lib\n",
        "[run]\nsource_pkgs = shop\n[report]\nomit = shop/cart.py\n",
        "[run]\ninclude = shop/*,*/edit/*\n",
        "[run]\nsource = shop\n[report]\ninclude_namespace_packages = true\n",
        "[run]\nsource = .\n[report]\nexclude_also = def unused\nshow_missing = true\n",
        "[run]\nomit = */s[hx]op/*\n",
        "[run]\nbranch = true\nsource = .\n[report]\nshow_missing = true\nskip_empty = true\n",
        "[report]\nsort = -cover\nskip_covered = true\nprecision = 2\nformat = markdown\n",
        "[run]\nsource = .\n[report]\ninclude = shop/*\nexclude_lines = def\nformat = total\n",
    ],
)
def test_the_projects_settings_mean_what_they_mean_to_coverage(
    world: Path, tmp_path: Path, settings: str
) -> None:
    """In the file that `--rcfile` names."""
    rcfile = tmp_path / "rc"
    rcfile.write_text(settings)
    expected = coverage_table(world, [], world / "app", rcfile)
    assert our_table(world, [], world / "app", rcfile) == expected


@pytest.mark.parametrize("source", [".", "shop"])
def test_a_working_directory_behind_a_link_is_the_folder_itself(
    world: Path, tmp_path: Path, source: str
) -> None:
    rcfile = tmp_path / "rc"
    rcfile.write_text(NOTHING_SAID)
    options = [f"--source={source}"]
    expected = coverage_table(world, options, world / "app-link", rcfile)
    assert our_table(world, options, world / "app-link", rcfile) == expected


def test_what_a_report_says_can_differ_here(world: Path, tmp_path: Path) -> None:
    """Two settings give two tables: the comparison above compares something."""
    tables = set()
    for number, text in enumerate(("[run]\nsource = shop\n", "[run]\nsource = .\n")):
        rcfile = tmp_path / f"rc{number}"
        rcfile.write_text(text)
        tables.add(our_table(world, [], world / "app", rcfile))
    assert len(tables) == 2
    assert all("shop/never.py" in table for table in tables)
