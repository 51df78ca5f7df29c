"""Reviews as the API server sends them: what is rewritten, refused, pinned or left, and why."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from podcov_webhook import review as review_module
from podcov_webhook.decision import Context
from podcov_webhook.errors import ReviewError
from podcov_webhook.review import Reviewed, review
from podcov_webhook.settings import AgentSettings
from support.webhook import make_review, patched
from unit.webhook.objects import container, copy, deployment, pod, template

CONTEXT = Context("podcov", AgentSettings(agent_image="agent:1"))

Change = Callable[[dict[str, Any]], object]


def ask(obj: dict[str, Any], old: dict[str, Any] | None = None, **request: Any) -> Reviewed:
    return review(copy(make_review(obj, old, **request)), CONTEXT)


def stored(obj: dict[str, Any], old: dict[str, Any] | None = None) -> Any:
    """What the API server stores after asking."""
    return patched(copy(obj), ask(obj, old).answer["response"])


def warnings(reviewed: Reviewed) -> list[str]:
    return reviewed.answer["response"].get("warnings", [])


def test_the_answer_is_a_complete_admission_review() -> None:
    """The uid comes back, the patch is base64 of JSON operations, and the log knows all."""
    reviewed = ask(deployment())
    response = reviewed.answer["response"]
    assert (reviewed.answer["apiVersion"], reviewed.answer["kind"]) == (
        "admission.k8s.io/v1",
        "AdmissionReview",
    )
    assert response["uid"] == reviewed.uid == "705ab4f5-6393-11e8-b7cc-42010a800002"
    assert response["patchType"] == "JSONPatch"
    operations = json.loads(base64.b64decode(response["patch"]))
    assert {operation["op"] for operation in operations} == {"add"}
    assert (reviewed.kind, reviewed.namespace, reviewed.name) == ("Deployment", "shop", "shop")
    assert (reviewed.operation, reviewed.outcome, reviewed.slugs) == ("CREATE", "injected", ())


def test_operations_touch_only_what_changes() -> None:
    """No container, list or spec is replaced as a whole."""
    response = ask(deployment(template(container(command=["a"], env=[{"name": "A"}]))))
    operations = json.loads(base64.b64decode(response.answer["response"]["patch"]))
    base = "/spec/template"
    assert {(operation["op"], operation["path"]) for operation in operations} == {
        ("add", f"{base}/metadata/annotations"),
        *(("add", f"{base}/spec/containers/0/command/{i}") for i in (0, 1, 2)),
        *(("add", f"{base}/spec/containers/0/env/{i}") for i in (1, 2)),
        ("add", f"{base}/spec/containers/0/volumeMounts"),
        ("add", f"{base}/spec/initContainers"),
        ("add", f"{base}/spec/volumes"),
    }


def test_a_malformed_annotation_is_refused_with_400() -> None:
    """Key, value and accepted form reach the user of kubectl."""
    reviewed = ask(deployment(enabled="yes"))
    assert reviewed.answer["response"] == {
        "uid": reviewed.uid,
        "allowed": False,
        "status": {
            "code": 400,
            "reason": "BadRequest",
            "message": "annotation coverage.io/enabled is 'yes'; accepted: the text \"true\" or "
            '"false" [annotation-malformed]',
        },
    }
    assert reviewed.outcome == "refused"


def test_one_command_cannot_be_for_two_containers() -> None:
    """It would be wrong for one of them."""
    obj = deployment(template(container(), container("worker")), command='["python"]')
    message = ask(obj).answer["response"]["status"]["message"]
    assert message == (
        "annotation coverage.io/command is ['python']; accepted: the command of one container, "
        "but shop, worker have none; choose one with coverage.io/containers "
        "[annotation-malformed]"
    )


def test_other_annotations_are_not_looked_at_unless_enabled() -> None:
    """Whoever switches measuring off is not asked to mend the rest."""
    reviewed = ask(deployment(enabled="false", port="http"))
    assert (reviewed.outcome, reviewed.answer["response"]["allowed"]) == ("unchanged", True)


def test_a_pod_that_a_controller_makes_is_never_refused() -> None:
    """Nobody would read the message: the pod would only be missing."""
    obj = pod(enabled="yes")
    obj["metadata"]["ownerReferences"] = [{"kind": "ReplicaSet", "name": "x", "controller": True}]
    reviewed = ask(obj)
    assert (reviewed.outcome, reviewed.slugs) == ("skipped", ("annotation-malformed",))
    assert reviewed.answer["response"]["allowed"]


def labelled(**labels: Any) -> Change:
    return lambda obj: obj["metadata"].update(labels)


def in_spec(**fields: Any) -> Change:
    return lambda obj: obj["spec"]["template"]["spec"].update(fields)


def in_container(**fields: Any) -> Change:
    return lambda obj: obj["spec"]["template"]["spec"]["containers"][0].update(fields)


def windows_nodes() -> dict[str, Any]:
    match = {"key": "kubernetes.io/os", "operator": "In", "values": ["windows"]}
    terms = [{"matchFields": []}, {"matchExpressions": [match]}]
    required = {"nodeSelectorTerms": terms}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        (
            labelled(deletionTimestamp="2030-01-01T00:00:00Z"),
            "podcov: the object is being deleted; left as it is [being-deleted]",
        ),
        (
            lambda obj: obj["metadata"]["annotations"].update({"kubernetes.io/config.mirror": "x"}),
            "podcov: the kubelet owns this pod; not measured [mirror-pod]",
        ),
        (
            in_spec(hostNetwork=True),
            "podcov: the pod uses the host's network; not measured [host-network]",
        ),
        (
            in_spec(os={"name": "windows"}),
            "podcov: the pod runs on Windows; not measured [windows]",
        ),
        (
            in_spec(nodeSelector={"kubernetes.io/os": "windows"}),
            "podcov: the pod runs on Windows; not measured [windows]",
        ),
        *(
            (change, "podcov: the pod runs on Windows; not measured [windows]")
            for change in (
                in_spec(affinity=windows_nodes()),
                in_spec(securityContext={"windowsOptions": {"runAsUserName": "app"}}),
                in_container(securityContext={"windowsOptions": {"hostProcess": False}}),
            )
        ),
        (
            in_spec(containers=[container("istio-proxy"), container("envoy")]),
            "podcov: every container is a known sidecar (istio-proxy, envoy); name one in "
            "coverage.io/containers [no-target]",
        ),
        (
            in_spec(volumes=[{"name": "podcov-spool", "emptyDir": {}}]),
            "podcov: there is a volume podcov-spool already; not measured [volume-taken]",
        ),
        (
            in_spec(initContainers=[container("podcov-agent")]),
            "podcov: there is a container podcov-agent already; not measured [container-taken]",
        ),
        (
            in_spec(initContainers=[container("podcov-image-shop")]),
            "podcov: there is a container podcov-image-shop already; not measured "
            "[container-taken]",
        ),
        (
            in_container(volumeMounts=[{"name": "x", "mountPath": "/podcov/agent/"}]),
            "podcov: container shop mounts a volume at /podcov/agent/; not measured [mount-taken]",
        ),
        (
            in_container(volumeMounts=[{"name": "x", "mountPath": "//x/..//podcov"}]),
            "podcov: container shop mounts a volume at //x/..//podcov; not measured [mount-taken]",
        ),
        (
            in_container(env=[{"name": "PODCOV_HOME", "value": "/x"}]),
            "podcov: container shop sets PODCOV_HOME itself; not measured [env-taken]",
        ),
        (
            in_container(ports=[{"containerPort": 9095, "protocol": "TCP"}]),
            "podcov: container shop uses port 9095; choose another with coverage.io/port "
            "[port-taken]",
        ),
    ],
)
def test_what_cannot_be_measured_is_admitted_unchanged_with_a_warning(
    change: Change, warning: str
) -> None:
    """The warning says why, in words that can be looked up."""
    obj = deployment()
    change(obj)
    reviewed = ask(obj)
    assert reviewed.outcome == "skipped"
    assert reviewed.answer["response"] == {
        "uid": reviewed.uid,
        "allowed": True,
        "warnings": [warning],
    }


@pytest.mark.parametrize("namespace", ["kube-system", "podcov"])
def test_system_namespaces_are_left_alone(namespace: str) -> None:
    """Even a malformed annotation is not refused there; who did not ask gets no warning."""
    reviewed = ask(deployment(enabled="yes"), namespace=namespace)
    assert warnings(reviewed) == [
        f"podcov: nothing is measured in namespace {namespace} [namespace-excluded]"
    ]
    assert warnings(ask(deployment(enabled=None), namespace=namespace)) == []


def test_an_object_being_deleted_is_not_refused() -> None:
    """Its finalizers could never be removed otherwise."""
    obj = deployment(enabled="yes")
    obj["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"
    assert ask(obj).answer["response"]["allowed"]


def test_unknown_keys_are_measured_with_warnings() -> None:
    """Lines are better than nothing."""
    reviewed = ask(deployment(branch="true", sourc="x"))
    assert reviewed.outcome == "injected"
    assert reviewed.slugs == ("annotation-unknown",)


def test_a_command_that_no_container_needs_is_said() -> None:
    """It would be believed to have an effect."""
    assert ask(deployment(command='["x"]')).slugs == ("command-unused",)


def test_another_kind_is_admitted_with_a_warning() -> None:
    """Rules of the configuration may be wider than the table of kinds."""
    obj = {**deployment(), "kind": "ReplicaSet"}
    assert warnings(ask(obj)) == [
        "podcov: ReplicaSet objects are not measured; annotate a Deployment or Pod "
        "[kind-unsupported]"
    ]


def test_subresources_and_other_operations_are_not_looked_at() -> None:
    """scale, status, eviction and deletion pass."""
    scale = make_review(deployment())
    scale["request"]["subResource"] = "scale"
    assert review(scale, CONTEXT).outcome == "unchanged"
    assert ask(deployment(), operation="DELETE").outcome == "unchanged"


def test_removing_the_annotation_restores_the_template() -> None:
    """In an update: what the API server stores then is what it stored before."""
    original = deployment(enabled=None)
    measured = stored(deployment())
    del measured["metadata"]["annotations"]["coverage.io/enabled"]
    assert ask(measured, stored(deployment())).outcome == "reverted"
    assert stored(measured, stored(deployment())) == original


def test_a_rollback_restores_template_and_record_together() -> None:
    """`rollout undo` to a measured template of a Deployment that no longer asks: reverted."""
    rolled_back = deployment(enabled=None)
    rolled_back["spec"]["template"] = stored(deployment())["spec"]["template"]
    assert stored(rolled_back, deployment(enabled=None)) == deployment(enabled=None)


def test_a_measured_pod_that_gains_an_obstacle_is_cleaned() -> None:
    """hostNetwork set later: our sidecar would listen on the host."""
    measured = stored(deployment())
    measured["spec"]["template"]["spec"]["hostNetwork"] = True
    after = stored(measured, stored(deployment()))
    assert after == deployment(template(hostNetwork=True))


def test_a_pod_from_a_rewritten_template_passes_as_it_is() -> None:
    """It bears the record of its owner's template, but no annotation of its own."""
    made = pod(enabled=None)
    measured = stored(deployment())["spec"]["template"]
    made["metadata"]["annotations"] = measured["metadata"]["annotations"]
    made["spec"] = measured["spec"]
    reviewed = ask(made)
    assert (reviewed.outcome, "patch" in reviewed.answer["response"]) == ("unchanged", False)


def test_applying_a_pods_manifest_again_is_pinned() -> None:
    """The manifest comes without anything of ours; the pod keeps all of it."""
    measured = stored(pod())
    again = pod()
    again["metadata"]["labels"] = {"new": "label"}
    reviewed = ask(again, measured)
    after = patched(again, reviewed.answer["response"])
    assert reviewed.outcome == "pinned"
    assert after["spec"] == measured["spec"]
    assert after["metadata"]["labels"] == {"new": "label"}
    injected = "coverage.io/injected"
    assert (
        after["metadata"]["annotations"][injected]
        == (measured["metadata"]["annotations"][injected])
    )


def test_a_pods_image_may_change_while_the_rest_is_pinned() -> None:
    """An image is what can change in a pod."""
    measured = stored(pod())
    again = pod()
    again["spec"]["containers"][0]["image"] = "shop:2"
    after = stored(again, measured)
    expected = copy(measured)
    expected["spec"]["containers"][0]["image"] = "shop:2"
    assert after == expected


def test_a_pod_of_another_shape_is_left_to_the_api_server() -> None:
    """What changes containers or volumes of a pod is refused there, with or without us."""
    measured = stored(pod(template(container(command=["a"], env=[{"name": "A", "value": "1"}]))))
    other = pod(template(container(command=["a"])))
    reviewed = ask(other, measured)
    assert (reviewed.outcome, reviewed.answer["response"]["allowed"]) == ("unchanged", True)


def test_pinning_keeps_the_old_agent() -> None:
    """An upgraded webhook must not change a living pod."""
    measured = stored(pod())
    newer = Context("podcov", AgentSettings(agent_image="agent:2"))
    reviewed = review(make_review(copy(measured), measured), newer)
    assert "patch" not in reviewed.answer["response"]
    pinned = review(make_review(pod(), measured), newer)
    assert patched(pod(), pinned.answer["response"]) == measured


@pytest.mark.parametrize("value", [None, "false"])
def test_a_living_pod_stays_measured_and_the_user_is_told(value: str | None) -> None:
    """Removing the annotation cannot change a pod."""
    measured = stored(pod())
    without = copy(measured)
    without["metadata"]["annotations"].pop("coverage.io/enabled")
    if value:
        without["metadata"]["annotations"]["coverage.io/enabled"] = value
    reviewed = ask(without, measured)
    assert warnings(reviewed) == [
        "podcov: annotations of a running pod have no effect; create it again [pod-cannot-change]"
    ]
    assert "patch" not in reviewed.answer["response"]


def test_annotating_a_living_pod_is_told_to_be_too_late() -> None:
    """And a malformed value is refused there too, because somebody is reading."""
    reviewed = ask(pod(), pod(enabled=None))
    assert (reviewed.outcome, reviewed.slugs) == ("unchanged", ("pod-cannot-change",))
    assert not ask(pod(enabled="yes"), pod(enabled=None)).answer["response"]["allowed"]
    assert ask(pod(enabled="yes"), pod(enabled="yes")).answer["response"]["allowed"]


@pytest.mark.parametrize(
    ("record", "detail"),
    [
        ("{", "cannot be read (JSONDecodeError("),
        ("[]", "cannot be read (TypeError("),
        ('{"v":9}', "has version 9, expected 1; upgrade podcov, or apply the original manifest"),
    ],
)
def test_an_unreadable_record_is_left_with_a_warning(record: str, detail: str) -> None:
    """Nothing can be taken back without it, so nothing is touched."""
    obj = deployment()
    obj["spec"]["template"]["metadata"]["annotations"] = {"coverage.io/injected": record}
    reviewed = ask(obj)
    assert (reviewed.outcome, reviewed.slugs) == ("failed", ("record-unreadable",))
    assert f"podcov: the record in coverage.io/injected {detail}" in warnings(reviewed)[0]
    assert reviewed.answer["response"]["allowed"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda obj: obj["spec"].pop("template"),
        lambda obj: obj["spec"]["template"].update(spec=None),
        lambda obj: obj["spec"]["template"]["spec"].update(containers="x"),
        lambda obj: obj.update(metadata=None),
        lambda obj: obj["spec"]["template"]["spec"]["containers"][0].pop("name"),
    ],
)
def test_an_object_that_makes_no_sense_is_admitted(damage: Change) -> None:
    """The API server will refuse it; we must not."""
    obj = deployment()
    damage(obj)
    reviewed = ask(obj)
    assert reviewed.answer["response"]["allowed"]
    assert "patch" not in reviewed.answer["response"]


def test_operations_that_lead_elsewhere_are_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The independent check: a fault in our own operations admits the object unchanged."""
    make = review_module.make_operations
    monkeypatch.setattr(review_module, "make_operations", lambda *pair: [*make(*pair)][:-1])
    reviewed = ask(deployment())
    assert (reviewed.outcome, reviewed.slugs) == ("failed", ("patch-unsound",))
    assert "patch" not in reviewed.answer["response"]


@pytest.mark.parametrize(
    "body", [None, [], {}, {"request": None}, {"request": {"uid": 1}}, {"request": {"uid": "x"}}]
)
def test_a_body_that_is_no_review_is_an_error(body: object) -> None:
    """Without a uid there is nothing to answer."""
    with pytest.raises(ReviewError, match="the body is no AdmissionReview"):
        review(body, CONTEXT)


def test_a_pod_without_a_name_yet_is_logged_by_its_prefix() -> None:
    """generateName pods get their name after admission."""
    obj = pod()
    obj["metadata"]["generateName"] = "shop-"
    del obj["metadata"]["name"]
    assert ask(obj).name == "shop-"


def test_warnings_are_one_line_of_at_most_240_characters() -> None:
    """Longer ones are cut by Kubernetes."""
    (warning,) = warnings(ask(deployment(**{"x\n" + "y" * 400: "1"})))
    assert len(warning) == 240
    assert "\n" not in warning
    assert warning.endswith("... [annotation-unknown]")
