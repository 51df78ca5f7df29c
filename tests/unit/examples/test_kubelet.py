"""The demo's kubelet: what it makes of a pod spec."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "examples" / "demo"

SPEC: dict[str, Any] = {
    "initContainers": [
        {
            "name": "agent",
            "image": "agent",
            "restartPolicy": "Always",
            "env": [{"name": "PODCOV_PORT", "value": "9095"}],
            "startupProbe": {"exec": {"command": ["sh", "-c", "test -e /podcov/agent/ready"]}},
            "volumeMounts": [{"name": "agent", "mountPath": "/podcov/agent"}],
        },
        {"name": "once", "image": "app", "command": ["/podcov/agent/bin/sh"]},
    ],
    "containers": [
        {
            "name": "app",
            "image": "app",
            "args": ["--bind=0.0.0.0:$(APP_PORT)", "$$(APP_PORT)", "$(NOBODY)"],
            "env": [
                {"name": "APP_PORT", "value": "8080"},
                {"name": "PYTHONPATH", "value": "/podcov/agent/bootstrap:$(EXTRA)"},
                {"name": "ADDRESS", "value": "host:$(APP_PORT)"},
            ],
            "ports": [{"name": "http", "containerPort": 8080}],
            "readinessProbe": {"httpGet": {"path": "/up", "port": "http"}},
            "volumeMounts": [
                {"name": "agent", "mountPath": "/podcov/agent"},
                {"name": "spool", "mountPath": "/podcov/spool", "subPath": "app"},
            ],
        }
    ],
}


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The demo's modules, imported as `python examples/demo` imports them."""
    monkeypatch.syspath_prepend(str(DEMO))
    modules: dict[str, ModuleType] = {}
    for name in ("image", "kubelet"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        modules[name] = __import__(name)
    return SimpleNamespace(**modules)


@pytest.fixture
def planned(demo: SimpleNamespace, tmp_path: Path) -> dict[str, Any]:
    """The processes of SPEC by container name."""
    root = tmp_path / "image"
    (root / "app").mkdir(parents=True)
    image = demo.image.Image(
        root, "/app", {"PYTHONPATH": "/app/src", "HOME": "/app"}, ["serve"], ["--default"]
    )
    host = demo.kubelet.Host(
        volumes=tmp_path / "volumes",
        images={"app": image, "agent": image},
        ports={8080: 40080, 9095: 49095},
        env={"PATH": "/app/bin"},
    )
    return {process.name: process for process in demo.kubelet.plan(SPEC, host)}


def test_containers_start_in_the_kubelets_order(planned: dict[str, Any]) -> None:
    """Init containers come first, in order; one that restarts always is a sidecar."""
    assert [(p.name, p.role) for p in planned.values()] == [
        ("agent", "sidecar"),
        ("once", "init"),
        ("app", "app"),
    ]


def test_args_replace_cmd_and_keep_the_entrypoint(planned: dict[str, Any]) -> None:
    """`args` without `command` keeps the image's ENTRYPOINT; neither takes both from the image."""
    assert planned["app"].argv[0] == "serve"
    assert "--default" not in planned["app"].argv
    assert planned["agent"].argv == ("serve", "--default")


def test_variables_are_expanded_as_the_kubelet_does(planned: dict[str, Any]) -> None:
    """$(VAR) is replaced, $$ is a dollar, an unknown variable stays."""
    assert planned["app"].argv[1:] == ("--bind=127.0.0.1:40080", "$(APP_PORT)", "$(NOBODY)")


def test_ports_are_replaced_in_variables_and_probes(planned: dict[str, Any]) -> None:
    """Every port of the pod is a free port here, also where a variable is made of another one."""
    assert planned["agent"].env["PODCOV_PORT"] == "49095"
    assert planned["app"].env["ADDRESS"] == "host:40080"
    assert planned["app"].readiness_url == "http://127.0.0.1:40080/up"


def test_the_spec_wins_over_the_image(planned: dict[str, Any], tmp_path: Path) -> None:
    """A variable of the spec replaces the image's, wholly; the others stay."""
    agent = tmp_path / "volumes" / "agent"
    assert planned["app"].env["PYTHONPATH"] == f"{agent}/bootstrap:$(EXTRA)"
    assert planned["app"].env["HOME"] == str(tmp_path / "image" / "app")
    assert planned["agent"].env["PYTHONPATH"] == str(tmp_path / "image" / "app" / "src")


def test_paths_in_volumes_become_folders_here(planned: dict[str, Any], tmp_path: Path) -> None:
    """A path is replaced within a longer word too; each container has its own folder by subPath."""
    agent = tmp_path / "volumes" / "agent"
    assert planned["agent"].startup_probe[-1] == f"test -e {agent}/ready"
    assert (tmp_path / "volumes" / "spool" / "app").is_dir()
    assert planned["app"].env["PATH"] == "/app/bin", "a path of this machine already"
    assert planned["once"].argv[0] == "/podcov/agent/bin/sh", "it mounts no volume"


def test_a_dockerfiles_last_stage_is_the_images_settings(
    demo: SimpleNamespace, tmp_path: Path
) -> None:
    """The shop's image as its own Dockerfile describes it."""
    shop = ROOT / "examples" / "shop"
    image = demo.image.assemble(shop / "Dockerfile", tmp_path / "shop", {shop / "src": "/app/src"})
    assert image.env["PYTHONPATH"] == "/app/src"
    assert image.workdir == "/app"
    assert [*image.entrypoint, *image.cmd][0] == "gunicorn"
    assert image.cmd[-1] == "shop.wsgi:app"
    assert (tmp_path / "shop" / "app" / "src" / "shop" / "wsgi.py").is_file()
