"""However code is loaded, it is marked or a note says why not, and byte code files stay clean.

Invariant 6 (nothing is written to the application's folders that would not be there without us)
and the loaders' part of invariants 1 and 7.
"""

from __future__ import annotations

import os
import py_compile
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from support.measured import Container, line_of
from support.told import told

MODULE = "def f():\n    return 'one'  # mark\n"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "mod.py").write_text(MODULE)
    return folder


def run(container: Container, python: Path, app: Path, code: str, *options: str) -> str:
    """The output of a measured script, which must be that of a plain one."""
    (app / "main.py").write_text(code)
    plain = container.run([python, *options, "main.py"], app, measured=False)
    done = container.run([python, *options, "main.py"], app)
    assert (done.returncode, done.stdout, done.stderr) == (0, plain.stdout, ""), done.stderr
    return done.stdout


def test_byte_code_files_are_those_of_a_plain_run(
    container: Container, python: Path, app: Path
) -> None:
    """What a measured process leaves in __pycache__ is what a plain one leaves.

    (Not byte for byte: marshal writes how often a constant happens to be referred to.)
    """
    command = [python, "-c", "import mod; print(mod.f())"]
    for measured in (False, True):
        container.run(command, app, measured=measured)
        (app / "__pycache__").rename(app / f"measured-{measured}")
    compare = (
        "import glob, marshal\n"
        "data = [open(p, 'rb').read() for p in sorted(glob.glob('measured-*/*'))]\n"
        "print(len(data), data[0][:16] == data[1][:16], *{marshal.loads(d[16:]) for d in data})\n"
    )
    assert container.run([python, "-c", compare], app, measured=False).stdout.count("<code") == 1
    assert line_of(app / "mod.py", "# mark") in container.ran(app / "mod.py")


def test_a_warm_process_still_writes_missing_byte_code(
    container: Container, python: Path, app: Path
) -> None:
    """Marked code from our cache does not keep Python from making its own file."""
    command = [python, "-c", "import mod; mod.f()"]
    container.run(command, app)
    shutil.rmtree(app / "__pycache__")
    container.run(command, app)
    assert len(list((app / "__pycache__").iterdir())) == 1


def test_changed_source_is_another_source(container: Container, python: Path, app: Path) -> None:
    """The same path with other content has a place of its own and its own code."""
    command = [python, "-c", "import mod; print(mod.f())"]
    for text in ("one", "two"):
        (app / "mod.py").write_text(MODULE.replace("one", text))
        os.utime(app / "mod.py", (1_000_000_000 + len(text), ord(text[0])))
        assert container.run(command, app).stdout == f"{text}\n"
    assert len([path for path, _ in container.log().sources if path.endswith("mod.py")]) == 2


@pytest.mark.parametrize("mode", ["CHECKED_HASH", "UNCHECKED_HASH"])
def test_hash_based_byte_code_is_measured(
    container: Container, python: Path, app: Path, mode: str
) -> None:
    """Images are often compiled that way; the source is the same, so nothing stands against it."""
    compile_with(python, app, mode)
    container.run([python, "-c", "import mod; mod.f()"], app)
    assert line_of(app / "mod.py", "# mark") in container.ran(app / "mod.py")


def test_unchecked_byte_code_of_another_source_stays_plain(
    container: Container, python: Path, app: Path
) -> None:
    """Python runs the old code there, so marks of the new source would be lies: a note says so."""
    compile_with(python, app, "UNCHECKED_HASH")
    (app / "mod.py").write_text("\n\n" + MODULE.replace("one", "two"))
    done = container.run([python, "-c", "import mod; print(mod.f())"], app)
    assert done.stdout == "one\n"
    assert told(container, app.parent) == [("stale-bytecode", str(app / "mod.py"))]
    assert container.lines() == {}


def compile_with(python: Path, app: Path, mode: str) -> None:
    how = "py_compile.PycInvalidationMode." + mode
    code = f"import py_compile; py_compile.compile('mod.py', invalidation_mode={how})"
    subprocess.run([python, "-c", code], cwd=app, check=True)


def test_byte_code_without_source_leaves_a_note(
    container: Container, python: Path, app: Path
) -> None:
    """A module that was shipped as .pyc alone runs, and /health can say why it has no lines."""
    code = "import py_compile; py_compile.compile('mod.py', 'bare.pyc')"
    subprocess.run([python, "-c", code], cwd=app, check=True)
    done = container.run([python, "-c", "import bare; print(bare.f())"], app)
    assert done.stdout == "one\n"
    assert told(container, app.parent) == [("no-source", str(app / "bare.pyc"))]


@pytest.mark.parametrize("name", ["mod.py", "__main__.py"])
def test_zip_files_are_measured(
    container: Container, each_python: Path, app: Path, name: str
) -> None:
    """Modules in a zip file, and its __main__, have lines under the path that tracebacks show."""
    with zipfile.ZipFile(app / "bundle.zip", "w") as bundle:
        bundle.writestr(name, MODULE + "f()\n")
    code = "import sys; sys.path.insert(0, 'bundle.zip'); import mod"
    container.run([each_python, *(["-c", code] if name == "mod.py" else ["bundle.zip"])], app)
    assert container.ran(app / "bundle.zip" / name) == {1, 2, 3}


def test_a_source_loader_of_the_application_stays_plain(
    container: Container, python: Path, app: Path
) -> None:
    """A loader that changes the source would be undone by us: its module runs as it made it."""
    out = run(
        container,
        python,
        app,
        "from importlib.machinery import SourceFileLoader\n"
        "from importlib.util import module_from_spec, spec_from_loader\n"
        "class Loader(SourceFileLoader):\n"
        "    def source_to_code(self, data, path, **options):\n"
        "        return compile(data.replace(b'one', b'changed'), path, 'exec')\n"
        "spec = spec_from_loader('mod', Loader('mod', 'mod.py'))\n"
        "module = module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
        "print(module.f())\n",
    )
    assert out == "changed\n"
    assert told(container, app.parent) == [("custom-loader", "mod.py: Loader")]


def test_a_loader_of_many_modules_is_asked_for_the_one_that_is_wanted(
    container: Container, python: Path, app: Path
) -> None:
    """What a loader calls its `name` need not be the name of a module."""
    out = run(
        container,
        python,
        app,
        "from importlib.abc import SourceLoader\n"
        "from importlib.util import module_from_spec, spec_from_loader\n"
        "class Loader(SourceLoader):\n"
        "    name = 'database'\n"
        "    def get_filename(self, fullname):\n"
        "        return fullname\n"
        "    def get_data(self, path):\n"
        "        return f'print({path!r})'.encode()\n"
        "loader = Loader()\n"
        "for name in ('one', 'two'):\n"
        "    spec = spec_from_loader(name, loader)\n"
        "    loader.exec_module(module_from_spec(spec))\n",
    )
    assert out == "one\ntwo\n"


def test_get_code_of_a_loader_can_be_kept_and_called_as_without_us(
    container: Container, python: Path, app: Path
) -> None:
    """More than once, by keyword, for another module: each call has its code, or its error."""
    out = run(
        container,
        python,
        app,
        "import mod\n"
        "get_code = mod.__loader__.get_code\n"
        "def tried(*args, **kwargs):\n"
        "    try:\n"
        "        return type(get_code(*args, **kwargs)).__name__\n"
        "    except Exception as error:\n"
        "        return repr(error)\n"
        "print(tried('mod'), tried('mod'), tried(fullname='mod'), tried('other'), tried())\n"
        "print(tried('mod', 1), tried(name='mod'))\n",
    )
    assert out.startswith("code code code ImportError")


def test_subclasses_reload_and_lazy_loaders_are_measured(
    container: Container, python: Path, app: Path
) -> None:
    """All that goes through importlib's own get_code."""
    for name in ("sub", "again", "lazy", "legacy"):
        (app / f"{name}.py").write_text(MODULE)
    run(
        container,
        python,
        app,
        "import importlib, importlib.util as u, sys\n"
        "from importlib.machinery import SourceFileLoader\n"
        "class Loader(SourceFileLoader):\n"
        "    pass\n"
        "def load(name, loader):\n"
        "    spec = u.spec_from_loader(name, loader)\n"
        "    module = sys.modules[name] = u.module_from_spec(spec)\n"
        "    spec.loader.exec_module(module)\n"
        "    return module\n"
        "load('sub', Loader('sub', 'sub.py')).f()\n"
        "load('lazy', u.LazyLoader(SourceFileLoader('lazy', 'lazy.py'))).f()\n"
        "import again\n"
        "importlib.reload(again).f()\n",
    )
    for name in ("sub", "again", "lazy"):
        assert line_of(app / f"{name}.py", "# mark") in container.ran(app / f"{name}.py"), name


@pytest.mark.parametrize("broken", ["syntax", "runtime", "missing", "nested"])
def test_tracebacks_of_failing_imports_are_equal(
    container: Container, python: Path, app: Path, broken: str
) -> None:
    """No frame of ours shows, and every position is that of the plain module."""
    (app / "syntax.py").write_text("x = (\n")
    (app / "runtime.py").write_text("import mod\n\n(mod.f() +\n 1)\n")
    (app / "nested.py").write_text("import runtime\n")
    (app / "missing.py").write_text("from mod import nothing_there\n")
    outputs = []
    for start in ([f"{broken}.py"], ["-m", broken], ["-c", f"import {broken}"]):
        for measured in (False, True, True):
            done = container.run([python, *start], app, measured=measured)
            outputs.append((done.returncode, done.stdout, done.stderr))
    for first in (0, 3, 6):
        assert "Error" in outputs[first][2]
        assert outputs[first : first + 3] == [outputs[first]] * 3


@pytest.mark.parametrize("name", ["good.py", "bad.py", "nothing.py"])
def test_run_path_is_equal_and_measured(
    container: Container, each_python: Path, app: Path, name: str
) -> None:
    """runpy compiles by itself: its result, its errors and their tracebacks stay its own."""
    (app / "good.py").write_text("print(__file__, __name__)\n1 / 0\n")
    (app / "bad.py").write_text("x = (\n")
    code = f"import runpy; runpy.run_path('{name}', run_name='r')"
    outputs = []
    for measured in (False, True, True):
        done = container.run([each_python, "-c", code], app, measured=measured)
        outputs.append((done.returncode, done.stdout, done.stderr))
    assert outputs == [outputs[0]] * 3
    assert container.ran(app / "good.py") == ({1, 2} if name == "good.py" else set())
    assert container.notes() == []


def test_warnings_of_the_compiler_come_once(container: Container, python: Path, app: Path) -> None:
    """A second compilation must not repeat them, nor hide the first one's."""
    (app / "mod.py").write_text(MODULE + "x = f() is 'one'\n")
    outputs = []
    for measured in (False, True):
        shutil.rmtree(app / "__pycache__", ignore_errors=True)
        outputs.append(container.run([python, "-c", "import mod"], app, measured=measured).stderr)
    assert outputs[0] == outputs[1]
    assert outputs[0].count("SyntaxWarning") == 1


def test_an_alarm_in_the_middle_of_our_work_reaches_the_application(
    container: Container, python: Path, app: Path
) -> None:
    """A signal handler may raise while we rewrite: the exception is the application's."""
    lines = "".join(f"def f{n}(a):\n    return [a + {n} for _ in range(a)]\n" for n in range(4000))
    (app / "large.py").write_text(lines)
    code = (
        "import signal, sys\n"
        "def stop(*_):\n"
        "    raise TimeoutError('too late')\n"
        "signal.signal(signal.SIGALRM, stop)\n"
        "signal.setitimer(signal.ITIMER_REAL, float(sys.argv[1]))\n"
        "try:\n"
        "    import large\n"
        "    signal.pause()  # a quick machine is through before the alarm\n"
        "except TimeoutError as error:\n"
        "    print(error)\n"
    )
    (app / "main.py").write_text(code)
    py_compile.compile(str(app / "large.py"))
    for delay in ("0.15", "0.2", "0.3"):
        done = container.run([python, "-B", "main.py", delay], app)
        assert (done.stdout, done.stderr) == ("too late\n", "")
    assert "agent-failed" not in container.slugs()
