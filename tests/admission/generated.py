"""Owns generated pods: what people write into pod specs, put together at random from a seed."""

import random
from typing import Any

from admission.manifests import RESTRICTED
from support.cluster.kubectl import Object

COMMANDS: tuple[list[str] | None, ...] = (
    None,
    ["gunicorn", "shop:app"],
    ["sh", "-c", "exec gunicorn $(APP) --pid $$"],
    ["/usr/bin/tini", "--", "python", "-m", "shop"],
)
ENV: tuple[list[dict[str, Any]], ...] = (
    [],
    [{"name": "PYTHONPATH", "value": "/srv/lib"}],
    [{"name": "LIB", "value": "/srv"}, {"name": "PYTHONPATH", "value": "$(LIB)/lib"}],
    [{"name": "PYTHONPATH", "valueFrom": {"configMapKeyRef": {"name": "paths", "key": "python"}}}],
    [{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
    [{"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}],
)
VOLUMES: tuple[dict[str, Any], ...] = (
    {"emptyDir": {}},
    {"emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
    {"configMap": {"name": "settings", "optional": True}},
    {"secret": {"secretName": "keys", "defaultMode": 0o400}},
    {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
    {"persistentVolumeClaim": {"claimName": "data"}},
)
PROBES: tuple[dict[str, Any], ...] = (
    {"httpGet": {"path": "/healthz", "port": 8080}},
    {"exec": {"command": ["python", "-c", "pass"]}, "periodSeconds": 3},
    {"tcpSocket": {"port": 8080}, "initialDelaySeconds": 1},
    {"grpc": {"port": 8080}},
)
SPECS: tuple[dict[str, Any], ...] = (
    {},
    {"shareProcessNamespace": True},
    {"restartPolicy": "Never"},
    {"restartPolicy": "OnFailure", "activeDeadlineSeconds": 60},
    {"securityContext": {"runAsUser": 10001, "fsGroup": 10001}},
    {"automountServiceAccountToken": False, "enableServiceLinks": False},
    {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["10.0.0.10"]}},
    {"hostAliases": [{"ip": "10.0.0.1", "hostnames": ["db"]}], "hostname": "shop"},
    {"tolerations": [{"operator": "Exists"}], "nodeSelector": {"disk": "ssd"}},
    {"hostNetwork": True},
    {"os": {"name": "windows"}},
    {"priority": 0, "terminationGracePeriodSeconds": 0},
)


def make_pods(namespace: str, seed: int, count: int) -> list[Object]:
    """That many pods `pod-0`, `pod-1`, ... with the same outcome for the same seed."""
    chance = random.Random(seed)
    return [_pod(chance, namespace, f"pod-{number}") for number in range(count)]


def _pod(chance: random.Random, namespace: str, name: str) -> Object:
    volumes = [
        {"name": f"volume-{number}", **source}
        for number, source in enumerate(chance.sample(VOLUMES, chance.randrange(3)))
    ]
    names = chance.sample(["shop", "worker", "istio-proxy", "a" * 63], chance.randint(1, 3))
    spec: Object = {
        "containers": [_container(chance, each, volumes) for each in names],
        **chance.choice(SPECS),
    }
    if volumes:
        spec["volumes"] = volumes
    if chance.random() < 0.4:
        spec["initContainers"] = [_init_container(chance, volumes)]
    metadata = {"name": name, "namespace": namespace, "labels": {"app": "shop"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _container(chance: random.Random, name: str, volumes: list[Object]) -> Object:
    made: Object = {"name": name, "image": f"registry.test/{name[:9]}@sha256:{'0' * 64}"}
    command = chance.choice(COMMANDS)
    if command:
        made["command"] = command
    if chance.random() < 0.5:
        made["args"] = ["--port", "$(PORT)", "$$HOME"]
    made["env"] = chance.choice(ENV)
    if chance.random() < 0.3:
        made["envFrom"] = [{"configMapRef": {"name": "settings", "optional": True}}]
    for probe in chance.sample(["livenessProbe", "readinessProbe", "startupProbe"], 2):
        made[probe] = chance.choice(PROBES)
    if chance.random() < 0.3:
        made["lifecycle"] = {"preStop": {"exec": {"command": ["sleep", "1"]}}}
    if chance.random() < 0.4:
        made["resources"] = {"limits": {"cpu": "1", "memory": "64Mi"}}
    if chance.random() < 0.7:
        made["securityContext"] = RESTRICTED
    made["volumeMounts"] = [
        {"name": volume["name"], "mountPath": f"/mnt/{volume['name']}"} for volume in volumes
    ]
    return made


def _init_container(chance: random.Random, volumes: list[Object]) -> Object:
    made = _container(chance, "prepare", volumes)
    if chance.random() < 0.5:
        return made | {"restartPolicy": "Always"}
    for field in ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle"):
        made.pop(field, None)
    return made
