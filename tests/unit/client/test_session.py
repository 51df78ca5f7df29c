"""The facade against real sidecars: intervals, sessions, mapping, failures."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from podcov import Collection, Interval, Session
from podcov.cli import main
from podcov.discover import target_of
from podcov.errors import (
    NoDataError,
    NothingMapsError,
    PartialError,
    SettingError,
    SourceFolderError,
)
from support.played_cluster import PODS, pod, serving, write_kubeconfig
from support.project import APP, Project

from .conftest import Agent


def closed_url() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def lines(collection: Collection, name: str) -> set[int]:
    (found,) = [file for file in collection.files if file.path.endswith(name)]
    return set(found.lines)


def test_lines_of_a_pod_arrive_under_local_paths(project: Project, agent: Agent) -> None:
    """A file is recognised by its content, wherever the image has it."""
    agent.run(project, "shop/app.py", 1, 4, 5, 6)
    collection = Session(urls=[agent.url]).collect()
    assert [file.path for file in collection.files] == [str(project.root / "shop/app.py")]
    assert lines(collection, "app.py") == {1, 4, 5, 6}
    assert collection.complete


def test_two_pods_are_united(project: Project, start_agent: Callable[[], Agent]) -> None:
    """Replicas measure the same files; the report has what ran in any, and says who told."""
    one, other = start_agent(), start_agent()
    one.run(project, "shop/app.py", 1, 4, 5, 6)
    other.run(project, "shop/app.py", 1, 4, 7)
    collection = Session(urls=[one.url, other.url]).collect()
    assert lines(collection, "app.py") == {1, 4, 5, 6, 7}
    assert collection.files[0].pods == tuple(
        sorted(u.partition("//")[2] for u in (one.url, other.url))
    )


def test_an_agent_named_twice_is_asked_once(project: Project, agent: Agent) -> None:
    """Two spellings of one address."""
    agent.run(project, "shop/app.py", 1)
    collection = Session(urls=[agent.url, agent.url + "/", agent.url.partition("//")[2]]).collect()
    assert len(collection.answered) == 1


def test_an_interval_holds_what_ran_after_it_began(project: Project, agent: Agent) -> None:
    """Lines of before are not counted, but for those of the start-up, which are kept apart."""
    session = Session(urls=[agent.url])
    agent.run(project, "shop/app.py", 1, 4)
    interval = session.begin()
    agent.run(project, "shop/app.py", 5, 6)
    collection = session.collect(since=interval)
    assert lines(collection, "app.py") == {5, 6}
    assert collection.files[0].startup == {1, 4}


def test_intervals_do_not_disturb_each_other(project: Project, agent: Agent) -> None:
    """Two users of one pod each get their own, and asking twice gives the same answer."""
    session = Session(urls=[agent.url])
    mine = session.begin()
    agent.run(project, "shop/app.py", 5)
    theirs = session.begin()
    session.reset()
    agent.run(project, "shop/app.py", 7)
    assert lines(session.collect(since=mine), "app.py") == {5, 7}
    assert lines(session.collect(since=theirs), "app.py") == {7}
    assert lines(session.collect(since=mine), "app.py") == {5, 7}


def test_a_named_session_is_kept_in_the_pod(project: Project, agent: Agent) -> None:
    """Another client, on another machine, collects from where the first one reset."""
    agent.run(project, "shop/app.py", 4)
    Session(urls=[agent.url]).reset("nightly")
    agent.run(project, "shop/app.py", 5)
    assert lines(Session(urls=[agent.url]).collect(since="nightly"), "app.py") == {5}
    assert lines(Session(urls=[agent.url]).collect(since="other"), "app.py") == {4, 5}


def test_a_pod_that_came_later_counts_whole(
    project: Project, start_agent: Callable[[], Agent]
) -> None:
    """A pod that did not exist when the interval began has run nothing that is not of it."""
    one = start_agent()
    interval = Session(urls=[one.url]).begin()
    late = start_agent()
    late.run(project, "shop/app.py", 1, 10)
    collection = Session(urls=[one.url, late.url]).collect(since=interval)
    assert lines(collection, "app.py") == {1, 10}
    assert collection.complete


def test_a_pod_that_does_not_answer_makes_the_collection_partial(
    project: Project, agent: Agent
) -> None:
    """The lines that came are there, and the pod that is missing is named with the reason."""
    agent.run(project, "shop/app.py", 1)
    closed = closed_url()
    collection = Session(urls=[agent.url, closed]).collect()
    assert lines(collection, "app.py") == {1}
    (failure,) = collection.failed
    assert failure.error.message == f"Nobody answers at {closed}: Connection refused."
    with pytest.raises(PartialError, match="1 of 2 pods answered"):
        collection.require_complete()


def test_a_pod_that_missed_the_beginning_is_not_guessed(project: Project, agent: Agent) -> None:
    """Without its generation nobody knows which of its lines belong to the interval."""
    session = Session(urls=[agent.url])
    agent.served.stop()
    interval = session.begin()
    assert interval.unknown == {agent.url}
    (failure,) = session.collect(since=interval).failed
    assert failure.error.slug == "interval-unknown"


@pytest.mark.parametrize(("restarts", "slug"), [(1, "interval-unknown"), (0, "forward-failed")])
def test_a_pod_whose_agent_restarts_at_the_beginning_is_not_guessed(
    project: Project, tmp_path: Path, restarts: int, slug: str
) -> None:
    """Its lines of before are still there; those of a pod that only starts are all of the interval
    (and it would be asked for them)."""
    agent = {"name": "podcov-agent", "state": {"waiting": {}}, "restartCount": restarts}
    waiting = pod("shop-1", status={"phase": "Running", "initContainerStatuses": [agent]})
    routes = {PODS: (200, {"items": [waiting, pod("shop-2")]})}
    with serving(routes) as url:
        config = str(write_kubeconfig(tmp_path / "config", url))
        session = Session(kubeconfig=config, timeout_s=5)
        begun = session.begin()
        routes[PODS] = (200, {"items": [pod("shop-1")]})
        (failure,) = session.collect(since=begun).failed
    assert failure.error.slug == slug


def test_a_pod_that_is_gone_by_the_end_is_missed(
    project: Project, start_agent: Callable[[], Agent]
) -> None:
    """What ran in it is lost with it, and the collection does not call itself whole."""
    one, other = start_agent(), start_agent()
    both = Session(urls=[one.url, other.url]).begin()
    one.run(project, "shop/app.py", 1)
    collection = Session(urls=[one.url]).collect(since=both)
    assert lines(collection, "app.py") == {1}
    assert not collection.complete
    (failure,) = collection.failed
    name = other.url.partition("//")[2]
    assert (failure.name, failure.error.slug) == (name, "pod-terminating")
    assert str(failure.error) == (
        f"Pod {name} has ended since the interval began; what ran in it is lost. "
        "Begin when a rollout has finished, and let the pods stay until the end."
    )


def test_a_pod_that_is_being_deleted_by_the_end_is_missed_once(
    project: Project, tmp_path: Path
) -> None:
    """Without an interval it is left out on purpose; here its lines belong to the report."""
    ended = pod("shop-2", metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"})
    begun = Interval({"uid-shop-2": 1}, answered=(target_of(ended),))
    with serving({PODS: (200, {"items": [pod("shop-1"), ended]})}) as url:
        config = str(write_kubeconfig(tmp_path / "config", url))
        collection = Session(kubeconfig=config, timeout_s=5).collect(since=begun)
        without = Session(kubeconfig=config, timeout_s=5).collect()
    assert [item.name for item in collection.failed] == ["shop-1", "shop-2"]
    assert collection.skipped == ()
    assert [item.name for item in without.skipped] == ["shop-2"]


def test_a_stale_image_is_not_counted_and_named_by_its_commit(
    project: Project, agent: Agent
) -> None:
    """Lines of another version would be wrong lines; git knows which version it was."""
    agent.run(project, "shop/app.py", 1, 4)
    first = project.git("rev-parse", "--short", "HEAD")
    date = project.git("log", "-1", "--format=%cs")
    project.write("shop/app.py", "# new\n" + APP)
    project.commit("The shop changes")
    collection = Session(urls=[agent.url]).collect()
    (stale,) = collection.stale
    assert stale.version == f"the version of commit {first} ({date}, The shop greets)"
    with pytest.raises(NothingMapsError) as caught:
        collection.require_files()
    assert caught.value.message == (
        f"Every measured file that is in {project.root} (1) has another version there: "
        f"/app/shop/app.py is {stale.version}."
    )


def test_uncommitted_changes_are_told_from_another_commit(project: Project, agent: Agent) -> None:
    """The image has the committed version, the work tree does not."""
    agent.run(project, "shop/app.py", 1, 4)
    project.write("shop/app.py", APP + "\n# mine\n")
    (stale,) = Session(urls=[agent.url]).collect().stale
    assert stale.version == "the version without your uncommitted changes"


def test_allow_stale_counts_them_all_the_same(project: Project, agent: Agent) -> None:
    """Who knows better may have the lines; they stay listed."""
    agent.run(project, "shop/app.py", 1, 4)
    project.write("shop/app.py", APP + "\n# mine\n")
    collection = Session(urls=[agent.url], allow_stale=True).collect()
    assert lines(collection, "app.py") == {1, 4}
    assert len(collection.stale) == 1


def test_a_wrong_source_folder_is_said(project: Project, agent: Agent, tmp_path: Path) -> None:
    """Files were measured, and none of them is where somebody looks."""
    agent.run(project, "shop/app.py", 1)
    (tmp_path / "other").mkdir()
    collection = Session(urls=[agent.url], source=[str(tmp_path / "other")]).collect()
    with pytest.raises(NothingMapsError) as caught:
        collection.require_files()
    assert caught.value.message == (
        f"None of 1 measured file is in {tmp_path / 'other'}; the first is /app/shop/app.py."
    )
    assert caught.value.remedy == (
        "Name the folder that holds the sources the image was built from: --source DIR"
    )


def test_a_missing_source_folder_is_said_before_a_pod_is_asked(project: Project) -> None:
    """The mistake is on this side, so no pod needs to be there."""
    with pytest.raises(SourceFolderError) as caught:
        Session(urls=[closed_url()], source=["srk"]).collect()
    assert caught.value.message == f"Source folder srk does not exist (looked in {project.root})."


def test_nothing_measured_is_said(project: Project, agent: Agent) -> None:
    """An agent without a single source is no error of the mapping."""
    collection = Session(urls=[agent.url]).collect()
    with pytest.raises(NoDataError, match=r"Nothing was measured yet in 127\.0\.0\.1:\d+\."):
        collection.require_files()


def test_an_interval_of_an_agent_that_began_anew_is_said(project: Project, agent: Agent) -> None:
    """Another one answers at the address, and has no such generation; in its words."""
    future = Interval({agent.url: 99})
    (failure,) = Session(urls=[agent.url]).collect(since=future).failed
    assert failure.error.slug == "bad-answer"
    assert failure.error.message.endswith(
        " answered: from=99 to=now is no interval of the generations 0 to 0"
    )


def test_status_tells_what_each_container_has(project: Project, agent: Agent) -> None:
    """Sources, lines, interpreters and notes of every container."""
    agent.run(project, "shop/app.py", 1, 4)
    agent.writer.interpreter("3.11.7")
    agent.writer.note("no-source", "/app/x.pyc")
    (health,) = Session(urls=[agent.url]).status().answers
    (shop,) = health.containers
    assert (shop.name, shop.sources, shop.lines) == ("shop", 1, 2)
    assert [item.python for item in shop.interpreters] == ["3.11.7"]
    assert [note.slug for note in shop.notes] == ["no-source"]


def test_a_note_of_several_pods_is_told_once(
    project: Project, start_agent: Callable[[], Agent], capsys: pytest.CaptureFixture[str]
) -> None:
    """However often each of them wrote it; the largest number is told."""
    agents = [start_agent() for _ in range(3)]
    for times, each in enumerate(agents, 1):
        for _ in range(times):
            each.writer.note("no-source", "/app/x.pyc")
    urls = [each.url for each in agents]
    (note,) = Session(urls=urls).collect().notes
    assert (note.slug, note.count) == ("no-source", 3)
    main(["status", *(f"--url={url}" for url in urls)])
    said = capsys.readouterr().err
    assert said.count("note from shop, no-source") == 1
    assert "no-source (3 times): " in said


def test_an_address_may_be_ipv6() -> None:
    """With its brackets."""
    (target,) = Session(urls=["http://[::1]:9200"]).targets()
    assert (target.url, target.port) == ("http://[::1]:9200", 9200)


NO_ADDRESSES = [
    *("ftp://x", "http://", "http://x:y", "http://x:0", "http://[::1", "http://a..b", "http://x y"),
    *(f"http://{'x' * 64}:9095", "http://x/v1", "http://x?name=y", "http://me:secret@x"),
]


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_an_address_of_the_wrong_form_is_said(url: str) -> None:
    """The value and the accepted form are in the message."""
    with pytest.raises(SettingError) as caught:
        Session(urls=[url]).targets()
    assert caught.value.message == f"{url!r} is not the address of an agent."
