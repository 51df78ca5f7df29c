"""Decides how a pod's containers become processes on this machine.

Pure: a pod spec and a `Host` in, a list of `Process` out. It follows the kubelet in what is run
(entrypoint or command), in which order, and with which environment, `$(VAR)` included. Paths in
volumes and images become paths on this machine, and ports become free ports. Used by `local`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from image import Image

Json = dict[str, Any]
ANY_ADDRESS, LOOPBACK = "0.0.0.0", "127.0.0.1"
"""A pod has its own network; this machine's must not get to see it."""
_VARIABLE = re.compile(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")


@dataclass(frozen=True)
class Host:
    """What this machine gives a pod."""

    volumes: Path
    images: Mapping[str, Image]
    ports: Mapping[int, int]
    """Port in the pod to port here."""
    env: Mapping[str, str]
    """What a container's runtime sets, such as PATH: paths of this machine."""


@dataclass(frozen=True)
class Process:
    """A container, ready to be started here."""

    name: str
    role: str
    """`sidecar` (goes on, started first), `init` (runs to its end) or `app`."""
    words: tuple[str, ...]
    """The command as the pod's spec has it."""
    argv: tuple[str, ...]
    """The command as it is run here."""
    env: Mapping[str, str]
    cwd: str
    startup_probe: tuple[str, ...] = ()
    """A command that succeeds once the next container may start."""
    readiness_url: str = ""


def ports_of(spec: Json) -> set[int]:
    """Return the ports a pod uses: those it declares, and those named in variables `..._PORT`."""
    found: set[int] = set()
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        found.update(port["containerPort"] for port in container.get("ports", []))
        for entry in container.get("env", []):
            if entry["name"].endswith("_PORT") and entry.get("value", "").isdigit():
                found.add(int(entry["value"]))
    return found


def expand(text: str, env: Mapping[str, str]) -> str:
    """Replace `$(VAR)` as the kubelet does: `$$` is a dollar, unknown variables stay."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        return "$" if name is None else env.get(name, match.group())

    return _VARIABLE.sub(value, text)


def plan(spec: Json, host: Host) -> Iterator[Process]:
    """Yield the pod's processes in the order in which they are started."""
    for container in spec.get("initContainers", []):
        role = "sidecar" if container.get("restartPolicy") == "Always" else "init"
        yield _process(container, role, host)
    for container in spec["containers"]:
        yield _process(container, "app", host)


def _process(container: Json, role: str, host: Host) -> Process:
    image = host.images[container["image"]]
    places = {**image.folders(), **_mounts(container, host.volumes)}
    env = _environment(container, host.ports)
    words = _command(container, image)
    argv = [expand(word, env).replace(ANY_ADDRESS, LOOPBACK) for word in words]
    probe = container.get("startupProbe", {}).get("exec", {}).get("command", [])
    inside = {**image.env, **env}
    return Process(
        name=container["name"],
        role=role,
        words=tuple(words),
        argv=tuple(_relocate(word, places) for word in argv),
        env={
            **host.env,
            **{name: _relocate(value, places) for name, value in inside.items()},
        },
        cwd=_relocate(container.get("workingDir", image.workdir), places),
        startup_probe=tuple(_relocate(word, places) for word in probe),
        readiness_url=_readiness_url(container, host.ports),
    )


def _mounts(container: Json, volumes: Path) -> dict[str, str]:
    mounts = {}
    for mount in container.get("volumeMounts", []):
        folder = volumes / mount["name"] / mount.get("subPath", "")
        folder.mkdir(parents=True, exist_ok=True)
        mounts[mount["mountPath"].rstrip("/")] = str(folder)
    return mounts


def _environment(container: Json, ports: Mapping[int, int]) -> dict[str, str]:
    env: dict[str, str] = {}
    for entry in container.get("env", []):
        if "valueFrom" in entry:
            raise ValueError(f"the local demo cannot play {entry['name']} with valueFrom")
        value = expand(entry.get("value", ""), env)
        if entry["name"].endswith("_PORT") and value.isdigit():
            value = str(ports[int(value)])
        env[entry["name"]] = value
    return env


def _command(container: Json, image: Image) -> list[str]:
    if "command" in container:
        return [*container["command"], *container.get("args", [])]
    return [*image.entrypoint, *container.get("args", image.cmd)]


def _relocate(text: str, places: Mapping[str, str]) -> str:
    """Replace every path of a volume or image folder by its path on this machine."""
    longest_first = "|".join(re.escape(path) for path in sorted(places, key=len, reverse=True))
    pattern = rf"(?<![\w./-])(?:{longest_first})(?![\w.-])"
    return re.sub(pattern, lambda match: places[match.group()], text)


def _readiness_url(container: Json, ports: Mapping[int, int]) -> str:
    probe = container.get("readinessProbe", {}).get("httpGet")
    if probe is None:
        return ""
    by_name = {port.get("name"): port["containerPort"] for port in container.get("ports", [])}
    port = by_name.get(probe["port"], probe["port"])
    return f"http://{LOOPBACK}:{ports[port]}{probe.get('path', '/')}"
