"""kubectl as a child: its port is read, its words are told, and it never stays."""

import os
import socket
from pathlib import Path

import pytest
from podcov import CoverageClient, Session
from podcov.errors import ForwardError, PortTakenError, SettingError
from podcov.forward import Kubectl
from podcov.models import Target
from support.played_cluster import PODS, pod, serving, write_kubeconfig, write_kubectl
from support.project import Project

from .conftest import Agent

POD = Target("uid", "shop-1", 9095, "shop")


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_the_port_that_kubectl_prints_is_used_and_kubectl_is_ended(tmp_path: Path) -> None:
    """By its pid, when the block ends."""
    program = write_kubectl(tmp_path / "bin", "Forwarding from 127.0.0.1:41234 -> 9095")
    forward = Kubectl(kubeconfig="cfg", context="ctx", program=str(program))
    with forward.connect(POD, 10) as connection:
        assert connection.port == 41234
    assert is_gone(int((tmp_path / "bin/pid").read_text()))
    assert (tmp_path / "bin/argv").read_text() == (
        "--kubeconfig cfg --context ctx port-forward --address 127.0.0.1 -n shop pod/shop-1 0:9095"
    )


def test_what_kubectl_says_instead_is_told(tmp_path: Path) -> None:
    """The exact message, with the command to try by hand."""
    program = write_kubectl(tmp_path / "bin", 'error: pod "shop-1" not found', code=1)
    with pytest.raises(ForwardError) as caught, Kubectl(program=str(program)).connect(POD, 10):
        pass
    assert caught.value.message == (
        'kubectl could not forward port 9095 of pod shop-1; it said: error: pod "shop-1" not found'
    )
    assert caught.value.remedy.endswith("kubectl port-forward -n shop pod/shop-1 :9095")


def test_a_kubectl_that_says_nothing_is_ended_in_time(tmp_path: Path) -> None:
    """It waits for a login that nobody sees, for example."""
    program = write_kubectl(tmp_path / "bin", "")
    forward = Kubectl(program=str(program))
    with pytest.raises(ForwardError, match=r"it said: nothing for 2 s"), forward.connect(POD, 2):
        pass
    assert is_gone(int((tmp_path / "bin/pid").read_text()))


def test_a_missing_kubectl_is_said() -> None:
    """With the way that needs none."""
    with (
        pytest.raises(ForwardError) as caught,
        Kubectl(program="/nowhere/kubectl").connect(POD, 5),
    ):
        pass
    assert caught.value.message == (
        "/nowhere/kubectl could not be started: No such file or directory."
    )


def test_a_taken_local_port_is_said() -> None:
    """The exact message: which port, and whom to ask."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError) as caught, Kubectl(local_port=port).connect(POD, 5):
            pass
    assert caught.value.message == (
        f"Local port {port} is in use, perhaps by a port-forward that still runs."
    )
    assert caught.value.remedy == (
        f"See who holds it: ss -ltnp 'sport = :{port}' (Linux), lsof -i :{port} (macOS). "
        "--local-port 0 takes a free one."
    )


def test_one_local_port_is_not_for_two_pods(tmp_path: Path) -> None:
    """Before the second pod finds it taken by the first."""
    with serving({PODS: (200, {"items": [pod("a"), pod("b")]})}) as url:
        config = write_kubeconfig(tmp_path / "config", url)
        session = Session(kubeconfig=str(config), forward="kubectl", local_port=9095)
        with pytest.raises(SettingError, match="local_port is 9095, and 2 pods match"):
            session.targets()


def test_the_original_methods_collect_and_report(
    project: Project, agent: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The original client's names, from the pod's name to the merged HTML, over kubectl."""
    port = agent.url.rpartition(":")[2]
    write_kubectl(tmp_path / "bin", f"Forwarding from 127.0.0.1:{port} -> 9095")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    routes = {PODS: (200, {"items": [pod("shop-1")]}), f"{PODS}/shop-1": (200, pod("shop-1"))}
    with serving(routes) as url:
        config = write_kubeconfig(tmp_path / "config", url)
        client = CoverageClient(
            namespace="shop",
            output_dir=str(tmp_path / "out"),
            kubeconfig=str(config),
            forward="kubectl",
        )
        name = client.get_pod_name("app=shop")
        agent.run(project, "shop/app.py", 1, 4, 10)
        client.collect_coverage_from_pod(name, "first")
        client.reset_coverage(name)
        agent.run(project, "shop/app.py", 5, 6)
        client.collect_coverage_from_pod(name, "second")
    merged = client.merge_coverage_files(["first", "second"])
    assert name == "shop-1"
    assert merged == tmp_path / "out/.coverage"
    assert "shop/app.py       7      2    71%" in client.generate_coverage_report()
    assert "shop/app.py" in client.generate_coverage_report("first")
    assert "app_py.html" in client.generate_html_report().read_text()
    assert 'filename="shop/app.py"' in client.generate_xml_report("second").read_text()
