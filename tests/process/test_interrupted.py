"""Ctrl-C in the middle of a collection, with real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from podcov.covdata import read_data
from support.played_cluster import PODS, pod, serving, write_kubeconfig, write_kubectl
from support.project import make_project
from support.sidecar import running
from support.spool import Writer
from support.waiting import wait_until


def test_interrupted_keeps_what_has_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One pod answers, one is silent, Ctrl-C: the first one's lines are saved, and that is said."""
    project = make_project(tmp_path / "project")
    monkeypatch.chdir(project.root)
    spool = tmp_path / "agent/spool"
    lines = Writer(spool / "shop")
    lines.run("/app/shop/app.py", 1, 4, 7, 10, blob=project.blob("shop/app.py"))
    with (
        running(spool, tmp_path / "agent") as agent,
        socket.create_server(("127.0.0.1", 0)) as silent,
    ):
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        words = ["collect", "--url", f"http://127.0.0.1:{agent.port}", "--url", url]
        child = subprocess.Popen(
            [sys.executable, "-m", "podcov", *words],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        asked, _ = silent.accept()  # now wait until the other one has answered
        wait_until(
            "a thread for each pod, one of which has ended",
            lambda: threads(child.pid),
            lambda n: n == 2,
        )
        child.send_signal(signal.SIGINT)
        asked.close()
        out, err = child.communicate(timeout=30)
    assert (out, child.returncode) == ("", 130)
    assert err == (
        "podcov: Interrupted: 1 of 2 pods had answered; their lines are in .coverage.podcov. "
        "[interrupted]\n"
        "  → Look at them with `podcov report --data .coverage.podcov`, or collect again.\n"
    )
    (saved,) = read_data(Path(".coverage.podcov"))
    assert sorted(saved.lines) == [1, 4, 7, 10]


def threads(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


def test_an_interrupted_program_leaves_no_kubectl(tmp_path: Path) -> None:
    """The agent is silent, SIGINT comes to podcov alone: kubectl is ended all the same."""
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        serving({PODS: (200, {"items": [pod("shop-1")]})}) as url,
    ):
        port = silent.getsockname()[1]
        write_kubectl(tmp_path / "bin", f"Forwarding from 127.0.0.1:{port} -> 9095")
        config = write_kubeconfig(tmp_path / "config", url)
        words = ["collect", "--forward", "kubectl", "--kubeconfig", str(config)]
        child = subprocess.Popen(
            [sys.executable, "-m", "podcov", *words],
            env={**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"},
            start_new_session=True,
            stderr=subprocess.PIPE,
            text=True,
        )
        asked, _ = silent.accept()
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=30)
        asked.close()
    assert child.returncode == 130, err
    kubectl = int((tmp_path / "bin/pid").read_text())
    wait_until("kubectl has ended", lambda: is_gone(kubectl))


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
