"""`make demo` as a stranger sees it, in a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


def _command(build: Path) -> list[str]:
    return [sys.executable, str(ROOT / "examples" / "demo"), f"--build={build}"]


def _environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "CLUSTER"}
    return {**kept, "COLUMNS": "80", **more}


def test_the_demo_measures_the_shop_without_a_cluster(tmp_path: Path) -> None:
    """It ends well, with a table of local paths, an HTML report and the next command."""
    done = subprocess.run(
        _command(tmp_path), env=_environment(), capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = dict(re.findall(r"^(src/shop/\w+\.py) +\d+ +(\d+) ", done.stdout, re.MULTILINE))
    assert set(rows) == {
        f"src/shop/{p.name}" for p in (ROOT / "examples/shop/src/shop").glob("*.py")
    }
    assert rows["src/shop/wsgi.py"] == "0", "every line of it runs as the server starts"
    assert int(rows["src/shop/orders.py"]) > 0, "the tests leave some errors out"
    assert "podcov: 1 of 1 pods answered" in done.stdout
    page = re.sub(r"<[^>]*>|&#\d+;", "", (tmp_path / "html" / "index.html").read_text())
    assert "src/shop/orders.py" in page
    assert done.stdout.rstrip().endswith("make demo CLUSTER=kind")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_that_was_started(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C, kill or a closed terminal while the shop runs: every process is stopped."""
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("needs /proc to see which processes are left")
    demo = subprocess.Popen(
        _command(tmp_path), env=_environment(), stdout=subprocess.PIPE, text=True
    )
    try:
        served = wait_until(
            "the shop's own processes",
            lambda: [line for line in _processes_of(tmp_path) if "shop.wsgi:app" in line],
        )
        assert served
        demo.send_signal(number)
        said, _ = demo.communicate(timeout=60)
    finally:
        demo.kill()
        demo.wait()
    assert demo.returncode == 130, said
    assert said.rstrip().endswith("everything that the demo started has ended")
    assert _processes_of(tmp_path) == []


def test_an_unknown_cluster_is_told_with_a_remedy(tmp_path: Path) -> None:
    """Where kubectl is missing or does not know the context, the demo ends with what to do."""
    folder = tmp_path / "bin"
    folder.mkdir()
    done = subprocess.run(
        _command(tmp_path / "build"),
        env=_environment(CLUSTER="nowhere", PATH=str(folder)),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "✗ kubectl is not installed" in done.stdout
    assert "run `make demo` without CLUSTER" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("images", "told"),
    [
        (None, "nobody knows how images get into this cluster"),
        ("registry.example.org/podcov:1.0", "PODCOV_IMAGES is 'registry.example.org/podcov:1.0'"),
        ("registry.example.org:5000/podcov-{}", "PODCOV_IMAGES is 'registry.example.org:5000/po"),
    ],
)
def test_a_cluster_without_images_is_not_touched(
    tmp_path: Path, images: str | None, told: str
) -> None:
    """The demo asks for the images before it does anything in a cluster that it does not know."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text("apiVersion: v1\nkind: Config\n")
    more = {} if images is None else {"PODCOV_IMAGES": images}
    done = subprocess.run(
        _command(tmp_path / "build"),
        env=_environment(CLUSTER=str(kubeconfig), **more),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert f"✗ {told}" in done.stdout
    assert "registry.example.org/podcov-{}:1.0" in done.stdout


def _processes_of(build: Path) -> list[str]:
    """The command lines of processes whose environment or words name the folder."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes()
            environment = (folder / "environ").read_bytes()
        except OSError:  # no process, or it has just ended
            continue
        if str(build).encode() in environment + words:
            found.append(words.replace(b"\0", b" ").decode(errors="replace"))
    return found
