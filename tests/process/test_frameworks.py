"""Servers of frameworks, workers of queues and uWSGI: every answer has its line in the spool.

Continues test_servers with what has other ways of making processes, or makes them anew when a file
changes. Each row has one interpreter and the map that its pod would have; a nightly run
takes the oldest and the newest interpreter and both maps.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.interpreters import embeddable, interpreter, one_or_all, venv_python
from support.measured import Container, line_of
from support.serving import get, running, serving
from support.steps import WORK, steps
from support.waiting import wait_until

APP = Path(__file__).parent / "programs/web"
WEB = (
    *("django>=4.2,<4.3", "flask>=3.0,<3.2", "celery>=5.3,<5.6"),
    *("hypercorn>=0.17,<0.19", "eventlet>=0.36,<0.41", "gunicorn==23.0.0"),
)
UWSGI = ("uwsgi==2.0.28",)
STEPS = 40

_UWSGI = [
    *("uwsgi", "--http-socket", "127.0.0.1:{port}", "--module", "shop:app"),
    *("--master", "--processes", "2", "--disable-logging", "--die-on-term"),
]
SERVERS = {
    "hypercorn": ["hypercorn", "shop:asgi", "-w", "2", "-b", "127.0.0.1:{port}"],
    "eventlet": ["gunicorn", "shop:app", "-w", "2", "-k", "eventlet", "-b", "127.0.0.1:{port}"],
    "uwsgi": _UWSGI,
    "uwsgi-lazy": [*_UWSGI, "--lazy-apps"],
    "uwsgi-threads": [*_UWSGI, "--enable-threads", "--threads", "2"],
    "uwsgi-recycled": [*_UWSGI, "--max-requests", "10", "--min-worker-lifetime", "0"],
}
RELOADERS = {
    "django": ["python", "django_shop.py", "runserver", "127.0.0.1:{port}"],
    "flask": ["python", "-m", "flask", "--app", "flask_shop", "run", "--debug", "-p", "{port}"],
}


@pytest.fixture
def app(tmp_path: Path, one_container: Container) -> Path:
    """A copy of the applications that a test may change; where steps run."""
    folder = tmp_path / "app"
    shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("__pycache__"))
    one_container.env.update(
        PODCOV_SOURCE=f"{folder},{WORK.parent}",
        PYTHONPATH=f"{folder}:{WORK.parent}",
    )
    return folder


def programs(version: str, *requirements: str) -> Path:
    """The folder of the programs that came with these packages."""
    return venv_python(interpreter(version), *requirements).parent


def ask_for(container: Container, port: int, numbers: range) -> set[str]:
    """Run these steps, each looked for in the spool at once; what the answers were."""
    answers = set()
    for n in numbers:
        answers.add(wait_until(f"answer {n}", lambda n=n: get(port, f"/?{n}")))  # type: ignore[misc]
        assert n in steps(container)
    return answers


@pytest.mark.parametrize(("server", "version"), one_or_all(SERVERS))
def test_each_answer_has_its_line_in_the_spool(
    one_container: Container, app: Path, server: str, version: str
) -> None:
    """Of every process that a server makes, whenever and however it makes it."""
    name, *options = SERVERS[server]
    if name == "uwsgi":
        folder = programs(embeddable(version), *UWSGI)
        options += ["--virtualenv", str(folder.parent)]
    else:
        folder = programs(version, *WEB)
    with serving(one_container, [str(folder / name), *options], app) as port:
        workers = ask_for(one_container, port, range(1, STEPS))
    assert steps(one_container) - {59} == set(range(STEPS))
    assert one_container.notes() == []
    if server == "uwsgi-recycled":
        assert len(workers) > 3


@pytest.mark.parametrize(("server", "version"), one_or_all(RELOADERS))
def test_a_server_that_reloads_measures_old_and_new_code(
    one_container: Container, app: Path, server: str, version: str
) -> None:
    """A file changes while the server runs: both of its versions have their lines."""
    name, *options = RELOADERS[server]
    changed = app / "version.py"
    with serving(one_container, [str(programs(version, *WEB) / name), *options], app) as port:
        old = ask_for(one_container, port, range(1, 10))
        assert {answer.split()[1] for answer in old} == {"old"}
        source = changed.read_text().replace('return "old"  # old', 'x = 1\n    return "new"')
        changed.write_text(source)
        wait_until("the new code", lambda: get(port, "/?0"), lambda text: text.endswith(" new"))
        new = ask_for(one_container, port, range(10, STEPS))
    assert {answer.split()[1] for answer in new} == {"new"}
    assert {answer.split()[0] for answer in new}.isdisjoint(answer.split()[0] for answer in old)
    assert steps(one_container) == set(range(STEPS))
    assert [path for path, _ in one_container.log().sources].count(str(changed)) == 2
    assert one_container.ran(changed) >= {line_of(changed, "x = 1"), line_of(changed, "new")}
    assert one_container.notes() == []


@pytest.mark.parametrize(("pool", "version"), one_or_all(["prefork", "threads", "solo"]))
def test_each_task_has_its_line_in_the_spool(
    one_container: Container, app: Path, pool: str, version: str, tmp_path: Path
) -> None:
    """Celery's workers, whose processes are forked and replaced after a few tasks."""
    broker = tmp_path / "broker"
    broker.mkdir()
    one_container.env["BROKER"] = str(broker)
    python = programs(version, *WEB) / "python"
    options = ["-P", pool, "-c", "2", "-l", "error"]
    options += ["--max-tasks-per-child", "5"] if pool == "prefork" else []
    worker = [str(python), "-m", "celery", "-A", "tasks", "worker", *options]
    with running(one_container, worker, app):
        done = one_container.run([python, "-m", "tasks"], app)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) >= (4 if pool == "prefork" else 1)
    assert steps(one_container) == set(range(STEPS))
    assert one_container.notes() == []
