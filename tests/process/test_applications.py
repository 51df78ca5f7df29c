"""Applications in one file or folder, and import hooks of others: measured, or a note says why not.

Pair by pair against a plain run: however the code gets into the process, the process is as without
us. Continues test_loaders with what comes from packages.
"""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from support.interpreters import each_version, interpreter, one_or_all, venv_python
from support.maps import needs_native
from support.measured import Container, line_of
from support.serving import get, serving
from support.told import told

HOOKS = ("pytest==8.3.5", "beartype>=0.19,<0.23", "typeguard>=4.4,<4.5", "shiv==1.0.8")
PEX = ("pex>=2.20,<3",)
EDITABLE = ("setuptools>=75,<76",)
EXECUTING = ("executing>=2.1,<3", "icecream>=2.1,<3")
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

LOOKS = """import builtins, copy, inspect, pickle, sys, traceback
print(exec, type(exec), exec.__self__ is builtins, exec.__qualname__, exec.__module__)
print(exec.__doc__, exec.__text_signature__, pickle.loads(pickle.dumps(exec)) is exec)
print(copy.deepcopy(exec) is exec, hash(exec) == hash(builtins.exec), dir(exec))
try:
    print(inspect.signature(exec))
except ValueError as error:
    print(error)
bad = compile("x = 1\\n1/0", "shop/mod.py", "exec")
for arguments in ((), (1,), ("1", 2), ("1", {}, {}, 4), ("1/0",), (bad,), (bad, {"x": 1}, {})):
    try:
        exec(*arguments)
    except TypeError as error:
        print(error)
    except Exception:
        traceback.print_exc(file=sys.stdout)
try:
    exec("1", nothing=3)
except TypeError as error:
    print(error)
raised = []
try:
    eval(compile("1/0", "shop/mod.py", "exec"))
except ZeroDivisionError:
    traceback.print_exc(file=sys.stdout)
"""
DEEP = """import sys
code = compile(open("deep.py").read(), "deep.py", "exec")
def deeper(n):
    if n:
        return deeper(n - 1)
    names = {}
    exec(code, names)
    return names["x"]
sys.setrecursionlimit(200)
reached = 0
for n in range(100, 200):
    try:
        reached = n * deeper(n)
    except RecursionError:
        break
print(reached)
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
    one_container: Container, app: Path, tool: str, version: str, tmp_path: Path
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
    notes = told(one_container, tmp_path)
    assert [note for note in notes if note[1].startswith(f"{app}/shop/mod.py: ")] != []
    assert {slug for slug, _ in notes} == {"custom-loader"}


@pytest.mark.parametrize(("tool", "version"), one_or_all(["pytest"]))
def test_assertions_that_pytest_rewrites(
    one_container: Container, app: Path, tool: str, version: str, tmp_path: Path
) -> None:
    """Their messages are pytest's; what tests import is measured, a note names the test files."""
    (app / "test_it.py").write_text("from shop.mod import f\ndef test():\n    assert f(1) == 3\n")
    command = "{} -m pytest -q -p no:cacheprovider --tb=short test_it.py | sed 's/ in .*s$//'"
    python = venv_python(interpreter(version), *HOOKS)
    out, _ = equal(one_container, ["sh", "-c", command.format(python)], app)
    assert "where 2 = f(1)" in out
    assert marks(one_container) == {str(app / "shop/mod.py")}
    assert one_container.ran(app / "test_it.py") == set()
    assert told(one_container, tmp_path) == [("executed", str(app / "test_it.py"))]
    one_container.run([python, "-m", "pytest", "--assert=plain", "test_it.py"], app)
    assert one_container.ran(app / "test_it.py") == {1, 2, 3}


EXECUTED = {
    "text": "open(path).read()",
    "bytes": "open(path, 'rb').read()",
    "tree": "ast.parse(open(path).read())",
    "changed": "open(path).read().replace('1', '2')",
    "tree-changed": "ast.parse('x = 1\\n' + open(path).read())",
}


@needs_native
@pytest.mark.parametrize("how", EXECUTED)
def test_executed_files(
    one_container: Container, each_python: Path, app: Path, how: str, tmp_path: Path
) -> None:
    """`exec(compile(file))` is measured where the code is that of the file's text, else noted."""
    (app / "main.py").write_text(
        "import ast\n"
        "path, names = 'shop/mod.py', {}\n"
        f"exec(compile({EXECUTED[how]}, path, 'exec'), names)\n"
        "print(names['f'](1), sorted(names))\n"
        "def local():\n"
        "    before = 1\n"
        f"    exec(compile({EXECUTED[how]}, path, mode='exec'))\n"
        "    print(sorted(locals()))\n"
        "local()\n"
        "try:\n"
        "    names['f']('x')\n"
        "except TypeError as error:\n"
        "    print(error.__traceback__.tb_next.tb_lineno)\n"
    )
    equal(one_container, [each_python, "-X", "utf8", "main.py"], app)
    changed = "changed" in how
    assert marks(one_container) == (set() if changed else {str(app / "shop/mod.py")})
    notes = [("executed", str(app / "shop/mod.py"))] if changed else []
    assert told(one_container, tmp_path) == notes


@needs_native
def test_exec_that_nothing_in_python_calls(
    one_container: Container, each_python: Path, app: Path
) -> None:
    """A new thread and the end of the interpreter call it without a frame beneath."""
    (app / "main.py").write_text(
        "import _thread, atexit, time\n"
        "code = compile(open('shop/mod.py').read(), 'shop/mod.py', 'exec')\n"
        "started, last = {}, {}\n"
        "_thread.start_new_thread(exec, (code, started))\n"
        "deadline = time.monotonic() + 20\n"
        "while 'f' not in started and time.monotonic() < deadline:\n"
        "    time.sleep(0.01)\n"
        "print(started['f'](1))\n"
        "atexit.register(lambda: print(last['f'](2)))\n"
        "atexit.register(exec, code, last)\n"
    )
    out, err = equal(one_container, [each_python, "-X", "utf8", "main.py"], app)
    assert (out, err) == ("2\n3\n", "")
    assert marks(one_container) == {str(app / "shop/mod.py")}


@needs_native
def test_an_executed_file_is_the_one_in_the_working_directory_of_the_moment(
    one_container: Container, python: Path, app: Path
) -> None:
    """Programs that visit one folder after another run a file of the same name in each."""
    (app / "first").mkdir()
    (app / "first/conf.py").write_text("x = 1\n")
    (app / "second").mkdir()
    (app / "second/conf.py").write_text("\n\nx = 2\n")
    (app / "main.py").write_text(
        "import os\n"
        "for folder in ('first', '../second'):\n"
        "    os.chdir(folder)\n"
        "    exec(compile(open('conf.py').read(), 'conf.py', 'exec'))\n"
    )
    equal(one_container, [python, "main.py"], app)
    assert one_container.ran(app / "first/conf.py") == {1}
    assert one_container.ran(app / "second/conf.py") == {3}


@needs_native
@pytest.mark.parametrize("text", [MOD, "<html>{{ name }}</html>\n"], ids=["a file", "a template"])
def test_a_file_is_looked_at_once_however_often_its_code_is_executed(
    one_container: Container, python: Path, app: Path, text: str
) -> None:
    """Engines execute the code of a file, or of a template, at each request."""
    (app / "page.mod.py").write_text(text)
    (app / "main.py").write_text(
        "import sys\n"
        "code, opened = compile(open('shop/mod.py').read(), 'page.mod.py', 'exec'), []\n"
        "def watch(event, arguments):\n"
        "    if event == 'open' and arguments[0] == 'page.mod.py':\n"
        "        opened.append(arguments[0])\n"
        "sys.addaudithook(watch)\n"
        "for n in range(5):\n"
        "    names = {}\n"
        "    exec(code, names)\n"
        "    names['f'](1)\n"
        "print(len(opened))\n"
    )
    done = one_container.run([python, "main.py"], app)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")
    assert marks(one_container) == ({str(app / "page.mod.py")} if text == MOD else set())


@needs_native
def test_exec_is_the_same_to_whoever_looks_at_it(
    one_container: Container, each_python: Path, app: Path
) -> None:
    """Its looks, its errors, its tracebacks and the depth that it allows."""
    (app / "main.py").write_text(LOOKS)
    out, _ = equal(one_container, [each_python, "-c", "import main"], app)
    assert out.count("Traceback") == 4


@needs_native
def test_no_level_of_recursion_is_lost_in_exec(
    one_container: Container, each_python: Path, app: Path
) -> None:
    """A stack that is nearly full runs the file as it would without us, even if not measured."""
    (app / "deep.py").write_text("x = 1\n")
    (app / "main.py").write_text(DEEP)
    command = [each_python, "-c", "import main"]
    plain, done = (one_container.run(command, app, measured=on) for on in (False, True))
    assert (done.returncode, done.stderr, plain.returncode) == (0, "", 0)
    assert int(done.stdout) >= int(plain.stdout) > 150  # 3.8 gives some more after an overflow


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
    assert told(one_container, tmp_path) == ([] if module else [("embedded", shop.name)])


@pytest.mark.parametrize(("layout", "version"), one_or_all(["zipapp", "loose"]))
def test_a_pex_shuts_the_agent_out(
    one_container: Container, app: Path, layout: str, version: str, tmp_path: Path
) -> None:
    """It starts Python again with -I wherever PYTHONPATH is set: a note says so."""
    python = venv_python(interpreter(version), *PEX)
    where = app.parent / "shop.pex"
    make = [python, "-m", "pex", "-D", app, "-m", "shop.__main__:main", "-o", where]
    subprocess.run([*make, "--layout", layout], check=True, capture_output=True, cwd=app.parent)
    start = str(where / "__main__.py" if layout == "loose" else where)
    root = str(app.parent / "root")
    one_container.env.update(PEX_ROOT=root, PODCOV_SOURCE="shop", PYTHONPATH="/nowhere")
    equal(one_container, [python, start, "x"], app.parent, code=5)
    assert marks(one_container) == set()
    assert told(one_container, tmp_path) == [("isolated", start)]


BACKEND = """[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
"""
EDITABLE_STYLES = {
    "folder": "package_dir={'': 'src'}",
    "finder": "package_dir={'shop': 'src/other'}",
}


@pytest.mark.parametrize(("style", "version"), one_or_all(EDITABLE_STYLES))
def test_editable_installs(
    one_container: Container, app: Path, style: str, version: str, tmp_path: Path
) -> None:
    """setuptools names the folder in a .pth file, or puts a finder into sys.meta_path."""
    (app / "src").mkdir()
    folder = app / "src" / ("other" if style == "finder" else "shop")
    (app / "shop").rename(folder)
    told_to = f"name='shop', version='1', packages=['shop'], {EDITABLE_STYLES[style]}"
    (app / "setup.py").write_text(f"import setuptools\nsetuptools.setup({told_to})\n")
    (app / "pyproject.toml").write_text(BACKEND)
    made = venv_python(interpreter(version), *EDITABLE)
    subprocess.run([made, "-m", "venv", tmp_path / "venv", "--without-pip"], check=True)
    (site,) = (tmp_path / "venv/lib").glob("python*/site-packages")
    install = [made, "-m", "pip", "install", "-q", "--no-build-isolation", "--target", site]
    subprocess.run([*install, "-e", app], check=True, capture_output=True)
    assert bool(list(site.glob("__editable___*_finder.py"))) == (style == "finder")
    (tmp_path / "elsewhere").mkdir()
    command = [tmp_path / "venv/bin/python", "-m", "shop", "x"]
    equal(one_container, command, tmp_path / "elsewhere", code=5)
    assert marks(one_container) == {str(folder / "mod.py")}
    assert one_container.notes() == []


def test_installed_packages_are_looked_at_without_a_module_of_the_application(
    one_container: Container, each_python: Path, app: Path
) -> None:
    """It may have a json of its own, and whether it imports one is its own business."""
    info = app / "site-packages/shop-1.dist-info"
    info.mkdir(parents=True)
    (info / "direct_url.json").write_text(' {"url": "file:///x\\u0041", "dir_info": {}}\n')
    (info / "RECORD").write_text("local.py,,\n")
    (app / "site-packages/local.py").write_text("x = 1\n")
    (app / "json.py").write_text("print('the own json')\n")
    (app / "main.py").write_text(
        "import sys\n"
        "sys.path.append('site-packages')\n"
        "before = set(sys.modules)\n"
        "import local\n"
        "print(sorted(set(sys.modules) - before))\n"
    )
    out, err = equal(one_container, [each_python, "main.py"], app)
    assert (out, err) == ("['local']\n", "")
    assert one_container.ran(app / "site-packages/local.py") == {1}


@pytest.mark.parametrize("link", ["file", "package", "folder", "script"])
def test_links_are_measured_as_what_they_lead_to(
    one_container: Container, python: Path, app: Path, link: str
) -> None:
    """A linked module, package, folder and script have the lines of the real file."""
    other, start = app.parent / "other", "main.py"
    (app / "main.py").write_text("from shop.mod import f\nprint(f(1), __file__)\n")
    if link == "file":
        (app / "shop/mod.py").rename(app.parent / "mod.py")
        (app / "shop/mod.py").symlink_to(app.parent / "mod.py")
        one_container.env["PODCOV_SOURCE"] = str(app.parent)
    elif link == "package":
        (app / "real").mkdir()
        (app / "shop").rename(app / "real/shop")
        (app / "shop").symlink_to(app / "real/shop")
    elif link == "folder":
        other.symlink_to(app)
        start = str(other / "main.py")
    else:
        other.mkdir()
        (other / "run").symlink_to(app / "main.py")
        start = str(other / "run")
    equal(one_container, [python, start], app)
    assert marks(one_container) == {str((app / "shop/mod.py").resolve())}
    assert one_container.ran(app / "main.py") == {1, 2}


CHANGED = "\n\n\ndef f(n):\n    return n + 10\n"
CHANGES = f"""import importlib, os, shop.mod as mod
def change(text):
    with open(mod.__file__, "w") as file:
        file.write(text)
    os.utime(mod.__file__, (1, 1))
print(mod.f(1))
old = mod.f
change({CHANGED!r})
print(old(1), importlib.reload(mod).f(1), old(2))
change("# never loaded")
print(mod.f(3))
"""


def test_a_file_that_changes_after_the_start_has_its_lines_by_content(
    one_container: Container, each_python: Path, app: Path
) -> None:
    """What was loaded is measured, both before the change and after it, each under its hash."""
    (app / "main.py").write_text(CHANGES)
    shop, command = app / "shop/mod.py", [each_python, "main.py"]
    plain = one_container.run(command, app, measured=False)
    shop.write_text(MOD)
    done = one_container.run(command, app)
    assert (done.returncode, done.stdout, done.stderr) == (0, plain.stdout, "")
    assert plain.stdout == "2\n2 11 3\n13\n"
    wanted = {git_blob(MOD): {1, 2}, git_blob(CHANGED): {4, 5}}
    assert one_container.lines_by_blob(shop) == wanted
    assert one_container.notes() == []


def git_blob(text: str) -> str:
    data = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


WHICH = """import sys
import executing
from icecream import ic
def who():
    node = executing.Source.executing(sys._getframe(1)).node
    return node and (type(node).__name__, node.lineno, node.col_offset)
def f(a):
    print(who(), [who() for _ in range(2)],
          who() if a else 0)
    return (who(),
            who())
print(f(1), f(2))
ic.configureOutput(includeContext=False)
x = 2
ic(f(x)[0], x + 1)
"""


@pytest.mark.parametrize("version", each_version())
def test_readers_of_the_running_code(one_container: Container, app: Path, version: str) -> None:
    """`executing`, which icecream and others use, finds the same nodes of the same source.

    A limit: before 3.11 it compares byte code, and in measured functions it finds nothing.
    """
    (app / "shop/which.py").write_text(WHICH)
    which = interpreter(version)
    python, command = venv_python(which, *EXECUTING), ["-m", "shop.which"]
    if which.minor < 11:
        done = one_container.run([python, *command], app)
        assert (done.returncode, done.stdout.startswith("None [('Call'")) == (0, True)
        one_container.env["PODCOV_OMIT"] = "*/which.py"
        equal(one_container, [python, *command], app)
        return
    out, _ = equal(one_container, [python, *command], app)
    assert out.startswith("('Call'")
    assert one_container.ran(app / "shop/which.py") >= set(range(1, 9)) | {10, 12, 13, 14, 15}
