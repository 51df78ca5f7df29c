"""Servers with several workers: a line is in the spool when the answer that ran it has arrived.

Invariant 2 (a line executed before the request is in the answer) for real servers. Each request
runs a function that no other request runs, every worker must have answered some, and the processes
are killed at the end, so that nothing of ours can have run at an exit.

Each row has one interpreter and the map that its pod would have; a nightly run takes the oldest
and the newest interpreter and both maps.
"""

from __future__ import annotations

import http.client
import os
import shutil
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from support.cluster import packages
from support.cluster.errors import UnavailableError
from support.interpreters import (
    OLDEST_AND_NEWEST,
    embeddable,
    interpreter,
    one_or_all,
    venv_python,
)
from support.measured import Container, line_of
from support.nightly import NIGHTLY
from support.serving import FRAMEWORKS, get, serving
from support.steps import DIES, FORKED, Clients, steps, write_work
from support.waiting import wait_until

APP = Path(__file__).parent / "programs/web"
GUNICORN = ("gunicorn==23.0.0", "gevent>=24,<26", "uvicorn>=0.30,<0.40")
GRANIAN = ("granian>=1.6,<3",)
UWSGI = ("uwsgi==2.0.28",)
MOD_WSGI = ("mod_wsgi>=5,<6",)
APACHE = {"/usr/bin/apxs": "apache2-dev", "/usr/sbin/apache2": "apache2-bin"}
"""mod_wsgi is compiled against it."""


class Server(NamedTuple):
    """How it is installed and started, and how many processes must have answered in the end."""

    packages: tuple[str, ...]
    words: str
    workers: int = 2


_GUNICORN = "gunicorn shop:app -c conf.py -b 127.0.0.1:{port} --log-level error -w 2"
_UVICORN = "uvicorn shop:asgi --port {port} --log-level error"
_HYPERCORN = "hypercorn -w 2 -b 127.0.0.1:{port}"
_GRANIAN = "granian --workers 2 --port {port} --log-level error --interface"
_UWSGI = (
    "uwsgi --http-socket 127.0.0.1:{port} --module shop:app --master --processes 2"
    " --disable-logging --die-on-term --virtualenv {venv}"
)
_APACHE = (
    # Apache does not run as root; in a namespace of its own, root is somebody else.
    "unshare --user --map-user=1000 --map-group=1000 {bin}/mod_wsgi-express start-server"
    " --host 127.0.0.1 --port {port} --server-root {scratch} --processes 2 --threads 2"
)
SERVERS = {
    "sync": Server(GUNICORN, _GUNICORN),
    "gthread": Server(GUNICORN, f"{_GUNICORN} -k gthread --threads 4"),
    "gevent": Server(GUNICORN, f"{_GUNICORN} -k gevent"),
    "eventlet": Server(FRAMEWORKS, f"{_GUNICORN} -k eventlet"),
    "preload": Server(GUNICORN, f"{_GUNICORN} --preload"),
    "recycled": Server(GUNICORN, f"{_GUNICORN} --max-requests 3", 6),
    "uvicorn": Server(GUNICORN, _UVICORN, 1),
    "uvicorn-4": Server(GUNICORN, f"{_UVICORN} --workers 4", 4),
    "hypercorn-asgi": Server(FRAMEWORKS, f"{_HYPERCORN} shop:asgi"),
    "hypercorn-wsgi": Server(FRAMEWORKS, f"{_HYPERCORN} wsgi:shop:app"),
    "granian-asgi": Server(GRANIAN, f"{_GRANIAN} asgi shop:asgi"),
    "granian-wsgi": Server(GRANIAN, f"{_GRANIAN} wsgi shop:app"),
    "uwsgi": Server(UWSGI, _UWSGI),
    "uwsgi-lazy": Server(UWSGI, f"{_UWSGI} --lazy-apps"),
    "uwsgi-threads": Server(UWSGI, f"{_UWSGI} --enable-threads --threads 2"),
    "uwsgi-recycled": Server(UWSGI, f"{_UWSGI} --max-requests 10 --min-worker-lifetime 0", 4),
    "apache": Server(MOD_WSGI, f"{_APACHE} --application-type module shop --callable-object app"),
    "apache-script": Server(MOD_WSGI, f"{_APACHE} shop.py --callable-object app"),
}
COMPILED = (UWSGI, MOD_WSGI)
"""Compiled here, once for each interpreter, which takes a minute or two."""
RELOADERS = {
    "django": "python django_shop.py runserver 127.0.0.1:{port}",
    "flask": "python -m flask --app flask_shop run --debug -p {port}",
}


def rows() -> list[object]:
    """Each server with an interpreter; of those that are compiled, all with the same one."""
    compiled = [name for name, server in SERVERS.items() if server.packages in COMPILED]
    versions = [
        embeddable(each) for each in (OLDEST_AND_NEWEST if NIGHTLY else OLDEST_AND_NEWEST[1:])
    ]
    return [
        *one_or_all(name for name in SERVERS if name not in compiled),
        *(pytest.param(name, version) for name in compiled for version in versions),
    ]


@pytest.fixture
def app(tmp_path: Path, one_container: Container) -> Path:
    """A copy of the applications that a test may change, with steps of its own."""
    folder = tmp_path / "app"
    shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("__pycache__"))
    write_work(folder)
    one_container.env["PYTHONPATH"] = str(folder)
    return folder


def start_words(server: Server, version: str, scratch: Path) -> list[str]:
    """The command of a server, with `{port}` left open."""
    if server.packages is MOD_WSGI:
        try:
            packages.ensure(APACHE)
        except UnavailableError as error:
            if os.environ.get("PODCOV_REQUIRE_CLUSTER"):
                raise
            pytest.skip(f"no Apache: {error}")
    folder = venv_python(interpreter(version), *server.packages).parent
    fill = {"bin": folder, "venv": folder.parent, "scratch": scratch, "port": "{port}"}
    name, *words = [word.format(**fill) for word in server.words.split()]
    return [str(folder / name) if (folder / name).exists() else name, *words]


@pytest.mark.parametrize(("name", "version"), rows())
def test_each_answer_has_its_line_in_the_spool(
    one_container: Container, app: Path, tmp_path: Path, name: str, version: str
) -> None:
    """Of every worker, old and new; and what other workers ran stays there."""
    server, work = SERVERS[name], app / "work.py"
    with serving(one_container, start_words(server, version, tmp_path / "server"), app) as port:
        clients = Clients(one_container, work, partial(get, port))
        workers = clients.run(server.workers)
        if name == "sync":
            with pytest.raises((OSError, http.client.HTTPException)):
                get(port, f"/die?{DIES}")
    assert len(workers) >= server.workers
    assert clients.missing == []
    extra = {0} | ({DIES} if name == "sync" else set())
    extra |= {FORKED} if "conf.py" in server.words else set()
    assert steps(one_container, work) == clients.asked | extra
    kind = "# asgi" if ":asgi" in server.words else "# wsgi"
    assert line_of(app / "shop.py", kind) in one_container.ran(app / "shop.py")
    assert one_container.notes() == []


@pytest.mark.parametrize(("server", "version"), one_or_all(RELOADERS))
def test_a_server_that_reloads_measures_old_and_new_code(
    one_container: Container, app: Path, server: str, version: str
) -> None:
    """A file changes while the server runs: both of its versions have their lines."""
    name, *options = RELOADERS[server].split()
    program = venv_python(interpreter(version), *FRAMEWORKS).parent / name
    changed, work = app / "version.py", app / "work.py"
    with serving(one_container, [str(program), *options], app) as port:
        clients = Clients(one_container, work, partial(get, port))
        old = clients.run(1)
        source = changed.read_text().replace('return "old"  # old', 'x = 1\n    return "new"')
        changed.write_text(source)
        wait_until("the new code", lambda: get(port, "/?0"), lambda text: text.endswith(" new"))
        new = clients.run(1)
    assert {answer.split()[1] for answer in old} == {"old"}
    assert {answer.split()[1] for answer in new} == {"new"}
    assert {answer.split()[0] for answer in new}.isdisjoint(answer.split()[0] for answer in old)
    assert clients.missing == []
    assert steps(one_container, work) == clients.asked | {0}
    assert [path for path, _ in one_container.log().sources].count(str(changed)) == 2
    assert one_container.ran(changed) >= {line_of(changed, "x = 1"), line_of(changed, "new")}
    assert one_container.notes() == []
