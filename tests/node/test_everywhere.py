"""One program in many kinds of images and pods: measured, and otherwise as it is."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from node import lines, markets
from node.conftest import TAG, deliver_images, in_parallel
from node.lines import Lines
from node.markets import MARKETS, OTHER_PATHS, PATHS, Market
from support.cluster.kubectl import Object, Tools
from support.cluster.provider import Cluster
from support.waiting import wait_until

pytestmark = pytest.mark.node

IMAGE = "localhost/podcov-market"
ORACLES = "market-oracles"
AGENT_PORT = 9095
COLLECT = Path(__file__).parent / "programs" / "collect.py"
EVERY = pytest.mark.parametrize("market", MARKETS, ids=lambda market: market.name)


@dataclass(frozen=True)
class Expected:
    """What an image's program answers and says under `coverage run`, and the lines that ran."""

    answers: Mapping[str, str]
    said: list[str]
    lines: Lines


@dataclass(frozen=True)
class Seen:
    """The same of a measured pod."""

    answers: Mapping[str, str]
    said: list[str]
    health: Mapping[str, Any]
    """What the sidecar says of each container."""
    lines: Lines
    notes: list[Any]

    @property
    def whoami(self) -> dict[str, Any]:
        """What the program in the first container knows of itself."""
        found: dict[str, Any] = json.loads(self.answers["/whoami"].removeprefix("200 "))
        return found


@dataclass(frozen=True)
class Everywhere:
    """All of it, by market and by image."""

    seen: Mapping[str, Seen]
    expected: Mapping[str, Expected]


@pytest.fixture(scope="module")
def everywhere(
    node_cluster: Cluster, tools: Tools, podcov: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Everywhere]:
    """Every market, running measured, and asked; and what coverage.py says of its program."""
    builder = node_cluster.builder
    context = markets.build_context(tmp_path_factory.mktemp("market"))
    recipes = [
        (f"{IMAGE}-{image}", markets.dockerfile(image), context, markets.arguments(image, builder))
        for image in markets.IMAGES
    ]
    deliver_images(node_cluster, recipes, tmp_path_factory.mktemp("images"))
    try:
        _deploy(tools)
        answered: dict[str, tuple[dict[str, str], list[str], Any]] = {}
        in_parallel(lambda market: answered.update({market.name: _ask(tools, market)}), MARKETS)
        expected: dict[str, Expected] = {}
        in_parallel(lambda image: expected.update({image: _expect(tools, image)}), markets.IMAGES)
        folder = tmp_path_factory.mktemp("data")
        notes = _collect(tools, folder)
        yield Everywhere(
            {
                market.name: Seen(
                    *answered[market.name],
                    lines.in_data_file(folder / market.namespace, markets.SOURCE),
                    notes[market.namespace],
                )
                for market in MARKETS
            },
            expected,
        )
    finally:
        namespaces = [ORACLES, *(market.namespace for market in MARKETS)]
        arguments = ["--ignore-not-found", "--wait=false", *namespaces]
        tools.kubectl("delete", "namespace", *arguments)


@EVERY
def test_the_report_equals_that_of_coverage_run(everywhere: Everywhere, market: Market) -> None:
    """The statements are those that `coverage run` counts in the same image, under local paths;
    but for a sitecustomize, which has run before `coverage run` begins."""
    expected = dict(everywhere.expected[market.image].lines)
    if market.image == "own":
        expected |= {markets.OWN.name: lines.statements(markets.OWN)}
    seen = everywhere.seen[market.name]
    assert seen.lines == expected
    assert seen.notes == []


@EVERY
def test_the_program_answers_and_says_the_same(everywhere: Everywhere, market: Market) -> None:
    """Every answer, and every line of the containers' logs, is that of the unmeasured program."""
    seen, expected = everywhere.seen[market.name], everywhere.expected[market.image]
    assert {**seen.answers, "/whoami": ""} == {**expected.answers, "/whoami": ""}
    opened = [f"market: open at {markets.SECOND_PORT}"] if market.second else []
    assert sorted(seen.said) == sorted([*expected.said, *opened])


@EVERY
def test_every_interpreter_has_the_map_in_c(everywhere: Everywhere, market: Market) -> None:
    """One file of the agent's image serves every Python there is, in every container."""
    found = everywhere.seen[market.name].health
    assert set(found) == {"market", "second"} if market.second else {"market"}
    version = markets.IMAGES[market.image][1]
    for container in found.values():
        assert container["lines"] > 50
        (interpreter,) = container["interpreters"]
        assert interpreter["python"].startswith(f"{version}.")
        assert interpreter["map"] == "native"


@EVERY
def test_the_pod_is_what_its_name_says(everywhere: Everywhere, market: Market) -> None:
    """Uid, umask, shell, sitecustomize and module path are those that the row is about."""
    seen = everywhere.seen[market.name].whoami
    assert {name: seen[name] for name in market.facts} == dict(market.facts)
    assert seen["shell"] is (market.image != "bare")
    own = market.image == "own"
    assert seen["greeting"] == ("good morning" if own else None)
    folder = markets.folder_of(market.image)
    assert seen["path"][: 1 + own] == [folder, "/srv/lib"][: 1 + own]
    assert "podcov" not in str(seen["path"])


def test_ours_counts_in_a_quota(everywhere: Everywhere, tools: Tools) -> None:
    """A quota that demands limits of every container lets measured pods in, and counts ours."""
    (market,) = (market for market in MARKETS if market.quota)
    used = _quota(tools, market)["used"]
    assert used["limits.cpu"] == "1500m"
    assert used["limits.ephemeral-storage"] == "96Mi"
    assert used["requests.ephemeral-storage"] == "16Mi"


def _deploy(tools: Tools) -> None:
    namespaces = [markets.namespace(market.namespace, market.labels) for market in MARKETS]
    quotas = [market for market in MARKETS if market.quota]
    _apply(tools, [markets.namespace(ORACLES, {}), *namespaces, *map(markets.quota, quotas)])
    wait_until(
        "the quotas are enforced",
        lambda: all("hard" in _quota(tools, market) for market in quotas),
    )
    _apply(tools, [markets.deployment(market, _ref(market.image)) for market in MARKETS])
    wait_until(
        "the oracles' service account is there",
        lambda: tools.get("serviceaccount", "default", ORACLES),
    )
    oracles = [markets.oracle(image, _ref(image), ORACLES) for image in markets.IMAGES]
    _apply(tools, oracles)


def _apply(tools: Tools, items: list[Object]) -> None:
    tools.send("apply", {"apiVersion": "v1", "kind": "List", "items": items})


def _quota(tools: Tools, market: Market) -> Any:
    return tools.get("resourcequota", market.namespace, market.namespace)["status"]


def _ask(tools: Tools, market: Market) -> tuple[dict[str, str], list[str], Any]:
    """A market's answers to all paths, then what its containers have said, and their health."""
    where = ["-n", market.namespace]
    rollout = ["status", "deployment/market", *where, "--timeout=180s"]
    tools.kubectl("rollout", *rollout, timeout_s=200)
    (pod,) = tools.list("pods", market.namespace)
    name = pod["metadata"]["name"]
    others = markets.SECOND_PORT if market.second else markets.PORT
    with tools.forward(market.namespace, name, AGENT_PORT) as agent:
        with tools.forward(market.namespace, name, markets.PORT) as app:
            answers = {path: app.ask(path) for path in PATHS}
        agent.post("/coverage/reset")  # the sidecar clears marks of another user's process
        with tools.forward(market.namespace, name, others) as app:
            answers |= {path: app.ask(path) for path in OTHER_PATHS}
        health = json.loads(agent.get("/v1/health"))["containers"]
    logs = (
        tools.kubectl("logs", name, "-c", each["name"], *where)
        for each in pod["spec"]["containers"]
    )
    return answers, "".join(logs).splitlines(), health


def _expect(tools: Tools, image: str) -> Expected:
    name = markets.oracle_name(image)
    wait_until(
        f"{name} has ended",
        lambda: tools.get("pod", name, ORACLES)["status"]["phase"],
        {"Succeeded", "Failed"}.__contains__,
        timeout_s=180,
    )
    said = tools.kubectl("logs", name, "-n", ORACLES)
    answer = json.loads(said.splitlines()[-1])  # before it, what a sitecustomize says
    return Expected(answer["answers"], answer["said"], markets.local_lines(image, answer["lines"]))


def _collect(tools: Tools, folder: Path) -> dict[str, Any]:
    words = [sys.executable, str(COLLECT), str(tools.kubeconfig), "deploy/market"]
    done = subprocess.run(
        [*words, str(markets.SOURCE), str(folder), *map(_namespace, MARKETS)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _namespace(market: Market) -> str:
    return market.namespace


def _ref(image: str) -> str:
    return f"{IMAGE}-{image}:{TAG}"
