"""Owns the rewriting of a pod template and its exact reversal.

Pure: a template in, a new template out; what is not touched is shared with the old one, so that
`patch` need not look into it. Knows only templates, never kinds. Called by `decision`.
"""

from __future__ import annotations

from collections.abc import Collection

from podcov_webhook import contract
from podcov_webhook.annotations import Options
from podcov_webhook.entrypoint import (
    OUR_VOLUMES,
    find_command,
    find_pythonpath,
    is_rewritten,
    record_container,
    restore_container,
    rewrite_container,
)
from podcov_webhook.models import Container, PodSpec, PodTemplate
from podcov_webhook.parts import make_image_probe, make_resources, make_sidecar, make_volumes
from podcov_webhook.record import (
    ContainerRecord,
    Record,
    find_blanks,
    read_record,
    restore,
    write_record,
)
from podcov_webhook.settings import AgentSettings


def inject(
    template: PodTemplate, targets: Collection[str], options: Options, settings: AgentSettings
) -> PodTemplate:
    """The template with these containers measured. It must carry nothing of ours yet."""
    spec = template["spec"]
    measured = [c for c in spec["containers"] if c["name"] in targets]
    shared_pids = bool(spec.get("shareProcessNamespace"))
    as_root = (spec.get("securityContext") or {}).get("runAsUser") == 0
    resources = make_resources(spec, settings)
    rewritten: PodSpec = {
        **spec,
        "initContainers": [
            make_sidecar(options.port, as_root, resources, settings),
            *(make_image_probe(c, resources) for c in measured if _needs_probe(c, options)),
            *(spec.get("initContainers") or []),
        ],
        "containers": [
            rewrite_container(c, options, shared_pids) if c in measured else c
            for c in spec["containers"]
        ],
        "volumes": [*(spec.get("volumes") or []), *make_volumes(settings)],
    }
    metadata = template.get("metadata") or {}
    record = Record(
        settings.agent_image,
        {c["name"]: record_container(c, options) for c in measured},
        find_blanks(spec, ["initContainers", "volumes"])
        | find_blanks(metadata, ["annotations"])
        | find_blanks(template, ["metadata"]),
    )
    annotations = metadata.get("annotations") or {}
    return {
        **template,
        "metadata": {
            **metadata,
            "annotations": {**annotations, contract.ANNOTATION_INJECTED: write_record(record)},
        },
        "spec": rewritten,
    }


def revert(template: PodTemplate) -> PodTemplate:
    """The template as it was; the same object if it is not rewritten. Raises RecordError."""
    record = read_record(template)
    if record is None:
        return template
    metadata = template["metadata"]
    annotations = {
        key: value
        for key, value in metadata["annotations"].items()
        if key != contract.ANNOTATION_INJECTED
    }
    metadata = restore(metadata, "annotations", annotations, record.blanks)
    reverted = restore(template, "metadata", metadata, record.blanks)
    return {**reverted, "spec": _revert_spec(template["spec"], record)}


def _revert_spec(spec: PodSpec, record: Record) -> PodSpec:
    init = [c for c in spec.get("initContainers") or [] if not _is_ours(c)]
    volumes = [v for v in spec.get("volumes") or [] if v.get("name") not in OUR_VOLUMES]
    reverted = restore(spec, "initContainers", init, record.blanks)
    reverted = restore(reverted, "volumes", volumes, record.blanks)
    containers = [
        restore_container(c, record.containers.get(c["name"], ContainerRecord()))
        if c["name"] in record.containers or is_rewritten(c)
        else c
        for c in spec["containers"]
    ]
    return {**reverted, "containers": containers}


def _is_ours(container: Container) -> bool:
    name = container.get("name", "")
    is_probe = name.startswith(contract.IMAGE_PROBE_PREFIX) and is_rewritten(container)
    return name == contract.SIDECAR_NAME or is_probe


def _needs_probe(container: Container, options: Options) -> bool:
    """A PYTHONPATH of the image matters only where ours replaces it."""
    return not find_command(container, options) and find_pythonpath(container) is None
