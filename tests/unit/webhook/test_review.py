"""The answer to a review: complete, checked, and given to whatever comes."""

from __future__ import annotations

import base64
import json

import pytest
from podcov_webhook import review as review_module
from podcov_webhook.errors import ReviewError
from podcov_webhook.review import review
from unit.webhook.asking import CONTEXT, Change, ask, warnings
from unit.webhook.objects import container, deployment, pod, template


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
