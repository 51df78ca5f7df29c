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
from podcov_webhook.record import Blanks, ContainerRecord, find_blanks, restore

BOOTSTRAP = f"{contract.MOUNT_AGENT}/{contract.HOME_BOOTSTRAP}"
SHELL = f"{contract.MOUNT_AGENT}/{contract.HOME_SHELL}"
LAUNCHER = (SHELL, f"{contract.MOUNT_AGENT}/{contract.HOME_LAUNCH}", "--")

PYTHONPATH = "PYTHONPATH"
PREFIX = f"{BOOTSTRAP}:"
RENAMED = f"{PREFIX}$({contract.ENV_APP_PYTHONPATH})"
"""Our PYTHONPATH where the user's comes from a ConfigMap, Secret or field."""

OUR_ENV = frozenset(
    {
        contract.ENV_HOME,
        contract.ENV_SPOOL,
        contract.ENV_SOURCE,
        contract.ENV_OMIT,
        contract.ENV_BRANCH,
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
    blanks = find_blanks(container, ["command", "env", "volumeMounts"])
    if find_command(container, options):
        return ContainerRecord(blanks, replaces_pythonpath=False)
    del blanks["command"]  # it is not touched
    entry = find_pythonpath(container)
    if entry is not None and "valueFrom" not in entry:
        blanks |= find_blanks(entry, ["value"])
    return ContainerRecord(blanks, replaces_pythonpath=True)


def restore_container(container: Container, saved: ContainerRecord) -> Container:
    """The container as it was before; what is not ours stays as it is now."""
    mounts = [m for m in container.get("volumeMounts") or [] if m.get("name") not in OUR_VOLUMES]
    env = [entry for entry in container.get("env") or [] if entry.get("name") not in OUR_ENV]
    if saved.replaces_pythonpath:
        env = _restore_pythonpath(env, saved.blanks)
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
    if options.branch:
        env.append({"name": contract.ENV_BRANCH, "value": "true"})
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
    return {**entry, "value": PREFIX + value if value else BOOTSTRAP}


def _restore_pythonpath(env: list[EnvVar], blanks: Blanks) -> list[EnvVar]:
    """`env` without our part of PYTHONPATH. A value that a user set meanwhile wins."""
    last = find_pythonpath({"env": env})
    was_renamed = any(entry.get("name") == contract.ENV_APP_PYTHONPATH for entry in env)
    comes_back = was_renamed and (last is None or last == {"name": PYTHONPATH, "value": RENAMED})
    restored: list[EnvVar] = []
    for entry in env:
        if entry.get("name") == contract.ENV_APP_PYTHONPATH:
            restored += [{**entry, "name": PYTHONPATH}] if comes_back else []
        elif entry is last:
            restored += [] if comes_back else _without_ours(entry, blanks)
        else:
            restored.append(entry)
    return restored


def _without_ours(entry: EnvVar, blanks: Blanks) -> list[EnvVar]:
    value = entry.get("value") or ""
    if "valueFrom" in entry:
        # `kubectl apply` merged the user's valueFrom into our entry.
        return [cast(EnvVar, {key: kept for key, kept in entry.items() if key != "value"})]
    if value == BOOTSTRAP:
        return [restore(entry, "value", "", blanks)] if "value" in blanks else []
    return [{**entry, "value": value.removeprefix(PREFIX)}] if value.startswith(PREFIX) else [entry]


def _keep_dollars(text: str) -> str:
    """The text as the kubelet must be given it, so that no $(VAR) in it is expanded."""
    return text.replace("$", "$$")
