"""Reading source folders: every Python file once, ignored ones marked, environments left out."""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from podcov.errors import SourceFolderError
from podcov.git import Commit, find_commit, hash_blob, index_blob, list_known
from podcov.models import Unread
from podcov.worktree import check_folders, part_readable, read_files
from support.project import APP, Project


def test_hashes_are_gits(project: Project) -> None:
    """`git hash-object` is the oracle."""
    assert hash_blob(APP.encode()) == project.git("hash-object", "shop/app.py")


def test_ignored_files_are_read_and_marked(project: Project) -> None:
    """Untracked ones count as known: git would track them."""
    project.write(".gitignore", "build/\n")
    project.write("build/lib/shop/app.py", APP)
    project.write("new.py", "")
    files = {file.relative: file.known for file in read_files([project.root])[0]}
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
    assert {file.relative for file in read_files([project.root])[0]} == {
        "shop/__init__.py",
        "shop/app.py",
    }


def test_a_folder_outside_git_is_read_plainly(tmp_path: Path) -> None:
    """Every file counts as known."""
    (tmp_path / "app.py").write_text("")
    ((file,), ()) = read_files([tmp_path])
    assert (file.relative, file.known) == ("app.py", True)
    assert list_known(tmp_path) is None


def test_windows_line_ends_do_not_hide_a_file(project: Project) -> None:
    """A checkout with CRLF holds the file that the image has with LF."""
    (project.root / "shop/app.py").write_bytes(APP.replace("\n", "\r\n").encode())
    (file,) = [file for file in read_files([project.root])[0] if file.relative == "shop/app.py"]
    assert hash_blob(APP.encode()) in file.blobs


def test_overlapping_folders_give_each_file_once(project: Project) -> None:
    """`--source . --source shop`."""
    paths = [file.path for file in read_files([project.root, project.root / "shop"])[0]]
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
    assert len(read_files([project.root])[0]) == 2
    assert find_commit(project.root, "a" * 40) is None


@pytest.fixture
def world() -> Iterator[Path]:
    """A folder that everybody may look into."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        for path in folder.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o755)


@contextmanager
def nobody() -> Iterator[None]:
    """Without the rights of root, where the tests have them."""
    if os.getuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_what_may_not_be_read_is_named_and_the_rest_is_read(world: Path) -> None:
    """A file, a folder, and a folder that only lists its names."""
    for name in ("good.py", "secret.py", "closed/a.py", "listed/b.py"):
        (world / name).parent.mkdir(exist_ok=True)
        (world / name).write_text("x = 1\n")
    (world / "secret.py").chmod(0)
    (world / "closed").chmod(0)
    (world / "listed").chmod(0o444)
    with nobody():
        files, unread = read_files([world])
        readable, skipped = part_readable([str(world / "good.py"), str(world / "secret.py")])
    assert [file.relative for file in files] == ["good.py"]
    names = [str(world / name) for name in ("closed", "listed/b.py", "secret.py")]
    assert sorted(unread) == [Unread(name, "Permission denied") for name in names]
    assert readable == (str(world / "good.py"),)
    assert skipped == (Unread(names[2], "Permission denied"),)


ODD = {
    "bytes.py": (b'x = "\xff"\n', "invalid or missing encoding declaration"),
    "late.py": (b'x = 1\n\n\ny = "\xff"\n', "'utf-8' codec can't decode byte 0xff in position"),
    "cookie.py": (b"# coding: nope\n", "unknown encoding: nope"),
    "wide.py": ("x = 1\n".encode("utf-16"), "invalid or missing encoding declaration"),
    os.fsdecode(b"n\xffme.py"): (b"", "'utf-8' codec can't encode character"),
}


@pytest.mark.parametrize("name", ODD)
def test_a_file_in_no_encoding_is_no_source(tmp_path: Path, name: str) -> None:
    """coverage.py would end in a traceback."""
    (tmp_path / name).write_bytes(ODD[name][0])
    assert len(read_files([tmp_path])[0]) == 1, "as bytes it has a hash"
    readable, (skipped,) = part_readable([str(tmp_path / name)])
    assert readable == ()
    assert ODD[name][1] in skipped.reason
    skipped.path.encode()


def test_pipes_and_links_to_nowhere_keep_nobody_waiting(tmp_path: Path) -> None:
    """Neither the walk nor the check opens them; a link to its own folder is not followed."""
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "gone.py").symlink_to("/nowhere")
    (tmp_path / "me.py").symlink_to("me.py")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert read_files([tmp_path]) == ((), ())
    names = [str(tmp_path / f"{name}.py") for name in ("pipe", "gone", "me")]
    assert [item.reason for item in part_readable(names)[1]] == [
        "no regular file",
        "No such file or directory",
        "Too many levels of symbolic links",
    ]


def test_sources_in_other_encodings_are_sources(tmp_path: Path) -> None:
    for number, text in enumerate(
        (b"# coding: latin-1\nx = '\xe9'\n", b"\xef\xbb\xbfx = 1\n", b"")
    ):
        (tmp_path / f"{number}.py").write_bytes(text)
    paths = tuple(str(path) for path in tmp_path.iterdir())
    assert part_readable(paths) == (paths, ())
