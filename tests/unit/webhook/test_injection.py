"""What a pod looks like when it is measured."""

from __future__ import annotations

from typing import Any

import pytest
from podcov_webhook.decision import Context, Subject, decide, revert_object
from podcov_webhook.kinds import KINDS
from podcov_webhook.settings import AgentSettings
from unit.webhook.objects import container, copy, deployment, template

DEPLOYMENT = KINDS[0]
CONTEXT = Context("podcov", AgentSettings(agent_image="agent:1"))
LAUNCHER = ["/podcov/agent/bin/sh", "/podcov/agent/bin/launch", "--"]
OURS = "/podcov/agent/bootstrap"


def rewrite(obj: dict[str, Any]) -> Any:
    return decide(Subject(DEPLOYMENT, obj, "shop"), CONTEXT).obj  # type: ignore[arg-type]


def spec_of(obj: Any) -> Any:
    return obj["spec"]["template"]["spec"]


def inject(*containers: dict[str, Any], spec: Any = None, **annotations: object) -> Any:
    return spec_of(rewrite(deployment(template(*containers, **(spec or {})), **annotations)))


def env_of(rewritten: dict[str, Any]) -> dict[str, Any]:
    return {entry["name"]: entry.get("value") for entry in rewritten["env"]}


def test_the_sidecar_is_first_restricted_and_has_every_defaulted_field() -> None:
    """This is all of it: the API server has nothing left to fill in."""
    own_init = container("migrate")
    first, second = inject(spec={"initContainers": [own_init]})["initContainers"]
    assert second == own_init
    assert first == {
        "name": "podcov-agent",
        "image": "agent:1",
        "imagePullPolicy": "IfNotPresent",
        "restartPolicy": "Always",
        "env": [
            {"name": "PODCOV_HOME", "value": "/podcov/agent"},
            {"name": "PODCOV_SPOOL", "value": "/podcov/spool"},
            {"name": "PODCOV_PORT", "value": "9095"},
        ],
        "volumeMounts": [
            {"name": "podcov-agent", "mountPath": "/podcov/agent"},
            {"name": "podcov-spool", "mountPath": "/podcov/spool"},
        ],
        "startupProbe": {
            "exec": {"command": ["/podcov/agent/bin/sh", "-c", "test -e /podcov/agent/ready"]},
            "periodSeconds": 1,
            "timeoutSeconds": 1,
            "successThreshold": 1,
            "failureThreshold": 300,
        },
        "resources": {
            "requests": {"cpu": "10m", "memory": "32Mi"},
            "limits": {"memory": "128Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }


@pytest.mark.parametrize(
    ("pod_context", "demands"), [({"runAsUser": 0}, False), ({"runAsUser": 7}, True), (None, True)]
)
def test_a_pod_that_runs_as_root_is_not_kept_from_starting(
    pod_context: dict[str, Any] | None, demands: bool
) -> None:
    """uid 0 by the pod's own word and runAsNonRoot together: the kubelet would refuse."""
    sidecar = inject(spec={"securityContext": pod_context})["initContainers"][0]
    assert sidecar["securityContext"]["runAsNonRoot"] is demands


def test_a_pod_with_resources_of_its_own_gets_no_more() -> None:
    """The API server refuses containers that ask for more than their pod has together."""
    whole = {"requests": {"cpu": "1"}, "limits": {"cpu": "1", "memory": "64Mi"}}
    added = inject(container(), spec={"resources": whole})["initContainers"]
    assert [(each["name"], each["resources"]) for each in added] == [
        ("podcov-agent", {}),
        ("podcov-image-shop", {}),
    ]


@pytest.mark.parametrize(
    ("named", "ours"),
    [
        ({"limits": {"memory": "1Gi"}}, {}),
        ({"requests": {"cpu": "1"}}, {}),
        ({"limits": {"cpu": 1}}, {"limits": {"cpu": "500m"}}),
        (
            {"requests": {"ephemeral-storage": "1Gi"}, "limits": None},
            {"requests": {"ephemeral-storage": "8Mi"}},
        ),
        (
            {"limits": {"ephemeral-storage": "1Gi"}},
            {"requests": {"ephemeral-storage": "8Mi"}, "limits": {"ephemeral-storage": "32Mi"}},
        ),
    ],
)
@pytest.mark.parametrize("place", ["containers", "initContainers"])
def test_what_another_container_limits_is_limited_in_ours(
    named: dict[str, Any], ours: dict[str, dict[str, str]], place: str
) -> None:
    """A quota on CPU or storage demands a limit of every container; without one, none is added.

    A limit of ours alone would be that of the whole pod: the kubelet would evict the application.
    """
    other = container("other", resources=named)
    containers = [container(), other] if place == "containers" else [container()]
    spec = {"initContainers": [other]} if place == "initContainers" else {}
    added = inject(*containers, spec=spec)["initContainers"]
    expected = {
        "requests": {"cpu": "10m", "memory": "32Mi", **ours.get("requests", {})},
        "limits": {"memory": "128Mi", **ours.get("limits", {})},
    }
    found = [each["resources"] for each in added if each["name"].startswith("podcov-")]
    assert found == [expected] * (3 if place == "containers" else 2)


def test_volumes_are_limited() -> None:
    """The spool lives in memory, so that a full one is an error in the agent, not an eviction."""
    assert inject()["volumes"] == [
        {"name": "podcov-agent", "emptyDir": {"sizeLimit": "16Mi"}},
        {"name": "podcov-spool", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
    ]


def test_a_known_command_is_launched_and_nothing_else_is_touched() -> None:
    """args, probes and the user's PYTHONPATH stay; no image probe is needed."""
    before = container(
        command=["sh", "-c", "exec gunicorn $(APP)"],
        args=["x"],
        env=[{"name": "PYTHONPATH", "value": "/app"}],
        livenessProbe={"exec": {"command": ["python", "-c", "1"]}},
    )
    spec = inject(before)
    (after,) = spec["containers"]
    assert after["command"] == [*LAUNCHER, "sh", "-c", "exec gunicorn $(APP)"]
    assert after["env"] == [
        *before["env"],
        {"name": "PODCOV_HOME", "value": "/podcov/agent"},
        {"name": "PODCOV_SPOOL", "value": "/podcov/spool"},
    ]
    assert after["volumeMounts"] == [
        {"name": "podcov-agent", "mountPath": "/podcov/agent", "readOnly": True},
        {"name": "podcov-spool", "mountPath": "/podcov/spool", "subPath": "shop"},
    ]
    changed = {"command", "env", "volumeMounts"}
    assert {k: v for k, v in after.items() if k not in changed} == {
        k: v for k, v in before.items() if k not in changed
    }
    assert [c["name"] for c in spec["initContainers"]] == ["podcov-agent"]


def test_an_unknown_command_takes_pythonpath_and_an_image_probe() -> None:
    """The probe runs from the application's image, as the application, restricted."""
    security = {"runAsUser": 1000, "privileged": True, "capabilities": {"add": ["NET_ADMIN"]}}
    env_from = [{"configMapRef": {"name": "settings"}}]
    spec = inject(
        container(args=["--workers=2"], securityContext=security, envFrom=env_from, tty=True)
    )
    (after,) = spec["containers"]
    assert "command" not in after
    assert after["args"] == ["--workers=2"]
    assert env_of(after)["PYTHONPATH"] == OURS
    _, probe = spec["initContainers"]
    assert probe == {
        "name": "podcov-image-shop",
        "image": "shop:1",
        "imagePullPolicy": "IfNotPresent",
        "command": ["/podcov/agent/bin/sh", "/podcov/agent/bin/probe-image"],
        "env": [
            {"name": "PODCOV_HOME", "value": "/podcov/agent"},
            {"name": "PODCOV_SPOOL", "value": "/podcov/spool"},
        ],
        "envFrom": env_from,
        "volumeMounts": [
            {"name": "podcov-agent", "mountPath": "/podcov/agent", "readOnly": True},
            {"name": "podcov-spool", "mountPath": "/podcov/spool", "subPath": "shop"},
        ],
        "resources": {
            "requests": {"cpu": "10m", "memory": "32Mi"},
            "limits": {"memory": "128Mi"},
        },
        "securityContext": {
            "runAsUser": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"value": "/app"}, [{"name": "PYTHONPATH", "value": f"{OURS}:/app"}]),
        ({"value": ""}, [{"name": "PYTHONPATH", "value": OURS}]),
        ({}, [{"name": "PYTHONPATH", "value": OURS}]),
        ({"value": "$(ROOT)/lib"}, [{"name": "PYTHONPATH", "value": f"{OURS}:$(ROOT)/lib"}]),
        (
            {"valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}},
            [
                {
                    "name": "PODCOV_APP_PYTHONPATH",
                    "valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}},
                },
                {"name": "PYTHONPATH", "value": f"{OURS}:$(PODCOV_APP_PYTHONPATH)"},
            ],
        ),
    ],
)
def test_a_pythonpath_in_the_spec_is_kept_behind_ours(
    entry: dict[str, Any], expected: list[dict[str, Any]]
) -> None:
    """The image's own is replaced by the user's anyway, so no image probe is needed."""
    env = [{"name": "A", "value": "1"}, {"name": "PYTHONPATH", **entry}, {"name": "Z"}]
    spec = inject(container(env=env))
    assert spec["containers"][0]["env"][: len(expected) + 2] == [env[0], *expected, env[2]]
    assert len(spec["initContainers"]) == 1


def test_the_annotated_command_stands_in_for_the_images_entrypoint() -> None:
    """Its dollars are doubled: the kubelet expands commands but never an image's entrypoint."""
    spec = inject(container(args=["shop:app"]), command='["gunicorn", "$(HOME)", "$x"]')
    (after,) = spec["containers"]
    assert after["command"] == [*LAUNCHER, "gunicorn", "$$(HOME)", "$$x"]
    assert after["args"] == ["shop:app"]
    assert len(spec["initContainers"]) == 1


def test_source_and_omit_reach_the_agent_verbatim() -> None:
    """Doubled dollars are what the kubelet makes single again."""
    env = env_of(inject(source="shop,/app", omit="*/$(x)/*")["containers"][0])
    assert (env["PODCOV_SOURCE"], env["PODCOV_OMIT"]) == ("shop,/app", "*/$$(x)/*")


def test_branches_reach_the_agent() -> None:
    """Only where they are asked for."""
    asked, not_asked = inject(branch="true"), inject(branch="false")
    assert env_of(asked["containers"][0])["PODCOV_BRANCH"] == "true"
    assert "PODCOV_BRANCH" not in env_of(not_asked["containers"][0])


def test_shared_pids_mark_the_entrypoint_where_no_launcher_does() -> None:
    """Parent 0 and pid 1 mean nothing there."""
    spec = {"shareProcessNamespace": True}
    assert env_of(inject(container(), spec=spec)["containers"][0])["PODCOV_LAUNCHED"] == "1"
    launched = inject(container(command=["a"]), spec=spec)["containers"][0]
    assert "PODCOV_LAUNCHED" not in env_of(launched)


def test_known_sidecars_are_measured_only_by_name() -> None:
    """istio-proxy comes out as it went in, unless an annotation names it."""
    both = container("istio-proxy"), container("shop")
    assert inject(*both)["containers"][0] == both[0]
    assert "env" in inject(*both, containers="istio-proxy")["containers"][0]
    assert inject(*both, containers="istio-proxy")["containers"][1] == both[1]


def test_a_long_container_name_gets_a_probe_name_of_63_characters() -> None:
    """Two long names that begin alike get different probes."""
    names = ["a" * 62 + "b", "a" * 62 + "c"]
    spec = inject(*(container(name) for name in names))
    probes = [c["name"] for c in spec["initContainers"][1:]]
    assert len(set(probes)) == 2
    assert {len(name) for name in probes} == {63}
    assert spec["containers"][0]["volumeMounts"][1]["subPath"] == names[0]


def test_the_users_later_changes_survive_a_revert() -> None:
    """Only what is ours is taken back: a new command, variable or path of the user stays."""
    once = copy(rewrite(deployment(template(container(command=["a"]), container("worker")))))
    shop, worker = spec_of(once)["containers"]
    shop["command"] = ["b"]
    shop["env"].append({"name": "NEW", "value": "1"})
    worker["env"][0] = {"name": "PYTHONPATH", "value": "/new"}
    spec_of(once)["volumes"].append({"name": "mine", "emptyDir": {}})
    reverted = spec_of(revert_object(DEPLOYMENT, once))
    assert reverted["containers"] == [
        container(command=["b"], env=[{"name": "NEW", "value": "1"}]),
        container("worker", env=[{"name": "PYTHONPATH", "value": "/new"}]),
    ]
    assert reverted["volumes"] == [{"name": "mine", "emptyDir": {}}]


def test_a_command_edited_behind_the_launcher_is_kept() -> None:
    """`kubectl edit` shows the launcher; people change what follows it."""
    once = copy(rewrite(deployment(template(container(command=["a"])))))
    spec_of(once)["containers"][0]["command"][-1] = "b"
    assert spec_of(revert_object(DEPLOYMENT, once))["containers"][0]["command"] == ["b"]


def test_a_value_from_that_kubectl_merged_into_our_entry_is_the_users() -> None:
    """Client-side apply leaves our value beside the user's valueFrom, which is invalid."""
    source = {"configMapKeyRef": {"name": "a", "key": "b"}}
    env = [{"name": "PYTHONPATH", "valueFrom": source}]
    obj = deployment(template(container(env=env)))
    once = copy(rewrite(obj))
    entries = spec_of(once)["containers"][0]["env"]
    next(e for e in entries if e["name"] == "PYTHONPATH")["valueFrom"] = source
    assert revert_object(DEPLOYMENT, once) == obj


def test_a_renamed_container_carries_nothing_of_ours_back() -> None:
    """The record knows the old name only; what is ours is recognised all the same."""
    once = copy(rewrite(deployment(template(container(command=["a"]), container("worker")))))
    for each in spec_of(once)["containers"]:
        each["name"] += "-2"
    reverted = spec_of(revert_object(DEPLOYMENT, once))["containers"]
    assert reverted == [
        container("shop-2", image="shop:1", command=["a"], env=[], volumeMounts=[]),
        container("worker-2", image="worker:1", env=[], volumeMounts=[]),
    ]


def test_new_settings_replace_the_old_injection() -> None:
    """Inject is revert, then apply: an upgrade leaves nothing of the version before."""
    once = copy(rewrite(deployment()))
    newer = Context("podcov", AgentSettings(agent_image="agent:2"))
    twice = decide(Subject(DEPLOYMENT, once, "shop"), newer).obj
    assert [c["image"] for c in spec_of(twice)["initContainers"]] == ["agent:2"]
    assert revert_object(DEPLOYMENT, twice) == deployment()
