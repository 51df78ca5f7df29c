"""Owns which pods are asked: a workload, selector or namespace in, targets and left-out pods out.

The decisions are pure and work on raw pod JSON; the API itself is kube's. Called by session.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from podcov.contract import ANNOTATION_INJECTED, DEFAULT_PORT, ENV_PORT, SIDECAR_NAME
from podcov.errors import (
    NoAgentError,
    NoPodError,
    PodcovError,
    PodNotReadyError,
    PodTerminatingError,
    WorkloadError,
    name_some,
)
from podcov.kube import Json, Kube
from podcov.models import Discovery, Failure, Target

KINDS = {
    "deployment": ("deploy", "deployment", "deployments"),
    "statefulset": ("sts", "statefulset", "statefulsets"),
    "pod": ("po", "pod", "pods"),
}
ACCEPTED = "deploy/NAME, statefulset/NAME or pod/NAME"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which pods somebody asked for. Without workload and selector: all that have an agent."""

    namespace: str
    workload: str = ""
    selector: str = ""

    @property
    def words(self) -> str:
        """For messages: `deploy/shop in namespace shop`."""
        what = self.workload or (f"selector {self.selector}" if self.selector else "any pod")
        return f"{what} in namespace {self.namespace}"


def find_pods(kube: Kube, wanted: Wanted) -> Discovery:
    """The pods that `wanted` names, sorted; raises if none of them can be asked."""
    return choose(_pods(kube, wanted), wanted)


def parse_workload(text: str) -> tuple[str, str]:
    """`deploy/shop` → (`deployment`, `shop`); WorkloadError for anything else."""
    prefix, _, name = text.partition("/")
    for kind, spellings in KINDS.items():
        if prefix.lower() in spellings and name and "/" not in name:
            return kind, name
    raise WorkloadError(f"{text!r} is not a workload podcov knows.", f"Write {ACCEPTED}.")


def label_selector(selector: Json) -> str:
    """A workload's `spec.selector` in the form that the list call takes."""
    parts = [f"{key}={value}" for key, value in selector.get("matchLabels", {}).items()]
    for item in selector.get("matchExpressions", ()):
        key, operator = item["key"], item["operator"]
        values = ",".join(item.get("values", ()))
        parts.append(
            {
                "In": f"{key} in ({values})",
                "NotIn": f"{key} notin ({values})",
                "Exists": key,
                "DoesNotExist": f"!{key}",
            }[operator]
        )
    return ",".join(parts)


def choose(pods: Iterable[Json], wanted: Wanted) -> Discovery:
    """Sort pods into those to ask, failed and left-out ones; raise if none can be asked."""
    targets, failed, skipped = [], [], []
    restarting = set()
    for pod in sorted(pods, key=lambda pod: str(pod["metadata"]["name"])):
        error = unfit(pod, wanted.namespace)
        name = str(pod["metadata"]["name"])
        if error is None:
            targets.append(target_of(pod))
        elif _counts_as_missing(error, wanted):
            failed.append(Failure(name, error))
            if _agent_ran(pod):
                restarting.add(str(pod["metadata"]["uid"]))
        else:
            skipped.append(Failure(name, error))
    found = Discovery(tuple(targets), tuple(failed), tuple(skipped), frozenset(restarting))
    if not targets:
        raise _nobody(found, wanted)
    return found


def miss_gone(found: Discovery, before: Iterable[Target]) -> Discovery:
    """`found`, with the pods that were asked before and cannot be any more among the failed."""
    here = {target.key for target in found.targets}
    failed = {failure.name for failure in found.failed}
    gone = [each.name for each in before if each.key not in here and each.name not in failed]
    return replace(
        found,
        failed=(*found.failed, *(Failure(name, _ended(name)) for name in gone)),
        skipped=tuple(failure for failure in found.skipped if failure.name not in gone),
    )


def unfit(pod: Json, namespace: str) -> PodcovError | None:
    """Why a pod cannot be asked, or None."""
    name = pod["metadata"]["name"]
    phase = pod.get("status", {}).get("phase", "Unknown")
    if pod["metadata"].get("deletionTimestamp") or phase in ("Succeeded", "Failed"):
        state = "has ended" if phase in ("Succeeded", "Failed") else "is being deleted"
        return PodTerminatingError(f"Pod {name} {state}.", "Collect before a pod is stopped.")
    if not _has_agent(pod):
        return NoAgentError(
            f"Pod {name} runs without the podcov agent.",
            _how_to_add(pod, namespace),
        )
    if not _agent_runs(pod):
        return PodNotReadyError(
            f"The agent in pod {name} does not run yet (phase {phase}).",
            f"See why: kubectl describe pod {name} -n {namespace}",
        )
    return None


def target_of(pod: Json) -> Target:
    """The agent of a pod that has one."""
    meta = pod["metadata"]
    return Target(
        key=meta["uid"],
        name=meta["name"],
        namespace=meta["namespace"],
        port=_port_of_agent(pod),
    )


def _ended(name: str) -> PodcovError:
    return PodTerminatingError(
        f"Pod {name} has ended since the interval began; what ran in it is lost.",
        "Begin when a rollout has finished, and let the pods stay until the end.",
    )


def _pods(kube: Kube, wanted: Wanted) -> tuple[Json, ...]:
    if not wanted.workload:
        return kube.list_pods(wanted.namespace, wanted.selector)
    kind, name = parse_workload(wanted.workload)
    workload = kube.read_workload(kind, wanted.namespace, name)
    if kind == "pod":
        return (workload,)
    return kube.list_pods(wanted.namespace, label_selector(workload["spec"]["selector"]))


def _has_agent(pod: Json) -> bool:
    return ANNOTATION_INJECTED in pod["metadata"].get("annotations", {}) or any(
        item["name"] == SIDECAR_NAME for item in pod["spec"].get("initContainers", ())
    )


def _port_of_agent(pod: Json) -> int:
    """As its container was told: the annotation is the Deployment's, and its pods lack it."""
    for item in pod["spec"].get("initContainers", ()):
        for entry in item.get("env", ()):
            if (item["name"], entry["name"]) == (SIDECAR_NAME, ENV_PORT):
                return int(entry["value"])
    return DEFAULT_PORT


def _agent_runs(pod: Json) -> bool:
    return any("running" in item["state"] for item in _agent_statuses(pod))


def _agent_ran(pod: Json) -> bool:
    return any(
        item.get("restartCount") or "terminated" in item["state"] for item in _agent_statuses(pod)
    )


def _agent_statuses(pod: Json) -> list[dict[str, Any]]:
    """None or one."""
    statuses = pod.get("status", {}).get("initContainerStatuses", ())
    return [item for item in statuses if item["name"] == SIDECAR_NAME]


def _how_to_add(pod: Json, namespace: str) -> str:
    """The object to annotate is what made the pod, as far as the pod tells."""
    owner = _owner(pod)
    if not owner:  # a Pod takes containers only at its beginning
        return 'Create it anew with the annotation coverage.io/enabled: "true".'
    return f"Switch it on: kubectl annotate {owner} -n {namespace} coverage.io/enabled=true"


def _owner(pod: Json) -> str:
    for owner in pod["metadata"].get("ownerReferences", ()):
        if owner["kind"] == "ReplicaSet":
            name = owner["name"]
            suffix = pod["metadata"].get("labels", {}).get("pod-template-hash", "")
            return f"deployment {name.removesuffix('-' + suffix)}"
        return f"{owner['kind'].lower()} {owner['name']}"
    return ""


def _counts_as_missing(error: PodcovError, wanted: Wanted) -> bool:
    """Whether the report will lack its lines. Few pods of a whole namespace have an agent."""
    if isinstance(error, PodTerminatingError):
        return False
    return bool(wanted.workload or wanted.selector) or not isinstance(error, NoAgentError)


def _nobody(found: Discovery, wanted: Wanted) -> PodcovError:
    left_out = (*found.failed, *found.skipped)
    if not left_out:
        return NoPodError(
            f"No pod matches {wanted.words}.",
            f"See what is there: kubectl get pods -n {wanted.namespace} --show-labels",
        )
    first = left_out[0].error
    if len(left_out) == 1:
        return first
    kinds = {type(item.error) for item in left_out}
    worst = next((item.error for item in left_out if isinstance(item.error, NoAgentError)), first)
    names = name_some([item.name for item in left_out])
    what = "run without the podcov agent" if kinds == {NoAgentError} else "cannot be asked"
    return type(worst)(f"{len(left_out)} pods of {wanted.words} {what}: {names}.", worst.remedy)
