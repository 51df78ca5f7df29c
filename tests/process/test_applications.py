"""Applications in one file or folder, and import hooks of others: measured, or a note says why not.

Pair by pair against a plain run: however the code gets into the process, the process is as without
us. Continues test_loaders with what comes from packages.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.interpreters import interpreter, one_or_all, venv_python
from support.measured import Container, line_of
from support.serving import get, serving

HOOKS = ("pytest==8.3.5", "beartype>=0.19,<0.23", "typeguard>=4.4,<4.5", "shiv==1.0.8")
UWSGI = ("uwsgi==2.0.28",)
MOD = "def f(n: int) -> int:\n    return n + 1  # mark\n"
MAIN = """import sys
from shop.mod import f


def main():
    print(f(3), sys.argv[1:], __name__, sys.modules["__main__"].__spec__ is None)
    raise SystemExit(5)


if __name__ == "__main__":
    main()
"""
SETUP = """from setuptools import setup
entry = {"console_scripts": ["shop=shop.__main__:main"]}
setup(name="shop", version="1", packages=["shop"], entry_points=entry)
"""
HOOKED = """from shop.mod import f
print(f(1))
try:
    f("x")
except Exception as error:
    print(type(error).__name__)
"""

OUR_FRAME = ", in _get_module_code"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A folder with a package `shop`, whose function has a line of its own."""
    folder = tmp_path / "app"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop/__init__.py").touch()
    (folder / "shop/mod.py").write_text(MOD)
    (folder / "shop/__main__.py").write_text(MAIN)
    return folder


def equal(
    container: Container, command: list[str | Path], cwd: Path, *, code: int = 0
) -> tuple[str, str]:
    """stdout and stderr of a plain run, which two measured ones must have too."""
    runs = [container.run(command, cwd, measured=on) for on in (False, False, True, True)]
    plain, first, second = [(r.returncode, r.stdout, r.stderr) for r in runs[1:]]
    assert first == plain
    assert second == plain
    assert plain[0] == code, plain
    return plain[1:]


def marks(container: Container) -> set[str]:
    """The paths of which the line of `f` was run."""
    return {path for path, ran in container.lines().items() if path.endswith("mod.py") and 2 in ran}


@pytest.mark.parametrize("options", [[], ["-c"], ["-p", "/usr/bin/env python3"]], ids=str)
def test_zip_applications(
    one_container: Container, python: Path, app: Path, options: list[str]
) -> None:
    """`python app.pyz`, as zipapp makes it: plain, compressed, with a first line for the shell."""
    where = app.parent / "shop.pyz"
    make = [python, "-m", "zipapp", app, "-o", where, "-m", "shop.__main__:main", *options]
    subprocess.run(make, check=True)
    equal(one_container, [python, where, "x"], app.parent, code=5)
    assert marks(one_container) == {f"{where}/shop/mod.py"}
    assert one_container.notes() == []


@pytest.mark.parametrize("start", [["app/shop"], ["-m", "shop"]], ids=str)
def test_folders_as_applications(
    one_container: Container, python: Path, app: Path, start: list[str]
) -> None:
    """`python folder/` and `python -m package`."""
    one_container.env["PYTHONPATH"] = str(app)
    equal(one_container, [python, *start, "x"], app.parent, code=5)
    assert marks(one_container) == {str(app / "shop/mod.py")}
    assert line_of(app / "shop/__main__.py", "raise SystemExit") in one_container.ran(
        app / "shop/__main__.py"
    )


@pytest.mark.parametrize(("tool", "version"), one_or_all(["shiv"]))
def test_applications_that_unpack_themselves(
    one_container: Container, app: Path, tool: str, version: str
) -> None:
    """shiv puts its packages into a folder of its own at the first start."""
    python = venv_python(interpreter(version), *HOOKS)
    (app / "setup.py").write_text(SETUP)
    where = app.parent / "shop.pyz"
    make = [python.parent / tool, "-q", "--no-deps", "--no-build-isolation", "-c", "shop"]
    subprocess.run([*make, "-o", where, app], check=True, capture_output=True)
    one_container.env.update(SHIV_ROOT=str(app.parent / "unpacked"), PODCOV_SOURCE="shop")
    equal(one_container, [python, where, "x"], app.parent, code=5)
    (found,) = marks(one_container)
    assert found.startswith(str(app.parent / "unpacked"))


@pytest.mark.parametrize(
    ("tool", "version"),
    one_or_all(["beartype.claw:beartype_package", "typeguard:install_import_hook"]),
)
def test_hooks_that_check_types(
    one_container: Container, app: Path, tool: str, version: str
) -> None:
    """They change the source that they load: their work is left alone, and a note names it."""
    module, _, function = tool.partition(":")
    (app / "main.py").write_text(f"from {module} import {function}\n{function}('shop')\n{HOOKED}")
    python = venv_python(interpreter(version), *HOOKS)
    out, _ = equal(one_container, [python, "main.py"], app)
    assert out.startswith("2\n"), out
    assert "Error" in out or "Violation" in out, out
    assert line_of(app / "main.py", "print(f(1))") in one_container.ran(app / "main.py")
    assert marks(one_container) == set()
    assert set(one_container.slugs()) == {"custom-loader"}


@pytest.mark.parametrize(("tool", "version"), one_or_all(["pytest"]))
def test_assertions_that_pytest_rewrites(
    one_container: Container, app: Path, tool: str, version: str
) -> None:
    """Their messages are pytest's; what tests import is measured, test files are not: a limit."""
    (app / "test_it.py").write_text("from shop.mod import f\ndef test():\n    assert f(1) == 3\n")
    command = "{} -m pytest -q -p no:cacheprovider --tb=short test_it.py | sed 's/ in .*s$//'"
    python = venv_python(interpreter(version), *HOOKS)
    out, _ = equal(one_container, ["sh", "-c", command.format(python)], app)
    assert "where 2 = f(1)" in out
    assert marks(one_container) == {str(app / "shop/mod.py")}
    assert one_container.ran(app / "test_it.py") == set()


def test_executed_text_is_not_measured(one_container: Container, python: Path, app: Path) -> None:
    """`exec(compile(file))` passes all importers by: a limit."""
    (app / "main.py").write_text(
        "path, names = 'shop/mod.py', {}\n"
        "exec(compile(open(path).read(), path, 'exec'), names)\n"
        "print(names['f'](1))\n"
    )
    equal(one_container, [python, "-X", "utf8", "main.py"], app)
    assert one_container.ran(app / "main.py") == {1, 2, 3}
    assert marks(one_container) == set()


def test_namespace_packages_and_files_of_any_name(
    one_container: Container, python: Path, app: Path
) -> None:
    """Folders without `__init__`, and plug-ins that are loaded by their path."""
    (app / "space/inner").mkdir(parents=True)
    (app / "space/inner/mod.py").write_text(MOD)
    (app / "plug-in.mod.py").write_text(MOD)
    (app / "main.py").write_text(
        "import importlib.util as u, space.inner.mod as mod\n"
        "spec = u.spec_from_file_location('plug', 'plug-in.mod.py')\n"
        "plug = u.module_from_spec(spec)\n"
        "spec.loader.exec_module(plug)\n"
        "print(mod.f(1), plug.f(2), mod.__spec__.parent)\n"
    )
    equal(one_container, [python, "main.py"], app)
    wanted = {str(app / "space/inner/mod.py"), str(app / "plug-in.mod.py")}
    assert marks(one_container) == wanted


@pytest.mark.parametrize("name", ["mod.py", "__main__.py"])
def test_syntax_errors_in_a_zip_file(
    one_container: Container, each_python: Path, app: Path, name: str
) -> None:
    """Their tracebacks are those of a plain run; a limit: up to 3.9 with one line more."""
    subprocess.run(["rm", "-r", app / "shop"], check=True)
    (app / name).write_text("x = (\n")
    bundle = app.parent / "bundle.zip"
    make = f"import shutil; shutil.make_archive('{bundle.with_suffix('')}', 'zip', '{app}')"
    subprocess.run([each_python, "-c", make], check=True)
    (app / "main.py").write_text(f"import sys\nsys.path.insert(0, '{bundle}')\nimport mod\n")
    (app / "mod.py").unlink(missing_ok=True)
    start = ["main.py"] if name == "mod.py" else [str(bundle)]
    plain, done = (
        one_container.run([each_python, *start], app, measured=on) for on in (False, True)
    )
    assert "SyntaxError" in plain.stderr
    assert (done.returncode, done.stdout) == (plain.returncode, plain.stdout)
    assert [line for line in done.stderr.splitlines() if OUR_FRAME not in line] == [
        line for line in plain.stderr.splitlines() if OUR_FRAME not in line
    ]


@pytest.mark.parametrize("way", ["--wsgi-file=shop.py", "--module=shop:app"])
def test_what_uwsgi_compiles_itself_has_a_note(
    one_container: Container, tmp_path: Path, way: str
) -> None:
    """A module is measured; a file that uWSGI compiles in C is not, but what it imports is."""
    (tmp_path / "mod.py").write_text(MOD)
    shop = tmp_path / "shop.py"
    shop.write_text(
        "import mod\n"
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [('Content-Type', 'text/plain')])\n"
        "    return [b'%d' % mod.f(1)]  # answer\n"
    )
    python = venv_python(interpreter("3.13"), *UWSGI)
    uwsgi = [str(python.parent / "uwsgi"), "--http-socket", "127.0.0.1:{port}", way]
    uwsgi += ["--callable", "app", "--virtualenv", str(python.parent.parent)]
    one_container.env["PYTHONPATH"] = str(tmp_path)
    with serving(one_container, uwsgi, tmp_path) as port:
        assert get(port, "/") == "2"
    assert marks(one_container) == {str(tmp_path / "mod.py")}
    module = way.startswith("--module")
    assert (line_of(shop, "# answer") in one_container.ran(shop)) == module
    assert one_container.slugs() == ([] if module else ["embedded"])
