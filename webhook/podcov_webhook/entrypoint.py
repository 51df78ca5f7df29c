"""Owns one application container: how it starts measured, and how it was before.

Pure. Where the command is known the launcher goes before it; else PYTHONPATH in the spec names the
agent. Reverting reads the container, not only the record, so what users changed in between stays
theirs. Called by `injection`.
"""

from __future__ import annotations

from typing import cast

from podcov_webhook import contract
from podcov_webhook.annotations import Options
from podcov_webhook.models import Container, EnvVar, VolumeMount
from podcov_webhook.record import ContainerRecord, find_blanks, restore

BOOTSTRAP = f"{contract.MOUNT_AGENT}/{contract.HOME_BOOTSTRAP}"
SHELL = f"{contract.MOUNT_AGENT}/{contract.HOME_SHELL}"
LAUNCHER = (SHELL, f"{contract.MOUNT_AGENT}/{contract.HOME_LAUNCH}", "--")

PYTHONPATH = "PYTHONPATH"
RENAMED = f"{BOOTSTRAP}:$({contract.ENV_APP_PYTHONPATH})"
"""Our PYTHONPATH where the user's comes from a ConfigMap, Secret or field."""

OUR_ENV = frozenset(
    {
        contract.ENV_HOME,
        contract.ENV_SPOOL,
        contract.ENV_SOURCE,
        contract.ENV_OMIT,
        contract.ENV_LAUNCHED,
    }
)
OUR_VOLUMES = frozenset({contract.VOLUME_AGENT, contract.VOLUME_SPOOL})


def find_command(container: Container, options: Options) -> list[str]:
    """The words to start the application with; empty if only the image knows them."""
    if container.get("command"):
        return container["command"]
    # The kubelet expands $(VAR) in a command but not in an image's entrypoint: keep it literal.
    return [_keep_dollars(word) for word in options.command]


def find_pythonpath(container: Container) -> EnvVar | None:
    """The entry for PYTHONPATH that has effect: of several, the last."""
    entries = [entry for entry in container.get("env") or [] if entry.get("name") == PYTHONPATH]
    return entries[-1] if entries else None


def rewrite_container(container: Container, options: Options, shared_pids: bool) -> Container:
    """The container as it runs measured."""
    command = find_command(container, options)
    env = list(container.get("env") or [])
    if not command:
        env = _lead_pythonpath(env, find_pythonpath(container))
    env += _our_env(options, mark_launched=shared_pids and not command)
    rewritten: Container = {
        **container,
        "env": env,
        "volumeMounts": [*(container.get("volumeMounts") or []), *our_mounts(container["name"])],
    }
    if command:
        rewritten["command"] = [*LAUNCHER, *command]
    return rewritten


def record_container(container: Container, options: Options) -> ContainerRecord:
    """What must be known to take `rewrite_container` back."""
    launched = bool(find_command(container, options))
    blanks = find_blanks(container, ["command", "env", "volumeMounts"])
    if not launched:
        del blanks["command"]  # it is not touched
        entry = find_pythonpath(container)
        plain = entry if entry is not None and "valueFrom" not in entry else None
        return ContainerRecord(blanks, replaces_pythonpath=True, pythonpath=plain)
    return ContainerRecord(blanks, replaces_pythonpath=False)


def restore_container(container: Container, saved: ContainerRecord) -> Container:
    """The container as it was before; what is not ours stays as it is now."""
    mounts = [m for m in container.get("volumeMounts") or [] if m.get("name") not in OUR_VOLUMES]
    env = [entry for entry in container.get("env") or [] if entry.get("name") not in OUR_ENV]
    if saved.replaces_pythonpath:
        env = _restore_pythonpath(env, saved.pythonpath)
    restored = restore(container, "env", env, saved.blanks)
    restored = restore(restored, "volumeMounts", mounts, saved.blanks)
    command = tuple(container.get("command") or ())
    if command[: len(LAUNCHER)] == LAUNCHER:
        ours = "command" in saved.blanks
        rest = [] if ours else list(command[len(LAUNCHER) :])
        restored = restore(restored, "command", rest, saved.blanks)
    return restored


def is_rewritten(container: Container) -> bool:
    """Whether a container of a rewritten template carries the agent."""
    mounts = container.get("volumeMounts") or []
    return any(mount.get("name") == contract.VOLUME_AGENT for mount in mounts)


def our_mounts(name: str) -> list[VolumeMount]:
    """The agent, read-only, and the folder of the container with this name."""
    return [
        {"name": contract.VOLUME_AGENT, "mountPath": contract.MOUNT_AGENT, "readOnly": True},
        {"name": contract.VOLUME_SPOOL, "mountPath": contract.MOUNT_SPOOL, "subPath": name},
    ]


def home_and_spool() -> list[EnvVar]:
    """Where the agent and the spool are, for every container that has both."""
    return [
        {"name": contract.ENV_HOME, "value": contract.MOUNT_AGENT},
        {"name": contract.ENV_SPOOL, "value": contract.MOUNT_SPOOL},
    ]


def _our_env(options: Options, mark_launched: bool) -> list[EnvVar]:
    env = home_and_spool()
    if options.source:
        env.append({"name": contract.ENV_SOURCE, "value": _keep_dollars(options.source)})
    if options.omit:
        env.append({"name": contract.ENV_OMIT, "value": _keep_dollars(options.omit)})
    if mark_launched:
        env.append({"name": contract.ENV_LAUNCHED, "value": "1"})
    return env


def _lead_pythonpath(env: list[EnvVar], entry: EnvVar | None) -> list[EnvVar]:
    """`env` with the agent first on PYTHONPATH; never with a name twice that was there once."""
    if entry is None:
        return [*env, {"name": PYTHONPATH, "value": BOOTSTRAP}]
    if "valueFrom" not in entry:
        return [_compose(entry) if each is entry else each for each in env]
    place = next(i for i, each in enumerate(env) if each is entry)
    renamed = cast(EnvVar, {**entry, "name": contract.ENV_APP_PYTHONPATH})
    ours: EnvVar = {"name": PYTHONPATH, "value": RENAMED}
    return [*env[:place], renamed, ours, *env[place + 1 :]]


def _compose(entry: EnvVar) -> EnvVar:
    value = entry.get("value")
    return {**entry, "value": f"{BOOTSTRAP}:{value}" if value else BOOTSTRAP}


def _restore_pythonpath(env: list[EnvVar], saved: EnvVar | None) -> list[EnvVar]:
    """`env` without our part of PYTHONPATH. A value that a user set meanwhile wins."""
    last = find_pythonpath({"env": env})
    replaced = last is not None and last.get("value") != RENAMED
    restored: list[EnvVar] = []
    for entry in env:
        if entry.get("name") == contract.ENV_APP_PYTHONPATH:
            if not replaced:
                restored.append({**entry, "name": PYTHONPATH})
        elif entry is last:
            restored += _without_ours(entry, saved)
        else:
            restored.append(entry)
    return restored


def _without_ours(entry: EnvVar, saved: EnvVar | None) -> list[EnvVar]:
    value = entry.get("value") or ""
    if "valueFrom" in entry:
        # `kubectl apply` merged the user's valueFrom into our entry.
        return [cast(EnvVar, {k: v for k, v in entry.items() if k != "value"})]
    if value == RENAMED:
        return []
    if saved is not None and _compose(saved) == entry:
        return [saved]
    if value == BOOTSTRAP:
        return []
    return [{**entry, "value": value.removeprefix(f"{BOOTSTRAP}:")}]


def _keep_dollars(text: str) -> str:
    """The text as the kubelet must be given it, so that no $(VAR) in it is expanded."""
    return text.replace("$", "$$")
