"""A Deployment's way through a real API server: in, unchanged by every tool, and out again."""

import json

import pytest
from admission.conftest import reviews, sidecars
from admission.manifests import ENABLED, container, make_deployment
from support.cluster.kubectl import RefusedError, Tools
from support.webhook import WebhookProcess

pytestmark = pytest.mark.admission

ENV = [{"name": "PYTHONPATH", "value": "/srv/lib"}, {"name": "A", "value": "$(PYTHONPATH)"}]


@pytest.fixture
def shop(tools: Tools, namespace: str) -> str:
    """The namespace of a stored, unmeasured Deployment `shop`."""
    tools.send("apply", make_deployment(namespace, container(args=["-w", "2"], env=ENV)))
    return namespace


def annotate(tools: Tools, namespace: str, *annotations: str) -> str:
    return tools.kubectl("annotate", "deployment", "shop", "-n", namespace, *annotations)


def template(tools: Tools, namespace: str) -> str:
    """The stored template, as text."""
    return json.dumps(tools.get("deployment", "shop", namespace)["spec"]["template"])


def test_an_annotation_rewrites_the_template(tools: Tools, shop: str) -> None:
    """`kubectl annotate` alone puts the sidecar in and the launcher before the command."""
    annotate(tools, shop, f"{ENABLED}=true")
    found = tools.get("deployment", "shop", shop)
    app = found["spec"]["template"]["spec"]["containers"][0]
    assert sidecars(found) == ["podcov-agent"]
    assert app["command"] == [
        "/podcov/agent/bin/sh",
        "/podcov/agent/bin/launch",
        "--",
        "gunicorn",
        "shop:app",
    ]
    assert app["args"] == ["-w", "2"]


@pytest.mark.parametrize("change", [f"{ENABLED}-", f"{ENABLED}=false"])
def test_taking_it_back_restores_the_template(tools: Tools, shop: str, change: str) -> None:
    """Without the annotation or with "false" the template is what it was, byte for byte."""
    before = template(tools, shop)
    annotate(tools, shop, f"{ENABLED}=true")
    assert template(tools, shop) != before
    annotate(tools, shop, change, "--overwrite")
    assert template(tools, shop) == before


@pytest.mark.parametrize("mode", [[], ["--server-side", "--force-conflicts"]])
def test_no_tool_sees_a_drift(tools: Tools, namespace: str, mode: list[str]) -> None:
    """Applying the same manifest again, for real or dry, and `kubectl diff` change nothing."""
    manifest = make_deployment(namespace, container(env=ENV), enabled="true")
    tools.send("apply", manifest, *mode)
    first = tools.get("deployment", "shop", namespace)
    assert sidecars(first) == ["podcov-agent"]
    dry = json.loads(tools.send("apply", manifest, *mode, "--dry-run=server", "-o", "json"))
    assert dry["spec"] == first["spec"]
    tools.send("apply", manifest, *mode)
    again = tools.get("deployment", "shop", namespace)
    assert again["spec"] == first["spec"]
    assert again["metadata"]["generation"] == first["metadata"]["generation"]
    assert tools.send("diff", manifest, *mode) == ""


def test_an_applied_change_is_kept_and_measured(tools: Tools, namespace: str) -> None:
    """A new image and a new variable in the manifest arrive; the sidecar stays, once."""
    tools.send("apply", make_deployment(namespace, enabled="true"))
    changed = container(image="shop:2", env=[{"name": "B", "value": "2"}])
    tools.send("apply", make_deployment(namespace, changed, enabled="true"))
    found = tools.get("deployment", "shop", namespace)
    app = found["spec"]["template"]["spec"]["containers"][0]
    assert sidecars(found) == ["podcov-agent"]
    assert app["image"] == "shop:2"
    assert {"name": "B", "value": "2"} in app["env"]
    assert app["command"][-2:] == ["gunicorn", "shop:app"]


def test_a_restart_changes_nothing_but_its_mark(tools: Tools, shop: str) -> None:
    """`kubectl rollout restart` adds its annotation; only the record of what was there follows."""
    annotate(tools, shop, f"{ENABLED}=true")
    before = tools.get("deployment", "shop", shop)["spec"]["template"]
    tools.kubectl("rollout", "restart", "deployment/shop", "-n", shop)
    after = tools.get("deployment", "shop", shop)["spec"]["template"]
    assert after["metadata"]["annotations"].pop("kubectl.kubernetes.io/restartedAt")
    for each in (before, after):
        assert each["metadata"]["annotations"].pop("coverage.io/injected")
    assert after == before


def test_what_is_injected_is_not_injected_again(
    tools: Tools, shop: str, webhook: WebhookProcess
) -> None:
    """A measured object that comes back to the webhook is answered without a patch."""
    annotate(tools, shop, f"{ENABLED}=true")
    before = tools.get("deployment", "shop", shop)
    annotate(tools, shop, "coverage.io/resync=1")
    line = webhook.wait_for_line(event="review", namespace=shop, outcome="unchanged")
    assert line["operation"] == "UPDATE"
    assert tools.get("deployment", "shop", shop)["spec"] == before["spec"]


def test_objects_without_annotations_never_reach_the_webhook(
    tools: Tools, shop: str, webhook: WebhookProcess
) -> None:
    """Changing an unannotated Deployment asks nobody, nor does scaling a measured one."""
    before = reviews(webhook)
    tools.kubectl("set", "image", "deployment/shop", "shop=shop:3", "-n", shop)
    tools.kubectl("annotate", "deployment", "shop", "-n", shop, "team=green")
    tools.kubectl("scale", "deployment/shop", "--replicas=3", "-n", shop)
    assert reviews(webhook) == before
    annotate(tools, shop, f"{ENABLED}=true")
    assert reviews(webhook) == before + 1
    tools.kubectl("scale", "deployment/shop", "--replicas=4", "-n", shop)
    tools.kubectl("annotate", "deployment", "shop", "-n", shop, "team=blue", "--overwrite")
    assert reviews(webhook) == before + 1


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        (
            {"enabled": "yes"},
            'annotation coverage.io/enabled is \'yes\'; accepted: the text "true" or "false"'
            " [annotation-malformed]",
        ),
        (
            {"enabled": "true", "command": "gunicorn shop:app"},
            "annotation coverage.io/command is 'gunicorn shop:app'; accepted: a JSON list of texts,"
            ' not empty, such as ["python", "-m", "shop"] [annotation-malformed]',
        ),
        (
            {"enabled": "true", "containers": "shop,web"},
            "annotation coverage.io/containers is 'shop,web'; accepted: names out of shop,"
            " comma separated"
            " [annotation-malformed]",
        ),
    ],
)
def test_a_malformed_annotation_is_refused(
    tools: Tools, namespace: str, annotations: dict[str, str], message: str
) -> None:
    """The person at kubectl reads the key, the value and what is accepted."""
    with pytest.raises(RefusedError) as refused:
        tools.send("create", make_deployment(namespace, **annotations))
    denied = 'admission webhook "inject.podcov.coverage.io" denied the request: '
    assert str(refused.value) == (
        f'Error from server (BadRequest): error when creating "STDIN": {denied}{message}'
    )


def test_a_pod_with_resources_as_a_whole_is_admitted(tools: Tools, namespace: str) -> None:
    """Its containers ask for all that it has; the API server refuses a pod that adds to that."""
    whole = {"requests": {"cpu": "1", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "64Mi"}}
    manifest = make_deployment(namespace, container(resources=whole), enabled="true")
    manifest["spec"]["template"]["spec"]["resources"] = whole
    tools.send("create", manifest)
    assert sidecars(tools.get("deployment", "shop", namespace)) == ["podcov-agent"]
