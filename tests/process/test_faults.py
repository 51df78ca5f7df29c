"""Whatever happens to the volume, the application runs as without us.

The fault part of invariant 1: return code and output are equal, nothing is printed, and where the
log can still be written a note has the reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from podcov_agent import record
from podcov_agent.contract import CHUNK_BYTES
from podcov_agent.flatjson import to_json
from support.interpreters import interpreter
from support.measured import Container
from support.pairs import pair

PROGRAMS = Path(__file__).parent / "programs/harmless/beside"
APP = """
import mod, sys
print(mod.f(3), sys.argv)
import observe
observe.everything()
"""
MOD = "def f(n):\n    return [i for i in range(n)]\n"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    shutil.copytree(PROGRAMS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "app.py").write_text(APP)
    (folder / "mod.py").write_text(MOD)
    return folder


def assert_unharmed(container: Container, python: Path, app: Path) -> None:
    """All that the application can see and say is equal; it ends with an exception of its own."""
    plain = pair(container, [python, "app.py"], app)
    assert plain.code == 1, str(plain)
    assert plain.out.startswith("[0, 1, 2] ['app.py']\n")
    assert "ZeroDivisionError" in plain.err


def missing(spool: Path) -> None:
    spool.rmdir()


def a_file(spool: Path) -> None:
    spool.rmdir()
    spool.write_text("")


def log_is_a_folder(spool: Path) -> None:
    (spool / "log").mkdir()


def log_is_a_link(spool: Path) -> None:
    (spool / "log").symlink_to("/etc/passwd")


def log_is_a_fifo(spool: Path) -> None:
    os.mkfifo(spool / "log")


def chunk_is_short(spool: Path) -> None:
    (spool / "chunk.0").write_bytes(bytes(100))


def chunk_is_empty(spool: Path) -> None:
    (spool / "chunk.0").touch()


def chunk_is_a_folder(spool: Path) -> None:
    (spool / "chunk.0").mkdir()


def chunk_is_a_link(spool: Path) -> None:
    (spool / "chunk.0").symlink_to("/etc/passwd")


def code_is_a_file(spool: Path) -> None:
    (spool / "code").touch()


def log_is_garbage(spool: Path) -> None:
    (spool / "log").write_bytes(os.urandom(300_000))


def log_has_torn_records(spool: Path) -> None:
    whole = record.encode("S", "a" * 40, 77, "/other.py")
    (spool / "log").write_bytes(b"".join(whole[:n] for n in range(len(whole))) + whole)


def log_is_full_of_notes(spool: Path) -> None:
    notes = (record.encode("N", to_json({"slug": "x", "detail": str(n)})) for n in range(600))
    (spool / "log").write_bytes(b"".join(notes))


FAULTS: list[tuple[Callable[[Path], None], bool, list[str]]] = [
    # what is wrong with the volume, whether lines are measured all the same, slugs of the notes
    (missing, False, []),
    (a_file, False, []),
    (log_is_a_folder, False, []),
    (log_is_a_link, False, []),
    (log_is_a_fifo, False, []),
    (chunk_is_short, False, ["spool-unusable"]),
    (chunk_is_empty, False, ["spool-unusable"]),
    (chunk_is_a_folder, False, ["spool-unusable"]),
    (chunk_is_a_link, False, ["spool-unusable"]),
    (code_is_a_file, True, []),
    (log_is_garbage, True, []),
    (log_has_torn_records, True, []),
    (log_is_full_of_notes, True, ["x"]),
]


@pytest.mark.parametrize(
    ("fault", "measures", "slugs"), FAULTS, ids=[f[0].__name__ for f in FAULTS]
)
def test_a_damaged_volume_does_no_harm(
    container: Container,
    python: Path,
    app: Path,
    fault: Callable[[Path], None],
    measures: bool,
    slugs: list[str],
) -> None:
    """The application runs as ever, and /health can say what is wrong where that is possible."""
    fault(container.spool)
    assert_unharmed(container, python, app)
    if not slugs and not measures:
        assert not list(container.spool.glob("chunk*"))
        return
    assert sorted(set(container.slugs())) == slugs
    assert container.ran(app / "mod.py") == ({1, 2} if measures else set())


@pytest.fixture
def volume(container: Container) -> Iterator[Callable[[str], None]]:
    """Mounts a tmpfs as the spool, as the pod has it, with these options."""
    mounted: list[Path] = []

    def mount(options: str) -> None:
        flags = f"mode=1777,{options}"
        command = ["mount", "-t", "tmpfs", "-o", flags, "podcov-test", container.spool]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"this user may not mount: {done.stderr.strip()}")
        mounted.append(container.spool)

    yield mount
    for path in mounted:
        subprocess.run(["umount", path], check=True)


def fill(folder: Path) -> None:
    with (folder / "ballast").open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass


def test_a_volume_that_is_full_from_the_start(
    container: Container, python: Path, app: Path, volume: Callable[[str], None]
) -> None:
    """Nothing can be written, not even a note; nothing is executed, printed or raised."""
    volume("size=1m")
    fill(container.spool)
    assert_unharmed(container, python, app)


def test_a_volume_too_small_for_a_chunk(
    container: Container, python: Path, app: Path, volume: Callable[[str], None]
) -> None:
    """The log has room and the map has not: a note says that the volume is full."""
    volume("size=128k")
    assert_unharmed(container, python, app)
    assert sorted(set(container.slugs())) == ["spool-full"]
    assert not list(container.spool.glob("chunk*"))


def test_a_volume_that_fills_up_later(
    container: Container, python: Path, app: Path, volume: Callable[[str], None]
) -> None:
    """The chunk that exists goes on to be marked, by code that is loaded already."""
    volume("size=2m")
    (app / "app.py").write_text(
        "import mod, sys\n"
        "with open(sys.argv[1], 'wb', 0) as file:\n"
        "    try:\n"
        "        while True:\n"
        "            file.write(bytes(4096))\n"
        "    except OSError as error:\n"
        "        pass\n"
        "print(mod.f(2))\n"
        "import late\n"
        "print(late.x)\n"
    )
    (app / "late.py").write_text("x = 1\n")
    done = container.run([python, "app.py", container.spool / "ballast"], app)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[0, 1]\n1\n", "")
    assert container.ran(app / "mod.py") == {1, 2}
    assert container.ran(app / "app.py") >= {1, 8, 9, 10}


def test_a_volume_that_is_read_only(
    container: Container, python: Path, app: Path, volume: Callable[[str], None]
) -> None:
    """As after an error of the file system."""
    volume("size=2m")
    options = "remount,ro"
    subprocess.run(["mount", "-o", options, container.spool], check=True)
    assert_unharmed(container, python, app)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can play two users")
def test_users_of_one_container_share_the_map_and_not_their_code(
    container: Container, python: Path, app: Path
) -> None:
    """Other uids, a umask of 077: both are measured, and neither executes what the other kept."""
    app.chmod(0o755)
    for parent in (app, *app.parents):
        if parent == Path("/tmp"):
            break
        parent.chmod(0o755)
    mark = "import mod, os; mod.f(os.getuid())"
    for uid in (1000, 2000, 1000):
        code = f"import os; os.umask(0o077); os.setgid({uid}); os.setuid({uid})\n"
        code += f"os.execv({str(python)!r}, ['python', '-c', {mark!r}])"
        done = container.run(["python3", "-I", "-c", code], app)
        if "Permission denied" in done.stderr:
            pytest.skip("other users may not read this interpreter")
        assert (done.returncode, done.stderr) == (0, "")
    assert container.ran(app / "mod.py") == {1, 2}
    assert container.notes() == []
    owners = {path.stat().st_uid for path in (container.spool / "code").iterdir()}
    assert owners == {1000, 2000}
    assert (container.spool / "log").stat().st_mode & 0o777 == 0o666
    assert (container.spool / "chunk.0").stat().st_mode & 0o777 == 0o666


@pytest.mark.parametrize("how", ["flip", "cut", "empty", "foreign", "link"])
def test_kept_code_that_is_not_whole_is_never_executed(
    container: Container, python: Path, app: Path, how: str
) -> None:
    """A torn, changed or foreign file in the cache is made anew, the agent's own bundle too."""
    assert_unharmed(container, python, app)
    for path in (container.spool / "code").iterdir():
        data = path.read_bytes()
        if how == "flip":
            path.write_bytes(data[:-20] + bytes([data[-20] ^ 1]) + data[-19:])
        elif how == "cut":
            path.write_bytes(data[: len(data) // 2])
        elif how == "empty":
            path.write_bytes(b"")
        elif how == "foreign" and os.geteuid() == 0:
            os.chown(path, 1234, 1234)
        elif how == "link":
            path.rename(path.with_suffix(".moved"))
            path.symlink_to(path.with_suffix(".moved").name)
    assert_unharmed(container, python, app)
    assert container.ran(app / "mod.py") == {1, 2}
    assert container.notes() == []


LIMITS = {
    # how a shell starts the application, and whether lines are measured
    "three descriptors": ("ulimit -n 3; exec {}", False),
    "four descriptors": ("ulimit -n 4; exec {}", False),
    "eight descriptors": ("ulimit -n 8; exec {}", True),
    "a small stack": ("ulimit -s 512; exec {}", True),
    "files of no bytes": ("ulimit -f 0; exec {}", False),
    "files smaller than a chunk": ("ulimit -f 100; exec {}", False),
    "no stdin": ("exec {} <&-", True),
    "no stdout and no stderr": ("exec {} >&- 2>&-", True),
    "no descriptor at all": ("exec {} <&- >&- 2>&-", True),
    "a folder that is gone": ("mkdir gone; cd gone; rmdir ../gone; exec {}", True),
}


@pytest.mark.parametrize("limit", LIMITS)
def test_a_process_of_few_means_is_not_harmed(
    one_container: Container, python: Path, app: Path, limit: str
) -> None:
    """It runs, prints and ends as it would without us, even where it cannot be measured."""
    how, measures = LIMITS[limit]
    command = ["sh", "-c", how.format(f"{python} {app}/app.py")]
    pair(one_container, command, app)
    assert bool(one_container.ran(app / "mod.py")) == measures


@pytest.mark.parametrize("kib", [14_000, 16_000, 20_000, 24_000, 32_000, 64_000])
def test_a_process_of_little_memory_is_not_harmed(
    one_container: Container, app: Path, kib: int
) -> None:
    """Where there is room for the application, there is for us, or it runs unmeasured."""
    python = interpreter("3.13").python
    (app / "app.py").write_text("import mod, sys\nprint(mod.f(3), sys.argv)\nsys.exit(4)\n")
    plain = pair(one_container, ["sh", "-c", f"ulimit -v {kib}; exec {python} app.py"], app)
    assert plain.code == 4, str(plain)
    assert bool(one_container.ran(app / "mod.py")) == (kib > 14_000)


def test_a_log_that_is_cut_stops_the_registering(
    container: Container, python: Path, app: Path
) -> None:
    """A process that saw more of the log than there is now gives out no places any more."""
    (app / "app.py").write_text(
        "import mod, os, sys\n"
        "os.truncate(os.environ['PODCOV_SPOOL'] + '/log', 0)\n"
        "import late\n"
        "print(late.x)\n"
    )
    (app / "late.py").write_text("x = 1\n")
    done = container.run([python, "app.py"], app)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")
    assert container.ran(app / "late.py") == set()


def test_deleted_files_do_no_harm(container: Container, python: Path, app: Path) -> None:
    """Someone empties the folder while the application runs: what is mapped stays mapped."""
    (app / "app.py").write_text(
        "import mod, os, shutil, sys\n"
        "shutil.rmtree(os.environ['PODCOV_SPOOL'])\n"
        "mod.f(1)\n"
        "import late\n"
        "print(late.x)\n"
    )
    (app / "late.py").write_text("x = 1\n")
    done = container.run([python, "app.py"], app)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


def test_a_chunk_is_complete_before_it_has_its_name(
    container: Container, python: Path, app: Path
) -> None:
    """What another process finds under the name of a chunk is always all of it."""
    container.run([python, "app.py"], app)
    chunk = container.spool / "chunk.0"
    assert chunk.stat().st_size == CHUNK_BYTES
    assert chunk.stat().st_blocks * 512 >= CHUNK_BYTES
    assert not list(container.spool.glob("*.tmp"))


def test_what_is_wrong_with_the_search_path_is_not_told_to_an_import(
    one_container: Container, python: Path, tmp_path: Path
) -> None:
    """Python skips what is no text in sys.path; modules beyond it have a source, or have none."""
    site, beyond = tmp_path / "lib/site-packages", tmp_path / "beyond"
    info, app = site / "shop-1.dist-info", tmp_path / "app"
    for folder in (info, beyond, app):
        folder.mkdir(parents=True)
    url = '{"url": "file:///home/100%/shop", "dir_info": {"editable": true}}'
    (info / "direct_url.json").write_text(url)
    for folder in (site, beyond):
        (folder / f"{folder.name[:4]}_source.py").write_text("x = 1\n")
        code = "import py_compile, sys; py_compile.compile(*sys.argv[1:])"
        names = [folder / f"{folder.name[:4]}_source.py", folder / f"{folder.name[:4]}_bare.pyc"]
        subprocess.run([python, "-c", code, *names], check=True)
    (app / "app.py").write_text(
        "import pathlib, sys\n"
        f"sys.path += [pathlib.Path('here'), {str(site)!r}, {str(beyond)!r}]\n"
        "import beyo_source, site_source, beyo_bare, site_bare\n"
        "print(beyo_bare.x + site_bare.x)\n"
    )
    plain = pair(one_container, [python, "app.py"], app)
    assert (plain.code, plain.out, plain.err) == (0, "2\n", "")
    assert one_container.notes() == []


def test_no_failure_of_ours_reaches_the_import_of_byte_code(
    one_container: Container, python: Path, app: Path
) -> None:
    """An audit hook that refuses us the look at a folder: the module without source imports."""
    site = app / "site-packages"
    site.mkdir()
    code = "import py_compile; py_compile.compile('mod.py', 'site-packages/bare.pyc')"
    subprocess.run([python, "-c", code], cwd=app, check=True)
    (app / "app.py").write_text(
        "import sys\n"
        f"sys.path.append({str(site)!r})\n"
        "def refuse(event, arguments):\n"
        "    if event == 'os.listdir' and str(arguments[0]).endswith('site-packages'):\n"
        "        if sys._getframe(1).f_code.co_filename == '<podcov>':\n"
        "            raise ValueError('refused')\n"
        "sys.addaudithook(refuse)\n"
        "import bare\n"
        "print(bare.f(3))\n"
    )
    plain = pair(one_container, [python, "app.py"], app)
    assert (plain.code, plain.out, plain.err) == (0, "[0, 1, 2]\n", "")
