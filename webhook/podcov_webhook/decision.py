"""Owns the answer to one question: what becomes of this object?

Pure. Raises AnnotationError for what is refused; everything else is an object, changed or not,
with notices. The same for an admission review and for a manifest. Called by `review`, `manifests`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from podcov_webhook import contract
from podcov_webhook.annotations import is_enabled, parse_options
from podcov_webhook.errors import AnnotationError, PatchError
from podcov_webhook.injection import inject, revert
from podcov_webhook.kinds import Kind, get_template, set_template
from podcov_webhook.models import KubeObject, PodTemplate
from podcov_webhook.notices import Notice, notice
from podcov_webhook.patch import apply_operations, make_operations
from podcov_webhook.policy import choose_targets, find_obstacle, find_reason_to_leave
from podcov_webhook.record import read_record
from podcov_webhook.settings import AgentSettings

Outcome = Literal["injected", "reverted", "pinned", "unchanged", "skipped"]


@dataclass(frozen=True)
class Context:
    """What is the same for every object."""

    own_namespace: str | None
    """Never touched; None where there is none, as in manifests."""
    agent: AgentSettings


@dataclass(frozen=True)
class Subject:
    """The object in question."""

    kind: Kind
    obj: KubeObject
    namespace: str
    old: KubeObject | None = None
    """What it is now in the cluster, when it is updated."""

    @property
    def annotations(self) -> Mapping[str, str]:
        """The annotations of the object."""
        return self.obj.get("metadata", {}).get("annotations") or {}


@dataclass(frozen=True)
class Decision:
    """What becomes of an object. `obj` is the very object that was given, if nothing changes."""

    outcome: Outcome
    obj: KubeObject
    notices: tuple[Notice, ...] = ()


def decide(subject: Subject, context: Context) -> Decision:
    """Inject, revert, pin or leave. Raises AnnotationError and RecordError."""
    metadata = subject.obj.get("metadata", {})
    reason = find_reason_to_leave(metadata, subject.namespace, context.own_namespace)
    if reason is not None:
        return Decision("skipped", subject.obj, (reason,) if _asks(subject.annotations) else ())
    try:
        if subject.kind.changeable:
            return _decide_changeable(subject, context)
        if subject.old is not None:
            return _pin(subject, subject.old)
        return _decide_new_pod(subject, context)
    except AnnotationError as error:
        if _is_controlled(subject.obj):
            # Nobody reads the refusal of a pod that a controller makes: it would only be missing.
            return Decision("skipped", subject.obj, (Notice(error.slug, str(error)),))
        raise


def revert_object(kind: Kind, obj: KubeObject) -> KubeObject:
    """The object without anything of ours; the same object if there is nothing."""
    template = get_template(obj, kind)
    reverted = revert(template)
    return obj if reverted is template else set_template(obj, kind, reverted)


def _decide_changeable(subject: Subject, context: Context) -> Decision:
    enabled = is_enabled(subject.annotations)
    base = revert_object(subject.kind, subject.obj)
    if enabled:
        return _inject(subject, base, context)
    return Decision("unchanged" if base is subject.obj else "reverted", base)


def _decide_new_pod(subject: Subject, context: Context) -> Decision:
    if not is_enabled(subject.annotations):
        # It may well be rewritten: then by way of its owner's template.
        return Decision("unchanged", subject.obj)
    return _inject(subject, revert_object(subject.kind, subject.obj), context)


def _inject(subject: Subject, base: KubeObject, context: Context) -> Decision:
    template = get_template(base, subject.kind)
    spec = template["spec"]
    options = parse_options(subject.annotations, [c["name"] for c in spec["containers"]])
    targets = choose_targets(spec, options)
    obstacle = find_obstacle(spec, targets, options)
    if obstacle is not None:
        return Decision("skipped", base, (*options.notices, obstacle))
    notices = options.notices + _check_command(template, targets, options.command)
    rewritten = inject(template, targets, options, context.agent)
    return Decision("injected", set_template(base, subject.kind, rewritten), notices)


def _check_command(
    template: PodTemplate, targets: tuple[str, ...], command: tuple[str, ...]
) -> tuple[Notice, ...]:
    """One command for one container. Raises AnnotationError where it would be for several."""
    if not command:
        return ()
    containers = template["spec"]["containers"]
    without = [c["name"] for c in containers if c["name"] in targets and not c.get("command")]
    if len(without) > 1:
        raise AnnotationError(
            contract.ANNOTATION_COMMAND,
            list(command),
            f"the command of one container, but {', '.join(without)} have none; "
            f"choose one with {contract.ANNOTATION_CONTAINERS}",
        )
    return () if without else (notice("command-unused"),)


def _pin(subject: Subject, old: KubeObject) -> Decision:
    """A pod in the cluster keeps what it has of ours, also where its manifest comes without.

    Else applying the same manifest again would fail: most of a pod's spec cannot change.
    """
    notices: tuple[Notice, ...] = ()
    if _ours(subject.annotations) != _ours(old["metadata"].get("annotations") or {}):
        if is_enabled(subject.annotations):
            spec = get_template(subject.obj, subject.kind)["spec"]
            parse_options(subject.annotations, [c["name"] for c in spec["containers"]])
        notices = (notice("pod-cannot-change"),)
    old_template = get_template(old, subject.kind)
    if read_record(old_template) is None:
        return Decision("unchanged", subject.obj, notices)
    pinned = _carry_over(old_template, revert(get_template(subject.obj, subject.kind)))
    if pinned is None or pinned == subject.obj:
        return Decision("unchanged", subject.obj, notices)
    return Decision("pinned", set_template(subject.obj, subject.kind, pinned), notices)


def _carry_over(old: PodTemplate, base: PodTemplate) -> PodTemplate | None:
    """`base` with what the injection did to `old`; None where they have not the same shape."""
    change = list(make_operations(revert(old)["spec"], old["spec"]))
    try:
        spec = apply_operations(base["spec"], change)
    except PatchError:
        return None
    annotations = old["metadata"]["annotations"]
    metadata = base["metadata"]
    merged = {
        **(metadata.get("annotations") or {}),
        contract.ANNOTATION_INJECTED: annotations[contract.ANNOTATION_INJECTED],
    }
    return cast(
        PodTemplate, {**base, "metadata": {**metadata, "annotations": merged}, "spec": spec}
    )


def _asks(annotations: Mapping[str, str]) -> bool:
    return annotations.get(contract.ANNOTATION_ENABLED, "false") != "false"


def _ours(annotations: Mapping[str, str]) -> dict[str, str]:
    return {
        key: value
        for key, value in annotations.items()
        if key.startswith(contract.ANNOTATION_PREFIX) and key != contract.ANNOTATION_INJECTED
    }


def _is_controlled(obj: KubeObject) -> bool:
    return obj.get("kind") == "Pod" and bool(obj.get("metadata", {}).get("ownerReferences"))
