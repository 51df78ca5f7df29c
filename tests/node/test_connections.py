"""One session, many questions: its forwards through a real API server and kubelet are kept."""

import os
from itertools import pairwise

import pytest
from node.shops import Shop
from podcov import Session
from support.cluster.kubectl import Tools
from support.waiting import wait_until

pytestmark = pytest.mark.node

SIDECAR = "podcov-agent"
TURNS = 20


@pytest.mark.parametrize("forward", ["native", "kubectl"])
def test_turns_go_on_over_kept_forwards_and_over_the_death_of_a_sidecar(
    measured: dict[str, Shop], tools: Tools, monkeypatch: pytest.MonkeyPatch, forward: str
) -> None:
    """Each turn ends one generation in every pod. A forward that dies with the sidecar is made
    again, and the numbers go on: none is lost, none is given twice."""
    monkeypatch.setenv("PATH", f"{tools.kubectl_program.parent}{os.pathsep}{os.environ['PATH']}")
    namespace = measured["shell"].namespace
    where = {"namespace": namespace, "kubeconfig": str(tools.kubeconfig), "forward": forward}
    with Session("deploy/shop", **where) as session:
        turns = [session.begin() for _ in range(TURNS)]
        assert all(not turn.failed for turn in turns)
        for one, other in pairwise(turns):
            assert {key: number + 1 for key, number in one.generations.items()} == other.generations
        before = session.begin()
        pod = before.answered[0].name
        restarts = _restarts(tools, namespace, pod)
        stop = "import os, signal; os.kill(1, signal.SIGTERM)"
        words = ["exec", pod, "-n", namespace, "-c", SIDECAR, "--", "python3", "-c", stop]
        tools.run(tools.kubectl_program, *words)  # at times it is killed with its container
        wait_until(
            "the sidecar has been started again",
            lambda: _restarts(tools, namespace, pod),
            lambda found: found > restarts,
            timeout_s=60,
        )
        after = wait_until("every sidecar answers", session.begin, lambda turn: not turn.failed)
        assert set(after.generations) == set(before.generations)
        assert all(after.generations[key] > before.generations[key] for key in before.generations)


def _restarts(tools: Tools, namespace: str, pod: str) -> int:
    """How often the sidecar was started again."""
    statuses = tools.get("pod", pod, namespace)["status"]["initContainerStatuses"]
    return sum(each["restartCount"] for each in statuses if each["name"] == SIDECAR)
