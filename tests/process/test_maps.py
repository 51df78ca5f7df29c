"""Both kinds of map: which one a process has, and that the application notices neither.

What both must do alike is in the other files: their `container` comes once with each.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from podcov_agent.contract import ENV_MAP, HOME_NATIVE, MAP_NATIVE, MAP_PYTHON
from support.interpreters import OLDEST_AND_NEWEST, interpreter, venv_python
from support.maps import NATIVE_SO, needs_native
from support.measured import Container

APP = """\
def price(amount, rate=0.2):
    try:
        return round(amount * (1 + rate), 2)
    except TypeError:
        return None
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "shop.py").write_text(APP)
    return folder


def kinds(container: Container) -> list[str]:
    """What the interpreters of the container say of their maps."""
    return [json.loads(text)["map"] for text in container.log().infos.values()]


def test_the_record_of_the_interpreter_names_its_map(
    container: Container, each_python: Path, app: Path
) -> None:
    """The one that was asked for; with development mode and errors for warnings, it is silent."""
    words = ["-X", "dev", "-W", "error", "-c", "import shop; assert shop.price(1) == 1.2"]
    done = container.run([each_python, *words], app)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert kinds(container) == [container.env.get(ENV_MAP, MAP_NATIVE)]
    assert container.ran(app / "shop.py") == {1, 2, 3}
    assert container.notes() == []


@needs_native
@pytest.mark.parametrize("content", [None, b"", b"no library"])
def test_without_a_map_in_c_that_loads_the_one_in_python_is_taken(
    container: Container, python: Path, app: Path, tmp_path: Path, content: bytes | None
) -> None:
    """Nobody is told but the record; the marks are the same."""
    home = Path(shutil.copytree(container.home, tmp_path / "home"))
    library = home / (HOME_NATIVE % NATIVE_SO.name.split("-")[1].split(".")[0])
    library.unlink()
    if content is not None:
        library.write_bytes(content)
    broken = Container(home, container.spool)
    done = broken.run([python, "-c", "import shop; shop.price(1)"], app)
    assert (done.returncode, done.stderr, kinds(broken)) == (0, "", [MAP_PYTHON])
    assert (broken.ran(app / "shop.py"), broken.notes()) == ({1, 2, 3}, [])


@needs_native
def test_processes_with_different_maps_share_their_marks(
    container: Container, python: Path, app: Path
) -> None:
    """Neither runs the code that the other kept; both mark the same bytes."""
    for kind, amount in (
        (MAP_NATIVE, "1"),
        (MAP_PYTHON, "''"),
        (MAP_NATIVE, "1"),
        (MAP_PYTHON, "1"),
    ):
        container.env[ENV_MAP] = kind
        done = container.run([python, "-c", f"import shop; shop.price({amount})"], app)
        assert (done.returncode, done.stderr) == (0, "")
    assert sorted(kinds(container)) == [MAP_NATIVE, MAP_PYTHON]
    assert container.ran(app / "shop.py") == {1, 2, 3, 4, 5}


BY_VALUE = """\
import copy, joblib, shop
import {library} as library
by_value = dict(recurse=True, byref=False) if "{library}" == "dill" else dict()
if not by_value:
    library.register_pickle_by_value(shop)
shop.price.__module__ = "__main__" if by_value else "shop"
open("function", "wb").write(library.dumps(shop.price, **by_value))
clone = library.loads(library.dumps(shop.price, **by_value))
consts = shop.price.__code__.co_consts
print(clone(10), clone(""), copy.deepcopy(shop.price)(10), len(joblib.hash(consts)))
"""


@pytest.mark.parametrize("library", ["cloudpickle", "dill"])
@pytest.mark.parametrize("version", OLDEST_AND_NEWEST)
def test_functions_travel_by_value(
    container: Container, version: str, library: str, app: Path
) -> None:
    """An interpreter that never saw the agent loads them, and they do what they did."""
    which = interpreter(version)
    python = venv_python(which, "cloudpickle==3.1.2", "dill==0.4.0", "joblib==1.4.2")
    program = BY_VALUE.format(library=library)
    done = container.run([python, "-c", program], app)
    assert (done.returncode, done.stdout) == (0, "12.0 None 12.0 32\n"), done.stderr
    assert container.ran(app / "shop.py") == {1, 2, 3}, "only the original marks"
    load = f"import {library} as p; f = p.load(open('function', 'rb')); print(f(10), f(''))"
    (app / "shop.py").unlink()
    plain = container.run([python, "-c", load], app, measured=False)
    assert (plain.returncode, plain.stdout) == (0, "12.0 None\n"), plain.stderr


@needs_native
def test_the_library_needs_nothing_but_python_and_two_names_of_any_libc() -> None:
    """No library is named in it, so it loads with glibc and musl alike."""
    if not shutil.which("nm"):
        pytest.skip("no nm on PATH")
    asked = ["nm", "--dynamic", "--undefined-only", "--format=posix", str(NATIVE_SO)]
    names = subprocess.check_output(asked, text=True).split("\n")
    wanted = {line.split()[0] for line in names if line}
    assert {n for n in wanted if not n.startswith(("Py", "_Py"))} == {"mmap", "munmap"}
    dynamic = subprocess.check_output(["readelf", "--dynamic", str(NATIVE_SO)], text=True)
    assert "NEEDED" not in dynamic
