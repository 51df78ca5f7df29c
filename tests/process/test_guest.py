"""What the agent leaves in its host: nothing but the map.

Invariant 6 (no thread, no signal handler, no exit handler, no descriptor kept, no name in the
application's namespaces) and what of invariant 1 and 7 concerns marked code as an object.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.interpreters import OLDEST_AND_NEWEST, Interpreter, interpreter, venv_python
from support.measured import Container

SHOP = '''"""Docstring."""
import os

LIMIT = 3


def price(n):
    """How much."""
    return n * LIMIT


class Item:
    def cost(self):
        return price(2)
'''


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "shop.py").write_text(SHOP)
    return folder


def equal(container: Container, python: Path, app: Path, code: str) -> str:
    """The output of a program, which must be the same plain, measured, and measured again."""
    (app / "main.py").write_text(code)
    runs = [container.run([python, "main.py"], app, measured=on) for on in (False, True, True)]
    outputs = [(r.returncode, re.sub("0x[0-9a-f]+", "0x", r.stdout), r.stderr) for r in runs]
    assert outputs == [outputs[0]] * 3
    assert outputs[0][0] == 0, outputs[0][2]
    assert container.ran(app / "shop.py"), container.notes()
    return runs[0].stdout


def test_no_thread_signal_handler_exit_handler_or_descriptor(
    container: Container, python: Path, app: Path
) -> None:
    """Counted from the inside, after modules were imported and code has run."""
    out = equal(
        container,
        python,
        app,
        "import atexit, gc, os, shop, signal, sys, threading\n"
        "shop.Item().cost()\n"
        "print(sorted(os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')\n"
        "    if os.path.exists(f'/proc/self/fd/{n}') and int(n) > 2))\n"
        "print(len(os.listdir('/proc/self/task')), threading.active_count(),\n"
        "    atexit._ncallbacks())\n"
        "print([signal.getsignal(n) for n in range(1, 32)])\n"
        "print(sys.gettrace(), sys.getprofile(), threading.settrace.__module__, gc.isenabled())\n"
        "print(gc.callbacks, getattr(sys, 'monitoring', None) and [sys.monitoring.get_tool(n)\n"
        "    for n in range(6)], sys.getrecursionlimit(), sys.getswitchinterval())\n",
    )
    assert out.startswith("[]\n1 1 0\n")


def test_no_name_in_any_namespace(container: Container, python: Path, app: Path) -> None:
    """Modules, classes, functions and builtins have the names of a plain run."""
    equal(
        container,
        python,
        app,
        "import builtins, shop\n"
        "print(sorted(vars(shop)), sorted(vars(shop.Item)), sorted(vars(builtins)))\n"
        "code = shop.price.__code__\n"
        "print(code.co_names, code.co_varnames, code.co_freevars, code.co_filename,\n"
        "    code.co_name, code.co_firstlineno, code.co_flags, code.co_argcount,\n"
        "    shop.price.__doc__,\n"
        "    shop.price.__defaults__, shop.__doc__, shop.__cached__)\n"
        "print(shop.__loader__.get_code.__class__ and type(shop.__loader__), shop.__spec__)\n",
    )


def test_source_and_signature_are_found(container: Container, python: Path, app: Path) -> None:
    """`inspect`, `pkgutil` and `ast` see the plain source."""
    equal(
        container,
        python,
        app,
        "import inspect, linecache, pkgutil, shop\n"
        "print(inspect.getsource(shop.price), inspect.getsource(shop.Item))\n"
        "print(inspect.signature(shop.price), inspect.getsourcelines(shop.Item.cost))\n"
        "print(shop.__loader__.get_source('shop'), inspect.getfile(shop))\n"
        "print(sorted(m.name for m in pkgutil.iter_modules() if 'podcov' in m.name))\n",
    )


def test_functions_are_pickled_by_reference_as_ever(
    container: Container, python: Path, app: Path
) -> None:
    """pickle and copy give the same bytes and objects as without us."""
    equal(
        container,
        python,
        app,
        "import copy, pickle, shop\n"
        "print(pickle.dumps(shop.price), pickle.loads(pickle.dumps(shop.Item())).cost())\n"
        "print(copy.deepcopy(shop.price) is shop.price, copy.copy(shop.Item()).cost())\n",
    )


def test_live_code_can_be_hashed_compared_and_replaced(
    container: Container, python: Path, app: Path
) -> None:
    """jinja2 puts live code objects into a set, debuggers and tests replace them."""
    equal(
        container,
        python,
        app,
        "import copy, shop\n"
        "code = shop.price.__code__\n"
        "print(len({code, shop.Item.cost.__code__, code}), hash(code) == hash(code))\n"
        "shop.price.__code__ = code.replace(co_name='other')\n"
        "print(shop.price(4), shop.price.__code__.co_name, code == code.replace())\n"
        "try:\n"
        "    copy.deepcopy(code)\n"
        "except TypeError as error:\n"
        "    print(error)\n",
    )


@pytest.mark.parametrize("version", OLDEST_AND_NEWEST)
def test_functions_pickled_by_value_run_anywhere(
    container: Container, version: str, app: Path
) -> None:
    """cloudpickle of a marked function is loaded by an interpreter that never saw the agent."""
    which: Interpreter = interpreter(version)
    python = venv_python(which, "cloudpickle==3.1.2")
    (app / "main.py").write_text(
        "import cloudpickle, shop, sys\n"
        "cloudpickle.register_pickle_by_value(shop)\n"
        "open('function', 'wb').write(cloudpickle.dumps(shop.price))\n"
        "clone = cloudpickle.loads(open('function', 'rb').read())\n"
        "print(clone(5))\n"
    )
    done = container.run([python, "main.py"], app)
    assert (done.returncode, done.stdout) == (0, "15\n"), done.stderr
    code = "import pickle; print(pickle.load(open('app/function', 'rb'))(5))"
    far = container.run([python, "-c", code], app.parent, measured=False)
    assert (far.returncode, far.stdout) == (0, "15\n"), far.stderr


def test_an_application_that_closes_all_descriptors_keeps_its_files(
    container: Container, python: Path, app: Path
) -> None:
    """After a close-all, the numbers are the application's, at collection and at exit too."""
    out = equal(
        container,
        python,
        app,
        "import gc, os, sys, shop\n"
        "shop.price(1)\n"
        "os.closerange(3, 256)\n"
        "files = [open(f'user{n}', 'w') for n in range(8)]\n"
        "for n, file in enumerate(files):\n"
        "    file.write(f'precious {n}')\n"
        "del shop, sys.modules['shop']\n"
        "gc.collect()\n"
        "import shop\n"
        "shop.price(2)\n"
        "for file in files[:4]:\n"
        "    file.close()\n"
        "sys.keep = files[4:]\n"
        "del file, files\n"
        "print('done')\n",
    )
    assert out == "done\n"
    assert [(app / f"user{n}").read_text() for n in range(8)] == [f"precious {n}" for n in range(8)]


def test_files_left_open_are_flushed_at_exit(container: Container, python: Path, app: Path) -> None:
    """Nothing of ours keeps a module's names alive beyond the end of the interpreter."""
    (app / "shop.py").write_text(SHOP + "log = open('log.txt', 'w')\nlog.write('kept')\n")
    equal(container, python, app, "import shop\n")
    assert (app / "log.txt").read_text() == "kept"


def test_patched_library_functions_are_not_ours(
    container: Container, python: Path, app: Path
) -> None:
    """A test that replaces open, os.open and its friends does not see us call them."""
    equal(
        container,
        python,
        app,
        "import os, sys\n"
        "from unittest import mock\n"
        "def refuse(*args, **kwargs):\n"
        "    raise AssertionError(args)\n"
        "names = 'open close write read fstat fchmod link unlink pread dup getpid mkdir'.split()\n"
        "real = open\n"
        "patches = [mock.patch('os.' + n, refuse) for n in names]\n"
        "patches += [mock.patch('builtins.open', refuse)]\n"
        "for patch in patches:\n"
        "    patch.start()\n"
        "import shop\n"
        "for patch in patches:\n"
        "    patch.stop()\n"
        "print(shop.price(7))\n",
    )


def test_a_module_of_the_application_called_like_ours_is_its_own(
    container: Container, python: Path, app: Path
) -> None:
    """Names in sys.modules and files beside the script never meet ours."""
    for name in ("podcov_agent", "record", "contract", "mmap", "binascii", "ast", "_sha1"):
        (app / f"{name}.py").write_text(f"text = 'the application has this {name}'\n")
    container.env["PYTHONPATH"] = str(app)
    out = equal(
        container,
        python,
        app,
        "import podcov_agent, record, contract, mmap, ast, shop\n"
        "print(podcov_agent.text, record.text, contract.text, mmap.text, ast.text)\n",
    )
    assert out.count("the application has this") == 5
