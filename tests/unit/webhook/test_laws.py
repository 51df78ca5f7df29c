"""Laws of inject and revert, over generated pod templates."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from podcov_webhook.annotations import Options
from podcov_webhook.decision import Context, Subject, decide, revert_object
from podcov_webhook.injection import inject, revert
from podcov_webhook.kinds import KINDS, Kind
from podcov_webhook.patch import apply_operations, check_operations, make_operations
from podcov_webhook.review import review
from podcov_webhook.settings import AgentSettings
from support.webhook import make_review
from unit.webhook import strategies
from unit.webhook.objects import container, copy, deployment, pod, template

DEPLOYMENT, POD = KINDS
CONTEXT = Context("podcov", AgentSettings())
MAKERS = {DEPLOYMENT: deployment, POD: pod}

some_templates = given(template=strategies.templates(), options=strategies.options())


def injected(kind: Kind, obj: Any) -> Any:
    return decide(Subject(kind, obj, "shop"), CONTEXT).obj


@settings(max_examples=60, deadline=None)
@some_templates
def test_revert_takes_inject_back_byte_for_byte(
    template: dict[str, Any], options: dict[str, str]
) -> None:
    """revert(inject(x)) is x: every key, every value, every order, as JSON text."""
    for kind, make in MAKERS.items():
        obj = make(template, **options)
        before = json.dumps(obj)
        after = injected(kind, obj)
        assert json.dumps(obj) == before, "the given object must stay as it is"
        assert json.dumps(revert_object(kind, copy(after))) == before


@settings(max_examples=30, deadline=None)
@some_templates
def test_a_second_inject_is_no_patch(template: dict[str, Any], options: dict[str, str]) -> None:
    """What comes back rewritten is not changed again."""
    for kind, make in MAKERS.items():
        once = injected(kind, make(template, **options))
        again = injected(kind, copy(once))
        assert list(make_operations(once, again)) == []


@settings(max_examples=30, deadline=None)
@some_templates
def test_what_is_not_measured_is_equal(template: dict[str, Any], options: dict[str, str]) -> None:
    """Known sidecars, init containers and volumes of the user come out as they went in."""
    obj = deployment(template, **options)
    after = injected(DEPLOYMENT, obj)["spec"]["template"]["spec"]
    spec = template["spec"]
    for before_one, after_one in zip(spec["containers"], after["containers"], strict=True):
        if before_one["name"] == "istio-proxy":
            assert after_one == before_one
    mine = spec.get("initContainers") or []
    assert (after.get("initContainers") or [])[-len(mine) or None :][: len(mine)] == mine
    volumes = spec.get("volumes") or []
    assert (after.get("volumes") or [])[: len(volumes)] == volumes


@settings(max_examples=30, deadline=None)
@given(before=strategies.templates(), after=strategies.templates())
def test_operations_lead_from_any_template_to_any_other(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Applied by jsonpatch, the operations make the second object of the first."""
    text = json.dumps(before)
    operations = list(make_operations(before, after))
    check_operations(before, after, operations)
    assert json.dumps(before) == text, "applying must not touch the given object"
    assert apply_operations(before, copy(operations)) == after


@settings(max_examples=25, deadline=None)
@some_templates
def test_no_env_name_appears_twice_that_did_not_before(
    template: dict[str, Any], options: dict[str, str]
) -> None:
    """Duplicate names accumulate in the API server, so injecting never adds one."""

    def doubled(spec: dict[str, Any]) -> int:
        names = [[e["name"] for e in c.get("env") or []] for c in spec["containers"]]
        return sum(len(each) - len(set(each)) for each in names)

    after = injected(DEPLOYMENT, deployment(template, **options))["spec"]["template"]["spec"]
    assert doubled(after) <= doubled(template["spec"])


@pytest.mark.parametrize("count", [1, 50])
def test_the_cost_of_comparing_is_that_of_the_change(count: int) -> None:
    """Containers that are not measured are the same objects afterwards: no copy, no comparison."""
    others: list[Any] = [{"name": f"c{i}", "image": "x"} for i in range(count)]
    template: Any = {"spec": {"containers": [{"name": "shop", "command": ["a"]}, *others]}}
    after = inject(template, ["shop"], Options(), AgentSettings())
    kept = after["spec"]["containers"][1:]
    assert all(mine is theirs for mine, theirs in zip(kept, others, strict=True))
    assert revert(template) is template


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_the_object_is_the_review_is_answered(data: st.DataObject) -> None:
    """Any value anywhere: admitted, or refused for an annotation; never an exception."""
    make = data.draw(st.sampled_from([deployment, pod]))
    request = make_review(make(template(container())))
    holder, key = request["request"], "object"
    while data.draw(st.booleans()) and holder[key]:
        if not isinstance(holder[key], dict | list):
            break
        holder = holder[key]
        key = data.draw(st.sampled_from(list(holder if isinstance(holder, dict) else [0])))
    holder[key] = data.draw(strategies.anything)
    response = review(request, CONTEXT).answer["response"]
    assert response["allowed"] or "annotation-malformed" in response["status"]["message"]
