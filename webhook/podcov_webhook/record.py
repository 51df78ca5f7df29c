"""Owns the record of an injection, kept in the template as `coverage.io/injected`.

It says what the rewritten template does not show: what was empty before, and how (`"absent"`,
`null`, `[]`), and whose PYTHONPATH was replaced. It lives in the template, because a
rollback restores templates. Called by `injection`, `entrypoint` and `decision`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from podcov_webhook.contract import ANNOTATION_INJECTED, VERSION
from podcov_webhook.errors import RecordError
from podcov_webhook.models import Holder, PodTemplate

RECORD_VERSION = 1
ABSENT = "absent"

Blanks = Mapping[str, object]
"""key → what it was where it held nothing: "absent", null, [], {} or ""."""


@dataclass(frozen=True)
class ContainerRecord:
    """What was overwritten in one container."""

    blanks: Blanks = field(default_factory=dict)
    replaces_pythonpath: bool = True
    """Whether PYTHONPATH in its spec is ours. Not where the launcher sets it at run time."""


@dataclass(frozen=True)
class Record:
    """What was overwritten in a template."""

    image: str
    containers: Mapping[str, ContainerRecord]
    blanks: Blanks = field(default_factory=dict)
    podcov: str = VERSION


def read_record(template: PodTemplate) -> Record | None:
    """The record of a template, or None if it is not rewritten. Raises RecordError."""
    text = ((template.get("metadata") or {}).get("annotations") or {}).get(ANNOTATION_INJECTED)
    if text is None:
        return None
    try:
        data = json.loads(text)
        if data["v"] != RECORD_VERSION:
            raise RecordError(
                f"the record in {ANNOTATION_INJECTED} has version {data['v']!r}, expected "
                f"{RECORD_VERSION}; upgrade podcov, or apply the original manifest again"
            )
        return _decode(data)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(
            f"the record in {ANNOTATION_INJECTED} cannot be read ({error!r}); "
            "apply the original manifest again"
        ) from error


def write_record(record: Record) -> str:
    """The record as compact JSON with sorted keys."""
    data = {
        "v": RECORD_VERSION,
        "podcov": record.podcov,
        "image": record.image,
        "blanks": dict(record.blanks),
        "containers": {name: _encode(saved) for name, saved in record.containers.items()},
    }
    return json.dumps(data, sort_keys=True, separators=(",", ":"))


def find_blanks(holder: Holder, keys: Sequence[str]) -> dict[str, object]:
    """Which of the keys hold nothing, and in which way."""
    values = cast("Mapping[str, object]", holder)
    return {key: values.get(key, ABSENT) for key in keys if not values.get(key)}


def restore(holder: Holder, key: str, rest: object, blanks: Blanks) -> Holder:
    """A copy of the holder with `rest` under the key, or the old way of holding nothing."""
    if key not in holder:
        return holder
    values: dict[str, Any] = {**holder}
    if rest:
        values[key] = rest
    elif blanks.get(key, rest) == ABSENT:
        values.pop(key, None)
    else:
        values[key] = blanks.get(key, rest)
    return cast(Holder, values)


def _encode(saved: ContainerRecord) -> dict[str, object]:
    return {
        "blanks": dict(saved.blanks),
        "replaces_pythonpath": saved.replaces_pythonpath,
    }


def _decode(data: Mapping[str, Any]) -> Record:
    containers = {
        name: ContainerRecord(dict(saved["blanks"]), saved["replaces_pythonpath"])
        for name, saved in data["containers"].items()
    }
    return Record(data["image"], containers, dict(data["blanks"]), data["podcov"])
