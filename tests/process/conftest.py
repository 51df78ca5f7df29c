"""The pod of the process tests: an installed agent, a spool folder, and the interpreters to try.

By default the slow matrices run on the oldest and the newest interpreter, and a few tests on each;
a nightly run does everything on all of them. What uses `container` runs with both maps.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from support.interpreters import OLDEST_AND_NEWEST, VERSIONS, each_version, interpreter
from support.maps import MAP_CHOICES, MAPS
from support.measured import Container, install_agent
from support.nightly import NIGHTLY

MATRIX = VERSIONS if NIGHTLY else OLDEST_AND_NEWEST


@pytest.fixture(scope="session")
def agent_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed agent."""
    return install_agent(tmp_path_factory.mktemp("agent"))


@pytest.fixture(params=MAPS)
def container(request: pytest.FixtureRequest, agent_home: Path, tmp_path: Path) -> Container:
    """A container whose spool folder is empty; once for each kind of map."""
    return empty_container(agent_home, tmp_path, MAP_CHOICES[request.param])


@pytest.fixture(params=MAPS if NIGHTLY else [""])
def one_container(request: pytest.FixtureRequest, agent_home: Path, tmp_path: Path) -> Container:
    """The same for rows that are dear: with the map that a pod would have, both if asked for."""
    return empty_container(agent_home, tmp_path, MAP_CHOICES.get(request.param, {}))


def empty_container(home: Path, folder: Path, env: dict[str, str]) -> Container:
    spool = folder / "spool"
    spool.mkdir()
    spool.chmod(0o1777)
    return Container(home, spool, dict(env))


@pytest.fixture(params=each_version(MATRIX))
def python(request: pytest.FixtureRequest) -> Path:
    """The oldest and the newest interpreter, or all."""
    return interpreter(request.param).python


@pytest.fixture(params=each_version())
def each_python(request: pytest.FixtureRequest) -> Path:
    """Every interpreter there is."""
    return interpreter(request.param).python
