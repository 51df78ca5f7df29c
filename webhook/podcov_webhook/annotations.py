"""Owns what users write: the `coverage.io/` annotations of an object, checked and parsed.

Pure. Raises AnnotationError for a value that cannot be meant. Called by `decision`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podcov_webhook import contract
from podcov_webhook.errors import AnnotationError
from podcov_webhook.notices import Notice, notice

KNOWN = frozenset(
    {
        contract.ANNOTATION_ENABLED,
        contract.ANNOTATION_CONTAINERS,
        contract.ANNOTATION_COMMAND,
        contract.ANNOTATION_SOURCE,
        contract.ANNOTATION_OMIT,
        contract.ANNOTATION_BRANCH,
        contract.ANNOTATION_PORT,
        contract.ANNOTATION_INJECTED,
    }
)

BOOLEANS = {"true": True, "false": False}
_DIGITS = re.compile(r"[0-9]{1,5}")
LOWEST_PORT = 1024
"""The sidecar does not run as root, so it cannot listen below."""


@dataclass(frozen=True)
class Options:
    """What the annotations of one object ask for."""

    containers: tuple[str, ...] = ()
    """Empty: all but known sidecars."""
    command: tuple[str, ...] = ()
    """The image's entrypoint, word by word; empty: not given."""
    source: str = ""
    omit: str = ""
    branch: bool = False
    port: int = contract.DEFAULT_PORT
    notices: tuple[Notice, ...] = ()


def is_enabled(annotations: Mapping[str, str]) -> bool:
    """Whether the object asks to be measured. Raises AnnotationError."""
    return _boolean(annotations, contract.ANNOTATION_ENABLED)


def parse_options(annotations: Mapping[str, str], names: Sequence[str]) -> Options:
    """The options of an enabled object whose app containers have these names."""
    notices = [
        notice("annotation-unknown", key=key)
        for key in sorted(annotations)
        if key.startswith(contract.ANNOTATION_PREFIX) and key not in KNOWN
    ]
    return Options(
        containers=_containers(annotations, names),
        command=_command(annotations),
        source=_text(annotations, contract.ANNOTATION_SOURCE),
        omit=_text(annotations, contract.ANNOTATION_OMIT),
        branch=_boolean(annotations, contract.ANNOTATION_BRANCH),
        port=_port(annotations),
        notices=tuple(notices),
    )


def _boolean(annotations: Mapping[str, str], key: str) -> bool:
    value = annotations.get(key, "false")
    if not isinstance(value, str) or value not in BOOLEANS:
        raise AnnotationError(key, value, 'the text "true" or "false"')
    return BOOLEANS[value]


def _text(annotations: Mapping[str, str], key: str) -> str:
    value = annotations.get(key, "")
    if not isinstance(value, str):
        raise AnnotationError(key, value, "a text")
    return value


def _containers(annotations: Mapping[str, str], names: Sequence[str]) -> tuple[str, ...]:
    key = contract.ANNOTATION_CONTAINERS
    if key not in annotations:
        return ()
    value = _text(annotations, key)
    wanted = tuple(dict.fromkeys(part.strip() for part in value.split(",")))
    if not set(wanted) <= set(names):
        raise AnnotationError(key, value, f"names out of {', '.join(names)}, comma separated")
    return wanted


def _command(annotations: Mapping[str, str]) -> tuple[str, ...]:
    key = contract.ANNOTATION_COMMAND
    if key not in annotations:
        return ()
    accepted = 'a JSON list of texts, not empty, such as ["python", "-m", "shop"]'
    value = _text(annotations, key)
    try:
        words = json.loads(value)
    except ValueError:
        raise AnnotationError(key, value, accepted) from None
    if not isinstance(words, list) or not words or not all(isinstance(w, str) for w in words):
        raise AnnotationError(key, value, accepted)
    return tuple(words)


def _port(annotations: Mapping[str, str]) -> int:
    key = contract.ANNOTATION_PORT
    value = annotations.get(key, str(contract.DEFAULT_PORT))
    number = int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else 0
    if not LOWEST_PORT <= number <= 65535:
        raise AnnotationError(key, value, f"a port from {LOWEST_PORT} to 65535")
    return number
