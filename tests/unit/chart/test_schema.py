"""The schema of the chart's values: complete, closed, and in step with values.yaml and its page."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.chart import (
    PAGE,
    Json,
    leaves,
    load_schema,
    load_values,
    resolve,
    with_table,
)

FREE = {
    "affinity",
    "podSecurityContext",
    "resources",
    "securityContext",
    "global",
}
"""Objects whose shape is Kubernetes' or another chart's: the API server checks them."""


def objects(node: Json, root: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every group of values."""
    yield path
    for name, child in node["properties"].items():
        child = resolve(child, root)
        if "properties" in child:
            yield from objects(child, root, (*path, name))


def complaints(values: Json) -> list[str]:
    return [error.message for error in Draft202012Validator(load_schema()).iter_errors(values)]


def changed(path: tuple[str, ...], value: Any) -> Json:
    values = copy.deepcopy(load_values())
    group = values
    for name in path[:-1]:
        group = group.setdefault(name, {})
    group[path[-1]] = value
    return values


def test_the_schema_is_one() -> None:
    """The schema itself is valid JSON Schema."""
    Draft202012Validator.check_schema(load_schema())


def test_defaults_pass() -> None:
    """values.yaml is accepted as it is."""
    assert complaints(load_values()) == []


def test_every_default_is_described_and_every_description_has_a_default() -> None:
    """values.yaml and the schema know the same keys."""
    schema = load_schema()
    described = set(objects(schema, schema)) | {value.path for value in leaves()}
    written = set(keys(load_values()))
    undescribed = {path for path in written if path not in described and not inside_free(path)}
    assert undescribed == set()
    missing = {value.dotted for value in leaves() if value.path not in written}
    optional = {dotted for dotted in missing if "Selector.match" in dotted or "issuerRef" in dotted}
    assert missing == optional


def keys(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(node, dict):
        for name, child in node.items():
            yield (*path, name)
            yield from keys(child, (*path, name))


def inside_free(path: tuple[str, ...]) -> bool:
    return any(value.path == path[: len(value.path)] for value in leaves())


@pytest.mark.parametrize("path", list(objects(load_schema(), load_schema())), ids=".".join)
def test_a_misspelt_key_is_refused(path: tuple[str, ...]) -> None:
    """No group of values takes a key that it does not know."""
    assert any("misspelt" in said for said in complaints(changed((*path, "misspelt"), "x")))


def test_every_value_is_described() -> None:
    """Each value says in a sentence what it does."""
    assert [v.dotted for v in leaves() if not v.schema.get("description", "").endswith(".")] == []


def test_only_foreign_shapes_are_open() -> None:
    """An object without properties is a map of texts or one of the shapes that are not ours."""
    open_ones = {
        value.path[-1]
        for value in leaves()
        if value.schema["type"] == "object" and "additionalProperties" not in value.schema
    }
    assert open_ones <= FREE


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("webhook", "replicas"), 0),
        (("webhook", "timeoutSeconds"), 31),
        (("webhook", "failurePolicy"), "ignore"),
        (("webhook", "port"), 443),
        (("image", "digest"), "latest"),
        (("agent", "spoolSize"), "64 MB"),
        (("agent", "spoolSize"), "64K"),
        (("certificates", "source"), "existingSecret"),  # without its name
        (("certificates", "caBundle"), "PEM"),  # that nobody would look at
        (("webhook", "excludedNamespaces"), ["Not A Name"]),
        (("networkPolicy", "apiServerCIDRs"), ["10.0.0.1"]),
    ],
    ids=lambda part: ".".join(part) if isinstance(part, tuple) else str(part),
)
def test_a_bad_value_is_refused(path: tuple[str, ...], value: Any) -> None:
    """What Kubernetes would refuse later, or nobody would read, is refused at once."""
    assert complaints(changed(path, value)) != []


def test_the_page_shows_the_values_of_now() -> None:
    """docs/chart.md has today's table: `python -m support.chart` in tests/ writes it."""
    assert PAGE.read_text() == with_table(PAGE.read_text())
