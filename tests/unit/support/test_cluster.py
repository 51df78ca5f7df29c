"""The pure parts of the cluster harness, and its locks."""

import fcntl
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.cluster import build, packages, pip_settings, provider
from support.cluster.errors import StartFailedError, UnavailableError
from support.cluster.files import write_whole
from support.cluster.locks import locked
from support.cluster.processes import Processes
from support.cluster.settings import Settings, from_environment
from support.waiting import wait_until


def test_settings_come_from_the_environment() -> None:
    """Every variable is read; `0` and nothing mean that no tier is required."""
    given = {
        "XDG_CACHE_HOME": "/c",
        "PODCOV_REQUIRE_CLUSTER": "1",
        "PODCOV_KUBECONFIG": "/k",
        "PODCOV_IMAGE_LOAD": "load $1",
    }
    assert from_environment(given) == Settings(Path("/c/podcov"), True, Path("/k"), "load $1")
    assert from_environment({"HOME": "/h"}) == Settings(Path("/h/.cache/podcov"))
    assert not from_environment({"PODCOV_REQUIRE_CLUSTER": "0"}).required


def test_the_build_is_keyed_by_its_sources(tmp_path: Path) -> None:
    """Another line in any Go file, go.mod or go.sum is another program; other files are not."""
    (tmp_path / "main.go").write_text("package main")
    first = build.source_key(tmp_path)
    (tmp_path / "README.md").write_text("words")
    assert build.source_key(tmp_path) == first
    (tmp_path / "go.sum").write_text("sum")
    assert build.source_key(tmp_path) != first


def test_no_unit_test_waits_for_the_build() -> None:
    """`make check` takes a minute on a fresh machine: what needs helm or kubectl is in the
    admission tier, for which they are built."""
    builds = re.compile(r"import (helm|kube_programs|control_plane|node)\b|support\.helm")
    others = [file for file in Path(__file__).parents[1].rglob("*.py") if file != Path(__file__)]
    assert len(others) > 50
    assert [file.name for file in others if builds.search(file.read_text())] == []


def test_components_are_told_their_version() -> None:
    """Helm and the components believe in the Kubernetes that they are built with."""
    flags = build.link_flags("v1.34.4")
    assert "-X k8s.io/component-base/version.gitVersion=v1.34.4 " in flags
    assert "-X helm.sh/helm/v4/pkg/chart/common.k8sVersionMinor=34" in flags


def test_pip_in_a_build_is_set_up_like_here() -> None:
    """The environment wins over files, and the certificates are those that are mounted."""
    listed = ":env:.index-url='https://b/'\nglobal.index-url='https://a/'\nglobal.cert='/ca.pem'"
    settings = pip_settings.parse(listed)
    assert settings == {"index-url": "https://b/", "cert": "/ca.pem"}
    text = pip_settings.configuration(settings)
    assert "index-url = https://b/\n" in text
    assert f"cert = {pip_settings.BUNDLE}\n" in text


def test_a_file_that_is_read_while_it_is_written_is_whole(tmp_path: Path) -> None:
    """Several builds at once write the settings that others read: nobody finds half of them."""
    path, text = tmp_path / "policy.json", "x" * 100_000
    write_whole(path, text)
    with ThreadPoolExecutor() as pool:
        writing = [pool.submit(write_whole, path, text) for _ in range(100)]
        while not all(each.done() for each in writing):
            assert path.read_text() == text
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_missing_programs_are_named_to_those_who_may_not_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not root: the reason names the Debian packages that are missing, and only those."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(UnavailableError) as missing:
        packages.ensure({"sh": "dash", "no-such-program": "nothing", "/no/such/file": "files"})
    assert str(missing.value) == ("missing programs: install files, nothing (Debian package names)")


def test_an_existing_cluster_needs_a_way_to_load_images(tmp_path: Path) -> None:
    """PODCOV_KUBECONFIG alone is a reason to skip, and the reason says what to set."""
    settings = Settings(tmp_path, kubeconfig=tmp_path / "config")
    with (
        pytest.raises(UnavailableError, match="PODCOV_IMAGE_LOAD is not"),
        provider.running(settings),
    ):
        pass


def test_a_lock_lives_as_long_as_its_descriptor(tmp_path: Path) -> None:
    """Who comes second waits until the first one has let go, also of an inherited descriptor."""
    path = tmp_path / "lock"
    with locked(path, "nobody") as held:
        inherited = os.dup(held)
    with (
        pytest.raises(StartFailedError, match="still locked after 0 s: somebody"),
        locked(path, "somebody", timeout_s=0),
    ):
        pass
    threading.Timer(0.05, os.close, [inherited]).start()
    with locked(path, "somebody", timeout_s=30) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_process_that_ends_early_is_shown_with_its_words(tmp_path: Path) -> None:
    """Waiting for something that has died ends at once, with the end of its log."""
    processes = Processes(tmp_path / "logs")
    processes.start("liar", ["sh", "-c", "echo no room; exit 3"])
    with pytest.raises(StartFailedError) as failed:
        wait_until("it answers", lambda: False, timeout_s=30, watch=processes.check)
    processes.stop()
    assert "liar ended with 3" in str(failed.value)
    assert "no room" in str(failed.value)


def test_stopping_ends_every_process(tmp_path: Path) -> None:
    """After `stop` no process is left, not even one that ignores requests to end."""
    processes = Processes(tmp_path / "logs")
    pid = processes.start("deaf", ["sh", "-c", "trap '' TERM INT; exec sleep 600"])
    processes.stop()
    assert not Path(f"/proc/{pid}").exists()


def test_waiting_in_vain_shows_what_was_seen_last() -> None:
    """The failure has the words for what was awaited, and the last answer or error."""
    with pytest.raises(AssertionError, match=r"waited 0 s for: three\nlast answer: 2"):
        wait_until("three", lambda: 2, lambda answer: answer == 3, timeout_s=0)
    with pytest.raises(AssertionError, match=r"last answer: ZeroDivisionError: "):
        wait_until("three", lambda: 1 // 0, timeout_s=0)
