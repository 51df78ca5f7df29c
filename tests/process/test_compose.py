"""The Compose file of the guide, with its services as processes and its volumes as folders."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import podcov_agent
import pytest
import yaml
from podcov import Session
from support.waiting import wait_until

PAGE = Path(__file__).resolve().parents[2] / "docs/compose.md"
AGENT_IMAGE = {"PYTHONPATH": str(Path(podcov_agent.__file__).parents[1])}
SHOP = """\
import sys


def buy():
    print("bought", flush=True)


for _ in sys.stdin:
    buy()
"""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file."""
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


class Played:
    """A service's words and environment, with paths of containers as paths of this machine."""

    def __init__(self, service: Mapping[str, Any], root: Path) -> None:
        self._root = root
        self._own_spool = "podcov-shop:/podcov/spool" in service["volumes"]
        self.env = {name: self.here(value) for name, value in service["environment"].items()}

    def here(self, text: str) -> str:
        """Nothing can be mounted here: the service's spool is the folder `shop` of the agent's."""
        text = text.replace("/podcov/agent/bin/sh", "/bin/sh")  # busybox is in the image only
        text = text.replace("/podcov/agent", str(self._root / "agent"))
        spool = self._root / "spool"
        return text.replace("/podcov/spool", str(spool / "shop" if self._own_spool else spool))

    def words(self, words: list[str]) -> list[str]:
        """A command."""
        return [sys.executable if word == "python" else self.here(word) for word in words]


@contextmanager
def agent(service: Mapping[str, Any], root: Path) -> Iterator[tuple[Played, str]]:
    """The agent's service: its entrypoint with its command, on a free port; and its URL."""
    played = Played(service, root)
    (root / "spool/shop").mkdir(parents=True)
    announced = root / "port"
    words = [sys.executable, "-m", "podcov_agent.sidecar", *played.words(service["command"])]
    words[words.index("0.0.0.0")] = "127.0.0.1"
    process = subprocess.Popen(
        [*words, "--port", "0", "--announce", str(announced)],
        env={"PATH": os.environ["PATH"], **AGENT_IMAGE, **played.env},
    )
    try:
        wait_until("the agent answers", announced.exists)
        yield played, f"http://127.0.0.1:{announced.read_text().strip()}"
    finally:
        process.terminate()
        process.wait(20)


def test_the_services_of_the_guide_are_measured(compose: dict[str, Any], tmp_path: Path) -> None:
    """The agent becomes healthy, the service starts by its command, and its lines arrive."""
    shop, beside = compose["services"]["shop"], compose["services"]["podcov-agent"]
    root = tmp_path / "volumes"
    (tmp_path / "src").mkdir()
    (tmp_path / "src/shop.py").write_text(SHOP)
    with agent(beside, root) as (played, url):
        health = played.words(beside["healthcheck"]["test"][1:])
        wait_until("healthy", lambda: subprocess.run(health).returncode == 0)
        service = Played(shop, root)
        process = subprocess.Popen(
            service.words(shop["command"]),
            cwd=tmp_path / "src",
            env={"PATH": os.environ["PATH"], **service.env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.communicate("1\n", timeout=30)[0] == "bought\n"
        (file,) = Session(urls=[url], source=[str(tmp_path / "src")]).collect().files
        assert (file.path, sorted(file.lines)) == (str(tmp_path / "src/shop.py"), [1, 4, 5, 8, 9])


def test_the_file_holds_together(compose: dict[str, Any]) -> None:
    """Each volume is declared and mounted; each service has its own folder of the agent's spool."""
    services = compose["services"]
    mounted = {name: [v.split(":") for v in services[name]["volumes"]] for name in services}
    assert {v[0] for entries in mounted.values() for v in entries} == set(compose["volumes"])
    assert ["podcov-agent", "/podcov/agent", "ro"] in mounted["shop"]
    assert mounted["shop"][1][0] == mounted["podcov-agent"][1][0]
    assert (
        mounted["podcov-agent"][1][1]
        == services["podcov-agent"]["environment"]["PODCOV_SPOOL"] + "/shop"
    )
    assert services["podcov-agent"]["ports"] == ["127.0.0.1:9095:9095"]
    assert set(services["shop"]["depends_on"]) == {"podcov-agent"}
