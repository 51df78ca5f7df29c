"""What helm makes of the chart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from podcov_webhook import contract
from support.chart import Json
from support.helm import (
    Release,
    RenderError,
    examples,
    render,
    render_notes,
    render_text,
)

EXAMPLES = examples()
PLAIN = Release()


def of_kind(found: list[Json], kind: str) -> list[Json]:
    return [item for item in found if item["kind"] == kind]


def named(found: list[Json], kind: str, suffix: str) -> Json:
    (item,) = [i for i in of_kind(found, kind) if i["metadata"]["name"].endswith(suffix)]
    return item


def identities(found: list[Json]) -> set[tuple[str, str, str]]:
    return {
        (item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"])
        for item in found
    }


def pod_specs(found: list[Json]) -> dict[str, Json]:
    """The spec of each pod that the chart leads to, by name."""
    specs = {
        item["metadata"]["name"]: item["spec"]["template"]["spec"]
        for item in of_kind(found, "Deployment")
    }
    return specs | {item["metadata"]["name"]: item["spec"] for item in of_kind(found, "Pod")}


@pytest.mark.parametrize("values", EXAMPLES, ids=lambda path: path.stem)
def test_examples_in_git_are_what_the_chart_renders(values: Path) -> None:
    """charts/podcov/examples is up to date: `python -m support.helm` in tests/ writes it."""
    assert EXAMPLES[values].read_text() == render_text(values)


@pytest.mark.parametrize("values", EXAMPLES, ids=lambda path: path.stem)
def test_every_pod_is_restricted(values: Path) -> None:
    """Every pod of the chart fits PodSecurity restricted and has a read-only root file system."""
    for name, spec in pod_specs(render(values)).items():
        assert spec["securityContext"] == {
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }, name
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert {"requests", "limits"} <= set(container["resources"]), name


def test_the_webhook_holds_no_token() -> None:
    """The webhook's pods cannot ask the API for anything."""
    found = render({})
    assert pod_specs(found)["podcov-webhook"]["automountServiceAccountToken"] is False
    bound = [
        subject["name"]
        for kind in ("RoleBinding", "ClusterRoleBinding")
        for item in of_kind(found, kind)
        for subject in item["subjects"]
    ]
    assert "podcov-webhook" not in bound
    assert set(bound) == {"podcov-controller", "podcov-test"}


def test_service_links_are_off() -> None:
    """A Service podcov-webhook would set PODCOV_WEBHOOK_PORT, which is a setting of ours."""
    for name in ("podcov-webhook", "podcov-controller"):
        assert pod_specs(render({}))[name]["enableServiceLinks"] is False


def test_the_controllers_rights_are_bound_to_names() -> None:
    """Nothing but creating a Secret is granted without a name."""
    found = render({})
    rules = [
        rule
        for kind in ("Role", "ClusterRole")
        for item in of_kind(found, kind)
        if item["metadata"]["name"].endswith("-controller")
        for rule in item["rules"]
    ]
    unbound = [rule for rule in rules if "resourceNames" not in rule]
    assert unbound == [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]}]
    assert not [rule for rule in rules if "*" in str(rule) or "delete" in rule["verbs"]]


def test_secret_mount_and_rights_name_one_secret() -> None:
    """The controller writes the Secret that the webhook mounts, which need not be there yet."""
    found = render({})
    (volume,) = pod_specs(found)["podcov-webhook"]["volumes"]
    assert volume["secret"]["optional"] is True
    name = volume["secret"]["secretName"]
    assert f"--secret={name}" in pod_specs(found)["podcov-controller"]["containers"][0]["args"]
    assert named(found, "Role", "-controller")["rules"][0]["resourceNames"] == [name]


def test_the_controller_is_told_the_real_names() -> None:
    """Service and webhook configuration of the controller's arguments exist."""
    found = render({}, Release("a", "b"))
    arguments = dict(
        argument.removeprefix("--").split("=", 1)
        for argument in pod_specs(found)["a-podcov-controller"]["containers"][0]["args"][1:]
    )
    assert arguments["service"] == of_kind(found, "Service")[0]["metadata"]["name"]
    (configuration,) = of_kind(found, "MutatingWebhookConfiguration")
    assert arguments["configuration"] == configuration["metadata"]["name"]
    assert arguments["namespace"] == "b"


def webhook_of(values: Json, release: Release = PLAIN) -> Json:
    (configuration,) = of_kind(render(values, release), "MutatingWebhookConfiguration")
    (webhook,) = configuration["webhooks"]
    found: Json = webhook
    return found


def test_the_configuration_can_do_no_harm() -> None:
    """A dead webhook blocks nothing; kube-system, our namespace and our objects never reach it."""
    webhook = webhook_of({}, Release("r", "tools"))
    assert webhook["failurePolicy"] == "Ignore"
    assert webhook["timeoutSeconds"] == 5
    assert webhook["sideEffects"] == "None"
    assert webhook["matchPolicy"] == "Equivalent"
    (expression,) = webhook["namespaceSelector"]["matchExpressions"]
    assert expression["operator"] == "NotIn"
    assert set(expression["values"]) == {"kube-system", "tools"}
    assert webhook["objectSelector"]["matchExpressions"] == [
        {"key": "coverage.io/component", "operator": "DoesNotExist"}
    ]


def test_own_objects_carry_the_excluding_label() -> None:
    """Each pod of the chart has the label that the webhook never selects."""
    for deployment in of_kind(render({}), "Deployment"):
        assert "coverage.io/component" in deployment["metadata"]["labels"]
        assert "coverage.io/component" in deployment["spec"]["template"]["metadata"]["labels"]


def test_conditions_come_first() -> None:
    """Objects without our annotations are sorted out by the API server; own conditions add up."""
    extra = {"name": "mine", "expression": "true"}
    names = [
        condition["name"]
        for condition in webhook_of({"webhook": {"extraMatchConditions": [extra]}})[
            "matchConditions"
        ]
    ]
    assert names == ["opted-in-or-was", "relevant-change", "mine"]


def test_the_chart_never_writes_the_controllers_bundle() -> None:
    """An upgrade must not take the caBundle away that the controller wrote."""
    assert "caBundle" not in webhook_of({})["clientConfig"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Release("a", "n"), Release("b", "n")),
        (Release("a", "n"), Release("a", "m")),
        (Release("a-b", "c"), Release("a", "b-c")),
    ],
    ids=["names", "namespaces", "hyphens"],
)
def test_two_releases_share_nothing(one: Release, other: Release) -> None:
    """No object of one release has the name of another's."""
    assert identities(render({}, one)) & identities(render({}, other)) == set()


def test_two_releases_select_their_own_pods() -> None:
    """Services of two releases in one namespace select different pods."""
    first, second = (of_kind(render({}, Release(n)), "Service")[0] for n in ("a", "b"))
    assert first["spec"]["selector"] != second["spec"]["selector"]


def test_selectors_match_their_pods() -> None:
    """Deployment, Service and disruption budget select the pods that the template makes."""
    found = render({})
    for deployment in of_kind(found, "Deployment"):
        labels = deployment["spec"]["template"]["metadata"]["labels"].items()
        assert deployment["spec"]["selector"]["matchLabels"].items() <= labels
    labels = named(found, "Deployment", "-webhook")["spec"]["template"]["metadata"]["labels"]
    assert of_kind(found, "Service")[0]["spec"]["selector"].items() <= labels.items()
    (budget,) = of_kind(found, "PodDisruptionBudget")
    assert budget["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_one_replica_has_no_budget() -> None:
    """A budget over a single replica would block node drains."""
    assert of_kind(render({"webhook": {"replicas": 1}}), "PodDisruptionBudget") == []


def test_only_the_controllers_certificates_need_the_controller() -> None:
    """With certificates from elsewhere there is no controller, no role and no account of it."""
    found = render({"certificates": {"source": "certManager"}})
    assert not [name for _, _, name in identities(found) if name.endswith("-controller")]
    (certificate,) = of_kind(found, "Certificate")
    (service,) = of_kind(found, "Service")
    name = f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc"
    assert name in certificate["spec"]["dnsNames"]
    (configuration,) = of_kind(found, "MutatingWebhookConfiguration")
    injected = configuration["metadata"]["annotations"]["cert-manager.io/inject-ca-from"]
    assert injected == f"podcov/{certificate['metadata']['name']}"


def test_a_digest_wins_over_a_tag() -> None:
    """Images are registry/repository:tag, or @digest, for the webhook and for the agent alike."""
    digest = "sha256:" + "0" * 64
    image = {"registry": "r.example", "repository": "x/y", "tag": "1", "digest": digest}
    arguments = pod_specs(render({"agent": {"image": image}, "image": image}))["podcov-webhook"]
    assert arguments["containers"][0]["image"] == f"r.example/x/y@{digest}"
    assert f"--agent-image=r.example/x/y@{digest}" in arguments["containers"][0]["args"]


def test_default_images_are_of_this_version() -> None:
    """Without a tag it is the version of the chart."""
    (container,) = pod_specs(render({}))["podcov-webhook"]["containers"]
    assert container["image"] == f"podcov/webhook:{contract.VERSION}"


def test_the_sleep_before_the_stop_fits_the_cluster() -> None:
    """From 1.30 on the kubelet sleeps by itself; before, the image's own program does."""
    hooks = [
        pod_specs(render({}, Release(kube_version=version)))["podcov-webhook"]["containers"][0][
            "lifecycle"
        ]["preStop"]
        for version in ("1.29.4", "1.30.0")
    ]
    assert hooks == [{"exec": {"command": ["sleep", "5"]}}, {"sleep": {"seconds": 5}}]


def test_old_clusters_are_refused_by_version() -> None:
    """The error says which Kubernetes is needed."""
    with pytest.raises(RenderError, match=re.escape(">= 1.29.0-0")):
        render({}, Release(kube_version="1.28.9"))


def test_a_misspelt_key_fails_the_installation() -> None:
    """Helm checks the values against the schema."""
    with pytest.raises(RenderError, match="'replica' not allowed"):
        render({"webhook": {"replica": 3}})


def test_the_notes_name_the_next_two_commands() -> None:
    """After the installation helm says what is there and what to do, with the real names."""
    notes = render_notes({}, Release("cov", "tools"))
    commands = re.findall(r"^  ((?:helm|kubectl) .*)$", notes, re.MULTILINE)
    assert commands == [
        "helm test cov -n tools",
        "kubectl annotate deployment NAME coverage.io/enabled=true",
    ]
    for line in ("deployment/cov-podcov-webhook", "deployment/cov-podcov-controller"):
        assert line in notes
    assert "mutatingwebhookconfiguration/tools.cov-podcov" in notes
    without = render_notes({"test": {"enabled": False}}, Release("cov", "tools"))
    assert "kubectl -n tools rollout status deployment/cov-podcov-webhook" in without
