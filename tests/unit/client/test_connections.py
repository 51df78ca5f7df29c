"""Connections are kept for the length of a session, made anew when they die, and never stay."""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from podcov import Session, connections
from podcov.errors import ForwardError, PodcovError
from support.played_cluster import PODS, pod, serving, write_kubeconfig, write_kubectl
from support.project import Project
from support.relay import Relay, relaying
from support.waiting import wait_until

from .conftest import Agent
from .test_forward import is_gone


@dataclass
class Way:
    """A session that reaches the agent over a relay."""

    session: Session
    relay: Relay


@pytest.fixture(params=["straight", "native", "kubectl"])
def way(
    request: pytest.FixtureRequest,
    project: Project,
    agent: Agent,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Way]:
    """Each of the three ways there are."""
    kind = request.param
    with ExitStack() as stack:
        relay = stack.enter_context(relaying(agent.served.port, api=kind == "native"))
        if kind == "straight":
            yield Way(Session(urls=[relay.url]), relay)
            return
        routes = {PODS: (200, {"items": [pod("shop-1")]})}
        url = stack.enter_context(serving(routes, forward_to=relay.port))
        config = write_kubeconfig(tmp_path / "config", url)
        write_kubectl(tmp_path / "bin", f"Forwarding from 127.0.0.1:{relay.port} -> 9095")
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        yield Way(Session(kubeconfig=str(config), forward=kind), relay)


def test_many_questions_share_a_connection(way: Way) -> None:
    """Turns, health and collections, in one session."""
    for number in range(1, 6):
        (target,) = way.session.begin().answered
        assert way.session.status().answers[0].generation == number
    assert way.session.collect().answered == (target.name,)
    assert (way.relay.accepted, way.relay.open) == (1, 1)


def test_a_connection_that_died_is_made_again(way: Way) -> None:
    """Nobody notices: the next question is answered, and the one after it over the same."""
    way.session.begin()
    way.relay.cut()
    wait_until("it is cut", lambda: way.relay.open == 0)
    assert way.session.begin().failed == ()
    assert way.session.begin().failed == ()
    assert way.relay.accepted == 2


def test_closing_a_session_closes_its_connections(way: Way, tmp_path: Path) -> None:
    """And the child process, where there is one. It may be asked again all the same."""
    with way.session:
        way.session.begin()
    wait_until("it is closed", lambda: way.relay.open == 0)
    if (tmp_path / "bin/pid").exists():
        assert is_gone(int((tmp_path / "bin/pid").read_text()))
    assert way.session.begin().failed == ()
    wait_until("it is closed, too", lambda: way.relay.open == 0)


def test_a_session_that_is_forgotten_closes_its_connections(way: Way) -> None:
    """Without a ResourceWarning, which would fail this test."""
    way.session.begin()
    del way.session
    gc.collect()
    wait_until("it is closed", lambda: way.relay.open == 0)


def test_a_session_that_was_never_asked_has_nothing_to_close() -> None:
    """Also where there is no cluster."""
    with Session("deploy/shop", kubeconfig="/nowhere"):
        pass


def test_a_forked_child_leaves_its_parents_connection_alone(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It opens one of its own, and its end closes none of its parent's."""
    way.session.begin()
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: -1)
        assert way.session.begin().failed == ()
        way.session.close()
        gc.collect()
    assert way.session.begin().failed == ()
    assert way.relay.accepted == 2, "its parent's still answers"


def test_no_more_connections_are_kept_than_there_are_places(
    project: Project, start_agent: Callable[[], Agent], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that was used longest ago is closed."""
    monkeypatch.setattr(connections, "MOST", 2)
    with ExitStack() as stack:
        relays = [stack.enter_context(relaying(start_agent().served.port)) for _ in range(4)]
        session = stack.enter_context(Session(urls=[relay.url for relay in relays]))
        assert len(session.begin().answered) == 4
        wait_until("two are left", lambda: sum(relay.open for relay in relays) == 2)
        assert len(session.begin().answered) == 4


def test_what_breaks_a_forward_is_told(project: Project, tmp_path: Path) -> None:
    """The API server's words, from the channel of errors."""
    with relaying(1, api=True) as relay:
        relay.says = "an error occurred forwarding 9095: container not running"
        failure = failed_forward(relay, tmp_path)
        assert failure.message == (
            "Port 9095 of pod shop-1 could not be forwarded: an error occurred forwarding 9095: "
            "container not running."
        )
        assert isinstance(failure, ForwardError)


def test_a_number_in_what_breaks_a_forward_is_no_missing_right(
    project: Project, tmp_path: Path
) -> None:
    """The words name the pod's sandbox by 64 hex digits, and 403 may be among them."""
    with relaying(1, api=True) as relay:
        relay.says = "error forwarding port 9095 to pod 81f403c9, uid : exit status 1"
        assert failed_forward(relay, tmp_path).slug == "forward-failed"


def test_a_websocket_that_is_refused_is_told_with_the_servers_message(
    project: Project, tmp_path: Path
) -> None:
    """And not with the headers of the answer."""
    with relaying(1, api=True) as relay:
        relay.refuses = "400 Bad Request"
        assert failed_forward(relay, tmp_path).message == (
            "Port 9095 of pod shop-1 could not be forwarded: HTTP 400: the pod has no host."
        )
        relay.refuses = "403 Forbidden"
        assert failed_forward(relay, tmp_path).slug == "forbidden"


def failed_forward(relay: Relay, tmp_path: Path) -> PodcovError:
    routes = {PODS: (200, {"items": [pod("shop-1")]})}
    with serving(routes, forward_to=relay.port) as url:
        config = write_kubeconfig(tmp_path / "config", url)
        (failure,) = Session(kubeconfig=str(config)).collect().failed
    return failure.error
