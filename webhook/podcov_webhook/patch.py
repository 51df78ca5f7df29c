"""Owns RFC 6902: the operations that lead from one object to another, and their check.

Pure. The rewriting shares what it does not touch, so comparing stops at every object that is the
same one: the cost is that of the change, not of the object. The only importer of jsonpatch, which
applies the operations as an independent witness. Called by `decision` and `review`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import jsonpatch

from podcov_webhook.errors import PatchError
from podcov_webhook.models import Operation

_NO_SUCH = (KeyError, IndexError, TypeError, ValueError, AttributeError)
"""What a path raises that leads nowhere."""


def make_operations(before: object, after: object, path: str = "") -> Iterator[Operation]:
    """The operations that turn `before` into `after`, never replacing more than what changed."""
    if before is after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before:
            if key not in after:
                yield {"op": "remove", "path": f"{path}/{_escape(key)}"}
        for key, value in after.items():
            below = f"{path}/{_escape(key)}"
            if key in before:
                yield from make_operations(before[key], value, below)
            else:
                yield {"op": "add", "path": below, "value": value}
    elif isinstance(before, list) and isinstance(after, list):
        yield from _list_operations(before, after, path)
    elif before != after:
        yield {"op": "replace", "path": path, "value": after}


def apply_operations(document: object, operations: Sequence[Operation]) -> object:
    """The changed document; the given one stays as it is. Raises PatchError."""
    copied = document
    try:
        for path in {tuple(operation["path"].split("/")[1:-1]) for operation in operations}:
            copied = _copy_along(copied, document, path)
        return jsonpatch.JsonPatch(list(operations)).apply(copied, in_place=True)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, *_NO_SUCH) as error:
        raise PatchError(f"the operations cannot be applied: {error}") from error


def check_operations(before: object, after: object, operations: Sequence[Operation]) -> None:
    """Raises PatchError unless the operations turn `before` into `after`."""
    if apply_operations(before, operations) != after:
        raise PatchError("the operations lead to another object than the one that was wanted")


def _list_operations(before: list[Any], after: list[Any], path: str) -> Iterator[Operation]:
    """Leaves what is equal at both ends; changes the middle item by item, then adds or removes."""
    shorter = min(len(before), len(after))
    head = 0
    while head < shorter and _same(before[head], after[head]):
        head += 1
    tail = 0
    while tail < shorter - head and _same(before[-1 - tail], after[-1 - tail]):
        tail += 1
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    for index, (left, right) in enumerate(zip(old, new, strict=False), start=head):
        yield from make_operations(left, right, f"{path}/{index}")
    first = head + min(len(old), len(new))
    for _ in old[len(new) :]:
        yield {"op": "remove", "path": f"{path}/{first}"}
    for index, item in enumerate(new[len(old) :], start=first):
        yield {"op": "add", "path": f"{path}/{index}", "value": item}


def _same(left: object, right: object) -> bool:
    return left is right or left == right


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _unescape(key: str) -> str:
    return key.replace("~1", "/").replace("~0", "~")


def _copy_along(copied: Any, original: Any, path: tuple[str, ...]) -> Any:
    """`copied` with every container on the way copied that is still the original's own."""
    if copied is original:
        copied = copied.copy()
    if path:
        key = int(path[0]) if isinstance(copied, list) else _unescape(path[0])
        copied[key] = _copy_along(copied[key], original[key], path[1:])
    return copied
