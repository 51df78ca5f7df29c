"""The sidecar as a process: how it starts, what it says, how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import podcov_agent.sidecar.__main__ as sidecar_main
import pytest
from podcov_agent.sidecar.generations import Generations
from podcov_agent.sidecar.server import Server
from podcov_agent.sidecar.settings import Settings
from support import interpreters
from support.sidecar import AGENT, announced_port, running, start
from support.spool import Writer
from support.waiting import wait_until

ENDED_BY_SIGTERM = 0


def test_it_serves_on_a_free_port_and_ends_with_0(tmp_path: Path) -> None:
    """One line at the start, none afterwards, and SIGTERM is obeyed at once."""
    with running(tmp_path / "spool", tmp_path) as sidecar:
        assert sidecar.get("/health")[0].startswith(b"HTTP/1.1 200 OK\r\n")
        assert sidecar.get("/nowhere")[0].startswith(b"HTTP/1.1 404 Not Found\r\n")
        assert sidecar.stop() == ENDED_BY_SIGTERM
        spool = tmp_path / "spool"
        assert sidecar.errors.read_text() == (
            f"podcov-agent: 0.1.0 serves {spool} on 127.0.0.1:{sidecar.port}\n"
        )


def test_sigint_ends_it_too_also_with_a_client_connected(tmp_path: Path) -> None:
    with (
        running(tmp_path, tmp_path) as sidecar,
        socket.create_connection(("127.0.0.1", sidecar.port)),
    ):
        sidecar.process.send_signal(signal.SIGINT)
        assert sidecar.process.wait(5) == 0


def test_it_is_reached_at_the_loopback_address_only(tmp_path: Path) -> None:
    with running(tmp_path, tmp_path) as sidecar:
        table = Path(f"/proc/{sidecar.process.pid}/net/tcp").read_text().splitlines()[1:]
        ports = [entry.split()[1] for entry in table if entry.split()[3] == "0A"]
        ours = [where for where in ports if where.endswith(f":{sidecar.port:04X}")]
        assert ours == [f"0100007F:{sidecar.port:04X}"]


def test_in_a_pod_it_installs_first_then_serves(tmp_path: Path) -> None:
    """Environment only, as the webhook writes it; `ready` means that all is there."""
    home, spool, errors = tmp_path / "home", tmp_path / "spool", tmp_path / "stderr"
    environ = {"PODCOV_HOME": str(home), "PODCOV_SPOOL": str(spool), "PODCOV_PORT": "0"}
    process = start([], errors, environ)
    try:
        wait_until("ready", (home / "ready").exists)
        wait_until("it says where it serves", errors.read_text, lambda text: "serves" in text)
        assert (home / "podcov_agent" / "contract.py").exists()
        assert not list(home.rglob("sidecar"))
    finally:
        process.terminate()
        assert process.wait(10) == 0


def test_a_port_that_is_taken_is_told_once_and_tried_again(tmp_path: Path) -> None:
    """The agent is installed all the same, so that the pod starts."""
    home, announce, errors = tmp_path / "home", tmp_path / "port", tmp_path / "stderr"
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    flags = ["--port", str(port), "--announce", str(announce)]
    process = start(flags, errors, {"PODCOV_HOME": str(home), "PODCOV_SPOOL": str(tmp_path)})
    try:
        said = wait_until("it tells", errors.read_text, lambda text: "\n" in text)
        assert said == (
            f"podcov-agent: cannot serve: 127.0.0.1:{port}: Address already in use. "
            "Nothing is lost; trying again every second\n"
        )
        assert (home / "ready").exists()
        assert not announce.exists()
        taken.close()
        assert announced_port(announce, errors) == port
        assert errors.read_text().count("cannot serve") == 1
    finally:
        process.terminate()
        assert process.wait(10) == 0


def test_a_bad_setting_ends_it_with_1_and_what_to_do(tmp_path: Path) -> None:
    errors = tmp_path / "stderr"
    process = start(["--port", "http"], errors, {"PODCOV_HOME": "h", "PODCOV_SPOOL": "s"})
    assert process.wait(10) == 1
    assert errors.read_text() == (
        "podcov-agent: --port is 'http', expected a port from 0 to 65535. Correct the value; "
        "`python3 -m podcov_agent.sidecar --help` lists all of them.\n"
    )


def test_a_home_that_cannot_be_written_ends_it_with_1(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder")
    errors = tmp_path / "stderr"
    environ = {"PODCOV_HOME": str(tmp_path / "home"), "PODCOV_SPOOL": str(tmp_path)}
    process = start([], errors, environ)
    assert process.wait(10) == 1
    assert f"installing into {tmp_path / 'home'} failed" in errors.read_text()


def test_it_goes_with_whoever_started_it_and_leaves_no_folder(tmp_path: Path) -> None:
    """`--temporary`: stdin has ended, so the one who would clean up was killed."""
    home, spool, errors = tmp_path / "t/home", tmp_path / "t/spool", tmp_path / "stderr"
    environ = {"PODCOV_HOME": str(home), "PODCOV_SPOOL": str(spool)}
    read, write = os.pipe()
    process = start(
        ["--port", "0", "--temporary", str(tmp_path / "t")], errors, environ, stdin=read
    )
    os.close(read)
    wait_until("it says where it serves", errors.read_text, lambda text: "serves" in text)
    assert (home / "ready").exists()
    os.close(write)
    assert process.wait(10) == 0
    assert not (tmp_path / "t").exists()


def test_a_restarted_sidecar_knows_all_that_ran(tmp_path: Path) -> None:
    """It is killed; sessions, generations and living lines are there again."""
    spool = tmp_path / "spool"
    writer = Writer(spool / "shop")
    with running(spool, tmp_path) as sidecar:
        writer.run("/app/a.py", 1)
        sidecar.get("/coverage/reset")
        writer.run("/app/a.py", 2)
        sidecar.kill()
    writer.run("/app/a.py", 3)
    with running(spool, tmp_path) as sidecar:
        health = json.loads(sidecar.get("/v1/health")[1])
        assert (health["generation"], health["sessions"]) == (1, {"default": 1})
        assert health["containers"]["shop"]["lines"] == 3


def test_a_damaged_generation_does_not_keep_it_from_serving(tmp_path: Path) -> None:
    """It is named in /health; the rest is served, and turns go on."""
    spool = tmp_path / "spool"
    writer = Writer(spool / "shop")
    with running(spool, tmp_path) as sidecar:
        for line in (1, 2):
            writer.run("/app/a.py", line)
            sidecar.get("/coverage/reset")
        sidecar.kill()
    (spool / ".podcov" / "gen.1-1").write_bytes(b"torn")
    (spool / ".podcov" / "gen.pending").write_bytes(b"torn")
    with running(spool, tmp_path) as sidecar:
        health = json.loads(sidecar.get("/health")[1])
        assert [note["slug"] for note in health["notes"]] == ["generation-damaged"] * 2
        assert health["containers"]["shop"]["lines"] == 1
        assert json.loads(sidecar.get("/coverage/reset")[1])["generation"] == 3


def test_what_fails_unexpectedly_is_told_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A defect of ours on the way to serving does not leave a process that only waits."""
    began = iter([ZeroDivisionError("a defect"), OSError(28, "No space left"), None])

    class Flawed(Generations):
        def __init__(self, folder: str) -> None:
            super().__init__(folder)
            if (flaw := next(began)) is not None:
                raise flaw

    monkeypatch.setattr(sidecar_main, "Generations", Flawed)
    monkeypatch.setattr(sidecar_main, "_RETRY_S", 0)
    monkeypatch.setattr(Server, "serve", lambda server, answer: server.close())
    sidecar_main._serve(Settings(str(tmp_path), str(tmp_path), port=0))
    said = capsys.readouterr().err
    assert "cannot serve: ZeroDivisionError: a defect. Nothing is lost" in said
    assert "in __init__" in said, "the log has the place"
    assert said.splitlines()[-1].startswith("podcov-agent: 0.1.0 serves ")


@pytest.mark.parametrize("version", interpreters.each_version(interpreters.VERSIONS[2:]))
def test_it_runs_on_every_python_that_podcov_run_may_have(tmp_path: Path, version: str) -> None:
    python = interpreters.interpreter(version).python
    Writer(tmp_path / "spool" / "shop").run("/app/a.py", 1)
    with running(tmp_path / "spool", tmp_path, python) as sidecar:
        assert json.loads(sidecar.get("/coverage/reset")[1])["generation"] == 1
        assert json.loads(sidecar.get("/coverage?name=x")[1])["files_combined"] == 1
        assert json.loads(sidecar.get("/v1/snapshot?from=0&to=1")[1])["to"] == 1
        assert sidecar.stop() == ENDED_BY_SIGTERM


def test_it_imports_nothing_of_the_measuring_side(tmp_path: Path) -> None:
    """Neither coverage nor what rewrites applications: it stays small."""
    program = (
        "import sys, podcov_agent.sidecar.__main__\n"
        "print(*[m for m in sys.modules if m in ('coverage', 'sqlite3', 'http.server', 'ssl')\n"
        "  or m.startswith('podcov_agent.') and not m.startswith('podcov_agent.sidecar')])"
    )
    environ = {**os.environ, "PYTHONPATH": str(AGENT.parent)}
    out = subprocess.check_output([sys.executable, "-S", "-c", program], env=environ, text=True)
    assert set(out.split()) == {
        "podcov_agent.contract",
        "podcov_agent.errors",
        "podcov_agent.nativemap",
        "podcov_agent.record",
    }
