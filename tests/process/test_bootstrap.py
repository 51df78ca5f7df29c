"""How the agent gets into a process, and how it makes way for what the user has put there.

Invariant 1 for sys.path, sitecustomize and the environment; the launcher and the image's probe.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from podcov_agent.contract import VERSION
from podcov_agent.sidecar.install import install
from support.interpreters import UNSUPPORTED, each_version, interpreter
from support.measured import PACKAGE, Container, install_agent

SHELLS = [["busybox", "sh"], ["dash"]]
OBSERVE = """
import sys
print(*sorted(sys.modules), sep="\\n")
print(sys.path, sorted(sys.path_importer_cache), sys.meta_path, sys.path_hooks, sep="\\n")
import os
print({k: v for k, v in os.environ.items() if not k.startswith(("PODCOV_", "PYTHONPATH"))})
"""


@pytest.fixture(params=SHELLS, ids=lambda shell: "-".join(shell))
def shell(request: pytest.FixtureRequest) -> list[str]:
    """The shells that the scripts must work with; the one in the pod is busybox."""
    command: list[str] = request.param
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    return command


def both(container: Container, command: list[str | Path], cwd: Path) -> list[tuple[int, str, str]]:
    runs = [container.run(command, cwd, measured=on) for on in (False, True, True)]
    return [(r.returncode, normal(r.stdout), r.stderr) for r in runs]


def normal(text: str) -> str:
    return re.sub("0x[0-9a-f]+", "0x", text)


@pytest.mark.parametrize("omit", ["", "tests/*"])
def test_a_process_finds_the_modules_and_paths_of_a_plain_one(
    container: Container, each_python: Path, tmp_path: Path, omit: str
) -> None:
    """sys.modules, sys.path, meta_path, path_hooks, the importer cache and the environment."""
    if omit:
        container.env["PODCOV_OMIT"] = omit
    plain, first, second = both(container, [each_python, "-c", OBSERVE], tmp_path)
    assert first == plain
    assert second == plain


SITECUSTOMIZE = {
    "none": None,
    "quiet": "import sys\nsys.marked = True\n",
    "raises": "raise ValueError('theirs')\n",
    "cannot-import": "import nothing_there\n",
    "imports-itself": "import sitecustomize\nprint(sitecustomize.__file__)\n",
    "broken": "x = (\n",
}


@pytest.mark.parametrize("kind", SITECUSTOMIZE)
def test_the_users_own_sitecustomize_runs_as_without_us(
    container: Container, python: Path, tmp_path: Path, kind: str
) -> None:
    """It runs, fails, and is found in sys.modules as if we were not there."""
    text = SITECUSTOMIZE[kind]
    if text is not None:
        (tmp_path / "sitecustomize.py").write_text(text)
    container.env["PYTHONPATH"] = str(tmp_path)
    code = (
        "import sys; print(getattr(sys, 'marked', None), sys.modules.get('sitecustomize'))\n"
        "import sitecustomize"
    )
    plain, first, second = both(container, [python, "-c", code], tmp_path)
    assert first == plain
    assert second == plain


@pytest.mark.parametrize("ending", ["SystemExit(3)", "KeyboardInterrupt", "BaseException('x')"])
def test_a_sitecustomize_that_ends_the_interpreter(
    container: Container, python: Path, tmp_path: Path, ending: str
) -> None:
    """It ends as without us, with one more frame in what Python prints: a limit."""
    (tmp_path / "sitecustomize.py").write_text(f"raise {ending}\n")
    container.env["PYTHONPATH"] = str(tmp_path)
    plain, first, second = both(container, [python, "-c", "print('not reached')"], tmp_path)
    frame = re.compile(rf'  File "{container.home}/bootstrap/sitecustomize.py".*\n(    .*\n)+')
    for done in (first, second):
        assert done[:2] == plain[:2]
        assert frame.sub("", done[2]) == plain[2]


USERCUSTOMIZE = {
    "none": None,
    "quiet": "import sys\nsys.user = True\n",
    "raises": "raise ValueError('theirs')\n",
    "imports-itself": "import usercustomize\nprint(usercustomize.__file__)\n",
}


@pytest.mark.parametrize("kind", USERCUSTOMIZE)
def test_a_sitecustomize_before_ours_does_not_shut_us_out(
    container: Container, python: Path, tmp_path: Path, kind: str
) -> None:
    """It runs no other, so we come in as usercustomize; the user's own runs as without us."""
    first, last, text = tmp_path / "first", tmp_path / "last", USERCUSTOMIZE[kind]
    first.mkdir()
    last.mkdir()
    (first / "sitecustomize.py").write_text("import sys\nsys.first = True\n")
    if text is not None:
        (last / "usercustomize.py").write_text(text)
    code = (
        "import sys; print(sys.first, getattr(sys, 'user', None), sorted(sys.modules), sys.path)\n"
        "print(sys.modules.get('usercustomize'), sys.modules.get('sitecustomize'))\n"
    )
    (tmp_path / "main.py").write_text(code)
    ours = container.home / "bootstrap"
    outputs = []
    for folders in ([first, last], [first, last], [first, ours, last], [first, ours, last]):
        path = ":".join(map(str, folders))
        command = ["env", f"PYTHONPATH={path}", python, "main.py"]
        done = container.run(command, tmp_path, measured=ours in folders)
        outputs.append((done.returncode, normal(done.stdout), done.stderr))
    assert outputs == [outputs[1]] * 4
    assert outputs[0][0] == 0
    assert outputs[0][1].startswith("True ") or kind == "imports-itself"
    assert container.ran(tmp_path / "main.py") == {1, 2}
    assert container.notes() == []


def test_the_second_doorway_is_closed_where_user_sites_are(
    container: Container, python: Path, tmp_path: Path
) -> None:
    """A limit: in a venv, and with -s, such a sitecustomize does shut us out."""
    (tmp_path / "sitecustomize.py").write_text("")
    (tmp_path / "main.py").write_text("x = 1\n")
    path = f"PYTHONPATH={tmp_path}:{container.home}/bootstrap"
    done = container.run(["env", path, python, "-s", "main.py"], tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert container.lines() == {}


@pytest.mark.parametrize("version", each_version(UNSUPPORTED))
def test_an_old_interpreter_leaves_a_note_and_nothing_else(
    container: Container, version: str, tmp_path: Path
) -> None:
    """Where CPython is older than 3.8, /health can say that this is the reason."""
    python = interpreter(version).python
    code = "import sys; print(sorted(sys.path), sys.modules.get('sitecustomize'))"
    plain, first, second = both(container, [python, "-c", code], tmp_path)
    assert first == plain
    assert second == plain
    (note,) = container.notes()
    assert note["slug"] == "unsupported-python"
    assert note["detail"].startswith(f"CPython {version}.")


def test_off_is_off(container: Container, python: Path, tmp_path: Path) -> None:
    """On PYTHONPATH but without PODCOV_SPOOL, the agent does nothing and shows nowhere."""
    container.env["PYTHONPATH"] = str(container.home / "bootstrap")
    (tmp_path / "app.py").write_text(OBSERVE)
    off = container.run([python, "app.py"], tmp_path, measured=False)
    del container.env["PYTHONPATH"]
    plain = container.run([python, "app.py"], tmp_path, measured=False)
    assert (normal(off.stdout), off.stderr) == (normal(plain.stdout), plain.stderr)
    assert list(container.spool.iterdir()) == []


def test_the_agent_writes_only_into_the_spool(
    container: Container, python: Path, tmp_path: Path
) -> None:
    """Its own folder is as the installer left it: no byte code, no other file."""
    before = sorted(str(path) for path in container.home.rglob("*"))
    container.run([python, "-c", "pass"], tmp_path)
    assert sorted(str(path) for path in container.home.rglob("*")) == before


@pytest.mark.parametrize("module", ["boot", "bootstrap/image_path", "bootstrap/sitecustomize"])
def test_byte_code_that_is_installed_is_that_of_the_source(
    each_python: Path, agent_home: Path, module: str
) -> None:
    """Every supported interpreter finds its own, under the source's very hash: make bytecode."""
    source = agent_home / ("podcov_agent" if module == "boot" else ".") / f"{module}.py"
    program = (
        "import _imp, importlib.util as util, marshal, sys\n"
        "text = open(sys.argv[1], 'rb').read()\n"
        "data = open(util.cache_from_source(sys.argv[1]), 'rb').read()\n"
        "assert data[:8] == util.MAGIC_NUMBER + bytes([3, 0, 0, 0]), data[:8]\n"
        "assert data[8:16] == util.source_hash(text), 'of another source'\n"
        "assert marshal.loads(data[16:]) == compile(text, 'x', 'exec', optimize=2), 'other code'\n"
    )
    done = subprocess.run(
        [each_python, "-c", program, source], capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""


def test_a_process_compiles_nothing_where_all_is_kept(
    container: Container, each_python: Path, tmp_path: Path
) -> None:
    """The first compilation in a process takes more time than all the rest of our start."""
    container.env["PYTHONDONTWRITEBYTECODE"] = "1"  # as on the read-only mount
    container.run([each_python, "-c", "pass"], tmp_path)
    bootstrap = str(container.home / "bootstrap")
    code = (
        "import site, sys\n"
        "seen = []\n"
        "sys.addaudithook(lambda event, args: event == 'compile' and seen.append(args))\n"
        f"sys.path.insert(0, {bootstrap!r})\n"
        "site.execsitecustomize()\n"
        "print(seen)\n"
    )
    done = container.run([each_python, "-c", code], tmp_path)
    assert (done.stdout, done.stderr) == ("[]\n", "")
    assert container.notes() == []


def test_an_agent_that_was_installed_anew_is_used_at_once(python: Path, tmp_path: Path) -> None:
    """What the first process of a container kept of the old one is of no use then."""
    container = Container(install_agent(tmp_path / "home"), tmp_path / "spool")
    container.spool.mkdir()
    copy = tmp_path / "podcov_agent"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    container.run([python, "-c", "pass"], tmp_path)
    contract = copy / "contract.py"
    contract.write_text(contract.read_text().replace(f'"{VERSION}"', '"9.9.9"'))
    install(str(copy), str(container.home))
    container.run([python, "-c", "pass"], tmp_path)
    agents = [json.loads(text)["agent"] for text in container.log().infos.values()]
    assert agents == [VERSION, "9.9.9"]


# ---- the image's PYTHONPATH ----


@pytest.mark.parametrize("value", ["{a}:{b}", "{a}", "{a}:{a}:{b}", "relative:{a}", ":{a}", ""])
def test_the_images_pythonpath_is_given_back(
    container: Container, python: Path, shell: list[str], tmp_path: Path, value: str
) -> None:
    """Where the pod's spec had to replace PYTHONPATH, sys.path is still that of the image."""
    image = value.format(a=tmp_path / "a", b=tmp_path / "b")
    probe = str(PACKAGE / "bin/probe-image")
    env = {"PATH": os.environ["PATH"], "PODCOV_SPOOL": str(container.spool), "PYTHONPATH": image}
    subprocess.run([*shell, probe], env=env, check=True)
    code = "import json, sys; print(json.dumps(sys.path))"
    measured = container.run([python, "-c", code], tmp_path)
    container.env["PYTHONPATH"] = image
    plain = container.run([python, "-c", code], tmp_path, measured=False)
    assert (measured.stdout, measured.stderr) == (plain.stdout, plain.stderr)


def test_children_get_the_images_pythonpath_and_the_agent(
    container: Container, python: Path, tmp_path: Path
) -> None:
    """os.environ names both, ours first, so that a child is measured and finds its modules."""
    (container.spool / "image.env").write_text(f"PYTHONPATH={tmp_path}/lib\n")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/theirs.py").write_text("x = 1\n")
    code = (
        "import os, subprocess, sys; import theirs; print(os.environ['PYTHONPATH']);"
        "subprocess.run([sys.executable, '-c', 'import theirs'], check=True)"
    )
    container.env["PODCOV_SOURCE"] = str(tmp_path / "lib")
    done = container.run([python, "-c", code], tmp_path)
    assert done.stdout == f"{container.home}/bootstrap:{tmp_path}/lib\n", done.stderr
    assert container.ran(tmp_path / "lib/theirs.py") == {1}


def test_the_probe_never_fails(container: Container, shell: list[str]) -> None:
    """A pod must start even if the volume cannot be written."""
    env = {"PATH": os.environ["PATH"], "PODCOV_SPOOL": "/nonexistent", "PYTHONPATH": "/app"}
    done = subprocess.run([*shell, str(PACKAGE / "bin/probe-image")], env=env, capture_output=True)
    assert done.returncode == 0


# ---- the launcher ----


def launch(
    container: Container, shell: list[str], env: dict[str, str], *command: str
) -> subprocess.CompletedProcess[str]:
    full = {"PATH": os.environ["PATH"], "PODCOV_HOME": str(container.home), **env}
    start = [*shell, str(PACKAGE / "bin/launch"), "--", *command]
    return subprocess.run(start, env=full, capture_output=True, text=True)


@pytest.mark.parametrize("known", [None, "", "/app:/lib"])
def test_the_launcher_changes_two_variables_and_nothing_else(
    container: Container, shell: list[str], known: str | None
) -> None:
    """PYTHONPATH grows at the front, PODCOV_LAUNCHED is set; all else is as it was."""
    env = {} if known is None else {"PYTHONPATH": known}
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    python = str(interpreter("3.11").python)
    seen = json.loads(launch(container, shell, env, python, "-E", "-c", code).stdout)
    ours = f"{container.home}/bootstrap"
    assert seen.pop("PYTHONPATH") == (f"{ours}:{known}" if known else ours)
    assert seen.pop("PODCOV_LAUNCHED") == "1"
    seen.pop("LC_CTYPE", None)  # of Python itself, in a C locale
    assert seen == {"PATH": os.environ["PATH"], "PODCOV_HOME": str(container.home)}


def test_the_launcher_has_no_variables_that_the_application_may_have(
    container: Container, shell: list[str]
) -> None:
    """Names that it sets itself would change what the pod's spec says of them."""
    env = dict.fromkeys(["name", "folder", "program", "entry", "command", "path"], "of the spec")
    assert seen_by_a_program(container, shell, env).items() >= env.items()


def test_the_launcher_loses_no_variable(container: Container, shell: list[str]) -> None:
    """Kubernetes allows dots and dashes in names, which no shell does."""
    if shell == ["dash"]:
        pytest.skip("dash forgets them; it is not the shell of a pod")
    env = {"my.key": "a=b\nc", "other-key": "", "1st": " x ", "-x": "'", "PWD": "/of/the/spec"}
    assert seen_by_a_program(container, shell, env).items() >= env.items()


def seen_by_a_program(
    container: Container, shell: list[str], env: dict[str, str]
) -> dict[str, str]:
    """The environment of a program, which gets its arguments as well."""
    code = "import json, os, sys; print(json.dumps([dict(os.environ), sys.argv[1:]]))"
    words = ["-c", code, "a b", "", "c=d"]
    python = interpreter("3.11").python
    env = {"PATH": f"{python.parent}:{os.environ['PATH']}", **env}
    done = launch(container, shell, env, python.name, "-E", *words)
    seen, arguments = json.loads(done.stdout)
    assert arguments == words[2:]
    return dict(seen)


def test_the_launcher_hands_arguments_over_as_they_are(
    container: Container, shell: list[str]
) -> None:
    """Blanks, quotes, dollars, newlines, empty ones."""
    words = ["a b", "", "'", '"', "$HOME", "$(id)", "x\ny", "*", "--", "-e"]
    python = str(interpreter("3.11").python)
    done = launch(
        container, shell, {}, python, "-c", "import json, sys; print(json.dumps(sys.argv))", *words
    )
    assert json.loads(done.stdout)[1:] == words


def test_the_launcher_is_replaced_by_the_application(
    container: Container, shell: list[str]
) -> None:
    """The application is the process that the kubelet started: same pid, its own exit code."""
    env = {"PATH": os.environ["PATH"], "PODCOV_HOME": str(container.home)}
    start = [*shell, str(PACKAGE / "bin/launch"), "--", "sh", "-c", "echo $$; exit 5"]
    process = subprocess.Popen(start, env=env, stdout=subprocess.PIPE, text=True)
    out, _ = process.communicate(timeout=30)
    assert (out, process.returncode) == (f"{process.pid}\n", 5)


@pytest.mark.parametrize("name", ["sh", "env", "cat"])
def test_the_launcher_runs_the_images_programs(
    container: Container, shell: list[str], tmp_path: Path, name: str
) -> None:
    """Not those of the shell that it runs in: busybox has a `sh` and an `env` of its own."""
    program = tmp_path / name
    program.write_text(f"#!/bin/sh\necho the image has this {name} $#\n")
    program.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = launch(container, shell, env, name, "a b", "*")
    assert (done.stdout, done.stderr) == (f"the image has this {name} 2\n", "")


def test_the_application_keeps_its_name(container: Container, agent_home: Path) -> None:
    """Under the shell of the pod, argv[0] is what the command says, not where it was found."""
    if shutil.which("busybox") is None:
        pytest.skip("busybox is not installed")
    python = interpreter("3.11").python
    env = {"PATH": f"{python.parent}:{os.environ['PATH']}"}
    code = "import sys; print(sys.orig_argv[0], sys.executable)"
    done = launch(container, ["busybox", "sh"], env, "python3", "-E", "-c", code)
    assert done.stdout == f"python3 {python.parent}/python3\n"


def test_a_program_that_is_not_there_is_named(container: Container, shell: list[str]) -> None:
    """As a shell has it: 127, and a message that says what was looked for."""
    done = launch(container, shell, {}, "no-such-program")
    wanted = "podcov: no-such-program: no such program on PATH\n"
    assert (done.returncode, done.stderr) == (127, wanted)


# ---- kubectl exec and exec probes ----


@pytest.mark.parametrize("launched", [False, True])
def test_processes_from_outside_the_container_are_not_measured(
    container: Container, python: Path, tmp_path: Path, launched: bool
) -> None:
    """Parent 0 without being pid 1 means kubectl exec, unless the environment says so."""
    (tmp_path / "app.py").write_text("import os\nprint(os.getppid(), os.getpid() > 1)\n")
    inside = subprocess.Popen(
        ["unshare", "--pid", "--fork", "sh", "-c", "echo; read line"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert inside.stdin is not None
    assert inside.stdout is not None
    with inside.stdin, inside.stdout:
        if inside.stdout.readline() != "\n":
            pytest.skip("this user may not make a pid namespace")
        children = Path(f"/proc/{inside.pid}/task/{inside.pid}/children").read_text().split()
        container.env.update({"PODCOV_LAUNCHED": "1"} if launched else {})
        done = container.run(["nsenter", "-t", children[0], "-p", python, "app.py"], tmp_path)
    inside.wait(timeout=30)
    assert (done.stdout, done.stderr) == ("0 True\n", "")
    assert container.ran(tmp_path / "app.py") == ({1, 2} if launched else set())
