"""Reading source folders: every Python file once, ignored ones marked, environments left out."""

import hashlib
import subprocess
from pathlib import Path

import pytest
from podcov.errors import SourceFolderError
from podcov.git import Commit, find_commit, hash_blob, index_blob, list_known
from podcov.worktree import check_folders, read_files
from support.project import APP, Project


def test_hashes_are_gits(project: Project) -> None:
    """`git hash-object` is the oracle."""
    assert hash_blob(APP.encode()) == project.git("hash-object", "shop/app.py")


def test_ignored_files_are_read_and_marked(project: Project) -> None:
    """Untracked ones count as known: git would track them."""
    project.write(".gitignore", "build/\n")
    project.write("build/lib/shop/app.py", APP)
    project.write("new.py", "")
    files = {file.relative: file.known for file in read_files([project.root])}
    assert files == {
        "shop/__init__.py": True,
        "shop/app.py": True,
        "new.py": True,
        "build/lib/shop/app.py": False,
    }


def test_environments_and_caches_are_left_out(project: Project) -> None:
    """A virtual environment is known by its pyvenv.cfg, under any name."""
    project.write("env/pyvenv.cfg", "")
    for folder in ("env/lib", ".tox", "node_modules/x", "shop/__pycache__"):
        project.write(f"{folder}/x.py", "")
    assert {file.relative for file in read_files([project.root])} == {
        "shop/__init__.py",
        "shop/app.py",
    }


def test_a_folder_outside_git_is_read_plainly(tmp_path: Path) -> None:
    """Every file counts as known."""
    (tmp_path / "app.py").write_text("")
    (file,) = read_files([tmp_path])
    assert (file.relative, file.known) == ("app.py", True)
    assert list_known(tmp_path) is None


def test_windows_line_ends_do_not_hide_a_file(project: Project) -> None:
    """A checkout with CRLF holds the file that the image has with LF."""
    (project.root / "shop/app.py").write_bytes(APP.replace("\n", "\r\n").encode())
    (file,) = [file for file in read_files([project.root]) if file.relative == "shop/app.py"]
    assert hash_blob(APP.encode()) in file.blobs


def test_overlapping_folders_give_each_file_once(project: Project) -> None:
    """`--source . --source shop`."""
    paths = [file.path for file in read_files([project.root, project.root / "shop"])]
    assert len(paths) == len(set(paths)) == 2


def test_a_link_to_a_source_folder_is_that_folder(project: Project, tmp_path: Path) -> None:
    """Reports name the real file."""
    (tmp_path / "link").symlink_to(project.root)
    assert check_folders([str(tmp_path / "link")]) == (project.root,)


def test_a_file_is_no_source_folder(project: Project) -> None:
    """The exact message."""
    with pytest.raises(SourceFolderError, match=r"Source folder shop/app\.py does not exist"):
        check_folders(["shop/app.py"])


def test_the_first_commit_that_held_a_content_is_found(project: Project) -> None:
    """On any branch, with its date and subject."""
    old = project.blob("shop/app.py")
    short = project.git("rev-parse", "--short", "HEAD")
    date = project.git("log", "-1", "--format=%cs")
    project.git("checkout", "-q", "-b", "other")
    project.write("shop/app.py", "x = 1\n")
    project.commit("Another")
    assert find_commit(project.root, old) == Commit(short, date, "The shop greets")
    assert find_commit(project.root, hashlib.sha1(b"").hexdigest()) is None
    assert index_blob(project.root / "shop/app.py") == project.blob("shop/app.py")
    assert index_blob(project.root / "none.py") == ""


def test_without_git_nothing_is_known(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is missing: files are read all the same."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(FileNotFoundError):
        subprocess.run(["git"], check=False)
    assert len(read_files([project.root])) == 2
    assert find_commit(project.root, "a" * 40) is None
