"""JSON of the protocol in, values out; everything else is an error with a name."""

import base64
from typing import Any

import pytest
from coverage.numbits import nums_to_numbits
from hypothesis import given
from hypothesis import strategies as st
from podcov.contract import PROTOCOL, VERSION
from podcov.errors import BadAnswerError, ProtocolDiffersError
from podcov.models import Exits, Target
from podcov.wire import lines_of_numbits, read_health, read_snapshot, read_turn

POD = Target("uid", "shop-1", 9095, "shop")


@given(st.sets(st.integers(0, 5000)))
def test_numbits_are_read_as_coverage_writes_them(lines: set[int]) -> None:
    """coverage.py's own encoder is the oracle."""
    assert lines_of_numbits(base64.b64encode(nums_to_numbits(lines)).decode()) == lines


def test_an_agent_of_a_newer_protocol_asks_for_a_newer_client() -> None:
    """The message has both versions and both protocols."""
    with pytest.raises(ProtocolDiffersError) as caught:
        read_health(POD, {"protocol": PROTOCOL + 1, "version": "9.0.0"})
    assert caught.value.message == (
        f"The agent in shop-1 is version 9.0.0 and speaks protocol {PROTOCOL + 1}; "
        f"this client is version {VERSION} and speaks protocol {PROTOCOL}."
    )
    assert caught.value.remedy == (
        "Install the client of the same version: pip install podcov==9.0.0"
    )


def test_an_agent_of_an_older_protocol_asks_for_a_newer_agent() -> None:
    """Also one that names none."""
    with pytest.raises(ProtocolDiffersError) as caught:
        read_turn(POD, {"version": "0.0.1"})
    assert caught.value.remedy == (
        f"Upgrade the agent to {VERSION} (helm upgrade, then restart the workload)."
    )


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"containers": {"a": {"sources": [{"path": "/x"}], "notes": []}}},
        {"containers": {"a": {"sources": 3, "notes": []}}},
        {"containers": []},
    ],
)
def test_a_broken_answer_is_named(broken: dict[str, Any]) -> None:
    """Never a KeyError in somebody's terminal."""
    answer = {"protocol": PROTOCOL, "version": "1", "from": 0, "generation": 1, **broken}
    with pytest.raises(BadAnswerError, match="The answer of shop-1 is not in the form of protocol"):
        read_snapshot(POD, answer)


def test_broken_numbits_are_named() -> None:
    """What is no base64 is not read as no lines."""
    source = {"path": "/x", "blob": "b", "lines": "*", "startup": ""}
    box = {"sources": [source], "notes": []}
    answer = {"protocol": PROTOCOL, "version": "1", "from": 0, "generation": 1}
    with pytest.raises(BadAnswerError):
        read_snapshot(POD, {**answer, "containers": {"shop": box}})


def snapshot_with(branches: object) -> dict[str, Any]:
    source = {"path": "/a.py", "blob": "b", "lines": "", "startup": "", "branches": branches}
    containers = {"shop": {"sources": [source], "notes": []}}
    return {
        "protocol": PROTOCOL,
        "version": "1",
        "from": 0,
        "generation": 1,
        "containers": containers,
    }


def test_exits_are_named_by_their_number() -> None:
    """The nth bit is the nth name: a line, and whether the exit leads into the body."""
    branches = {"exits": "3-,5+,5-", "taken": "Bg==", "startup": "AQ=="}
    (container,) = read_snapshot(POD, snapshot_with(branches)).containers
    assert container.sources[0].exits == Exits(
        taken=frozenset({(5, True), (5, False)}), startup=frozenset({(3, False)})
    )


def test_a_source_without_decisions_has_branches_all_the_same() -> None:
    """That they were recorded is known."""
    branches = {"exits": "", "taken": "", "startup": ""}
    (container,) = read_snapshot(POD, snapshot_with(branches)).containers
    assert container.sources[0].exits == Exits()


@pytest.mark.parametrize(
    "broken",
    [
        None,
        {"exits": "3*", "taken": "", "startup": ""},
        {"exits": "-", "taken": "", "startup": ""},
        {"exits": "3-", "taken": "Ag==", "startup": ""},
        {"exits": "3-"},
    ],
)
def test_broken_branches_are_named(broken: object) -> None:
    """A bit without a name, too."""
    with pytest.raises(BadAnswerError):
        read_snapshot(POD, snapshot_with(broken))
