"""Owns what can be known of the chart from its files alone: values, schema, the table of values.

Must not run helm (that is `support.helm`). Called by the chart's tests; as a program it writes what
is kept in git: `python -m support.chart`, in the folder tests/, writes the table in docs/chart.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
CHART = CHECKOUT / "charts" / "podcov"
PAGE = CHECKOUT / "docs" / "chart.md"
BEGIN, END = "<!-- values: made by support.chart -->\n", "<!-- end of values -->\n"

Json = dict[str, Any]


@dataclass(frozen=True)
class Value:
    """One value of the chart: where it is, what it is by default, what the schema says of it."""

    path: tuple[str, ...]
    default: Any
    schema: Json

    @property
    def dotted(self) -> str:
        """As it is written after `--set`."""
        return ".".join(self.path)


def load_values() -> Json:
    """values.yaml."""
    values: Json = yaml.safe_load((CHART / "values.yaml").read_text())
    return values


def load_schema() -> Json:
    """values.schema.json."""
    schema: Json = json.loads((CHART / "values.schema.json").read_text())
    return schema


def load_metadata() -> Json:
    """Chart.yaml."""
    metadata: Json = yaml.safe_load((CHART / "Chart.yaml").read_text())
    return metadata


def resolve(node: Json, root: Json) -> Json:
    """A schema node with its `$ref` followed; its own description wins."""
    if "$ref" not in node:
        return node
    definition = root["$defs"][node["$ref"].removeprefix("#/$defs/")]
    return {**definition, **{key: value for key, value in node.items() if key != "$ref"}}


def leaves() -> list[Value]:
    """Every value that is not a group of others, in the order of the schema."""
    schema = load_schema()
    return list(_leaves(schema, schema, load_values(), ()))


def _leaves(node: Json, root: Json, default: Any, path: tuple[str, ...]) -> Iterator[Value]:
    for name, child in node["properties"].items():
        if (*path, name) == ("global",):
            continue  # helm puts it there when the chart is a part of another
        child = resolve(child, root)
        below = default.get(name) if isinstance(default, dict) else None
        if "properties" in child:
            yield from _leaves(child, root, below, (*path, name))
        else:
            yield Value((*path, name), below, child)


def values_table() -> str:
    """The values as a Markdown table."""
    rows = ["| value | default | meaning |", "|---|---|---|"]
    for value in leaves():
        default = json.dumps(value.default).replace("|", "\\|")
        rows.append(f"| `{value.dotted}` | `{default}` | {value.schema['description']} |")
    return "\n".join(rows) + "\n"


def with_table(page: str) -> str:
    """The page with the table of now between its two marks."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{values_table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))
    print(f"wrote {PAGE.relative_to(CHECKOUT)}")
