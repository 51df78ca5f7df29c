"""What an application can notice of us: exactly what docs/limits.md says, and no more.

Each test shows a difference to a plain run. One that fails because a difference is gone is good
news, and then the line in the documentation can go.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from podcov_agent.contract import CHUNK_BYTES
from support.cluster.errors import UnavailableError
from support.cluster.packages import ensure
from support.interpreters import UNSUPPORTED, each_version, interpreter
from support.measured import Container
from support.nightly import NIGHTLY
from support.pairs import Outcome, outcome, pair

SHOP = "def price(n):\n    try:\n        return n * 2\n    except TypeError:\n        return 0\n"
RECURSION = """
def reached(n=0):
    try:
        return reached(n + 1)
    except RecursionError:
        return n
print(reached())
"""
MARSHAL = """
import marshal, shop
try:
    print(bool(marshal.dumps(shop.price.__code__)))
except ValueError as error:
    print(error)
"""
CONSTANTS = """
import dis, shop
print(len(shop.price.__code__.co_consts), len(list(dis.get_instructions(shop.price))))
"""
OBSERVERS = {
    "profiler": """
import cProfile, pstats
profile = cProfile.Profile()
profile.runcall(__import__, "shop")
import shop
imported = {key[0] for key in pstats.Stats(profile).stats}
profile = cProfile.Profile()
print(profile.runcall(shop.price, 3))
print("<podcov>" in imported, "<podcov>" in {key[0] for key in pstats.Stats(profile).stats})
""",
    "trace function": """
import sys
seen = set()
sys.settrace(lambda frame, event, arg: seen.add(frame.f_code.co_filename))
import shop
sys.settrace(None)
imported, seen = seen, set()
sys.settrace(lambda frame, event, arg: seen.add(frame.f_code.co_filename))
print(shop.price(3))
sys.settrace(None)
print("<podcov>" in imported, "<podcov>" in seen)
""",
    "audit hook": """
import sys
seen = []
sys.addaudithook(lambda event, args: seen.append(str(args)))
import shop
imported = str(seen)
seen.clear()
print(shop.price(3))
print("/spool/log" in imported, "spool" in str(seen))
""",
    "tracemalloc": """
import tracemalloc
tracemalloc.start()
import shop
shop.price(3)
found = {trace.traceback[0].filename for trace in tracemalloc.take_snapshot().traces}
print(6)
print("<podcov>" in found, False)
""",
}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "shop.py").write_text(SHOP)
    return folder


def both(container: Container, python: Path, app: Path, program: str) -> tuple[Outcome, Outcome]:
    (app / "main.py").write_text(program)
    plain, measured = (
        outcome(container, [python, "main.py"], app, measured=on) for on in (False, True)
    )
    assert (plain.code, plain.err) == (measured.code, measured.err)
    return plain, measured


@pytest.mark.parametrize("version", ["3.8", "3.11", "3.12", "3.13"])
def test_scripts_have_less_room_for_recursion_up_to_3_11(
    container: Container, app: Path, version: str
) -> None:
    """By four or five frames, which count the C functions that the script runs in."""
    plain, measured = both(container, interpreter(version).python, app, RECURSION)
    less = int(plain.out) - int(measured.out)
    assert less in ((4, 5) if version in ("3.8", "3.11") else (0,))
    as_module = [
        int(outcome(container, [interpreter(version).python, "-m", "main"], app, measured=on).out)
        for on in (False, True)
    ]
    calls = bool(container.env)  # the map in Python marks a handler by a call, which needs a frame
    assert as_module[0] - as_module[1] in ((0, 1) if calls else (0,))


def test_live_code_is_not_always_marshalled(container: Container, python: Path, app: Path) -> None:
    """The map in C is refused before 3.14, that in Python from 3.12 on; else it becomes bytes."""
    plain, measured = both(container, python, app, MARSHAL)
    refused = (not container.env) == (python == interpreter("3.8").python)
    assert plain.out == "True\n"
    assert measured.out == ("unmarshallable object\n" if refused else "True\n")
    container.env["PODCOV_OMIT"] = "shop.py"
    assert both(container, python, app, MARSHAL)[1].out == "True\n"


def test_constants_and_instructions_show_the_probes(
    container: Container, python: Path, app: Path
) -> None:
    """Two or more instructions and a constant per line; inspect and dis work all the same."""
    plain, measured = (
        [int(number) for number in found.out.split()]
        for found in both(container, python, app, CONSTANTS)
    )
    assert measured[0] > plain[0]
    assert measured[1] > plain[1]


@pytest.mark.parametrize("observer", OBSERVERS)
def test_observers_see_us_at_an_import_and_at_no_other_time(
    container: Container, python: Path, app: Path, observer: str
) -> None:
    """What it sees of functions that run is what it sees without us."""
    plain, measured = both(container, python, app, OBSERVERS[observer])
    assert plain.out == "6\nFalse False\n"
    assert measured.out == "6\nTrue False\n"


def test_without_site_our_folder_is_still_on_sys_path(
    container: Container, python: Path, app: Path
) -> None:
    """`-S` keeps sitecustomize from running, which would take it away."""
    (app / "main.py").write_text("import sys\nprint(*sys.path, sep='\\n')\n")
    plain, measured = (
        outcome(container, [python, "-S", "main.py"], app, measured=on) for on in (False, True)
    )
    assert measured.out.replace(f"{container.home}/bootstrap\n", "") == plain.out
    assert container.lines() == {}


@pytest.mark.parametrize("version", ["3.8", "3.13"])
def test_a_script_in_latin_1_does_not_load_that_codec(
    container: Container, app: Path, version: str
) -> None:
    """CPython loads it to read the script; ours is read as bytes. It is there when it is used."""
    program = "# coding: latin-1\nimport sys\nprint('encodings.latin_1' in sys.modules, '\xe9')\n"
    (app / "main.py").write_bytes(program.encode("latin-1"))
    plain, measured = (
        outcome(container, [interpreter(version).python, "main.py"], app, measured=on)
        for on in (False, True)
    )
    assert plain.out == "True \xe9\n"
    assert measured.out == ("True \xe9\n" if version == "3.8" else "False \xe9\n")


TRUNCATES = """
import mod, os, sys
mod.f(1)
os.truncate(os.environ["PODCOV_SPOOL"] + "/chunk.0", int(sys.argv[1]))
os.write(1, b"alive\\n")
mod.f(2)
os.write(1, b"went on\\n")
"""


@pytest.mark.parametrize("size", [0, 8192])
def test_a_chunk_that_is_cut_short_kills_who_marks_in_it(
    container: Container, python: Path, app: Path, size: int
) -> None:
    """SIGBUS at the next line whose byte is gone, and only there; a later process is unharmed."""
    (app / "mod.py").write_text("def f(n):\n    return n\n")
    done = outcome(container, [python, "-c", TRUNCATES, str(size)], app, measured=True)
    wanted = (0, "alive\nwent on\n") if size else (-7, "alive\n")
    assert (done.code, done.out, done.err) == (*wanted, "")
    assert (container.spool / "chunk.0").stat().st_size == size < CHUNK_BYTES
    later = pair(container, [python, "-c", "import mod; print(mod.f(3))"], app)
    assert (later.code, later.out, later.err) == (0, "3\n", "")
    assert set(container.slugs()) == {"spool-unusable"}


def test_a_chunk_that_is_removed_goes_on_to_be_marked_by_who_has_it(
    container: Container, python: Path, app: Path
) -> None:
    """Nobody sees these marks any more; a later process makes the chunk anew."""
    (app / "mod.py").write_text("def f(n):\n    return n\n")
    removes = TRUNCATES.replace("os.truncate(", "os.unlink(").replace(", int(sys.argv[1]))", ")")
    done = outcome(container, [python, "-c", removes], app, measured=True)
    assert (done.code, done.out, done.err) == (0, "alive\nwent on\n", "")
    pair(container, [python, "-c", "import mod; print(mod.f(3))"], app)
    assert container.ran(app / "mod.py") == {1, 2}


def pypy() -> Path:
    """Debian's PyPy; a nightly run installs it where it can."""
    if shutil.which("pypy3") is None and NIGHTLY:
        try:
            ensure({"pypy3": "pypy3"})
        except UnavailableError as error:
            pytest.skip(str(error))
    found = shutil.which("pypy3")
    if found is None:
        pytest.skip("no pypy3 on PATH: Debian's package pypy3 has it")
    return Path(found)


@pytest.mark.parametrize("version", ["pypy", *each_version(UNSUPPORTED)])
def test_another_interpreter_runs_as_without_us(
    container: Container, app: Path, version: str
) -> None:
    """All observations are equal, and a note says why it is not measured."""
    python = pypy() if version == "pypy" else interpreter(version).python
    (app / "main.py").write_text(
        "import shop, sys, pickle, traceback\n"
        "print(sorted(sys.modules), sys.path, sorted(vars()), shop.price(2))\n"
        "print(pickle.dumps(shop.price, 2), sys.modules.get('sitecustomize'))\n"
        "try:\n    shop.price()\nexcept TypeError:\n    traceback.print_exc()\n"
        "shop.price(object()).missing\n"
    )
    plain = pair(container, [python, "main.py"], app)
    assert (plain.code, "missing" in plain.err) == (1, True)
    (note,) = container.notes()
    assert note["slug"] == "unsupported-python"
    assert note["detail"].startswith("PyPy 3" if version == "pypy" else f"CPython {version}")
    assert not list(container.spool.glob("chunk*"))
