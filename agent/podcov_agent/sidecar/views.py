"""What the ledger knows, as the JSON shapes of docs/protocol.md.

Pure. Called by `api`.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping

from podcov_agent import contract
from podcov_agent.errors import NOTES
from podcov_agent.sidecar.dump import Lines
from podcov_agent.sidecar.ledger import Branches, ContainerHealth, Health, Snapshot
from podcov_agent.sidecar.lines import numbits
from podcov_agent.sidecar.reader import Note

_UNKNOWN = ("this sidecar does not know the slug", "use the same version everywhere")


def by_path(snapshot: Snapshot) -> tuple[Lines, int]:
    """The lines of every path of the pod, and how many paths have more than one content."""
    lines: Lines = {}
    blobs: dict[str, set[str]] = {}
    for sources in snapshot.containers.values():
        for source, (numbers, startup) in sources.items():
            others = lines.get(source.path, (0, 0))
            lines[source.path] = (numbers | others[0], startup | others[1])
            blobs.setdefault(source.path, set()).add(source.blob)
    return lines, sum(len(contents) > 1 for contents in blobs.values())


def message(lines: Lines, mixed: int) -> str:
    """What a person should know of the data."""
    if not lines:
        return "no measured source was loaded yet; /health says what is not measured, and why"
    text = f"{len(lines)} files"
    if mixed:
        text += f"; {mixed} of them with more than one content, which /v1/snapshot keeps apart"
    return text


def snapshot(taken: Snapshot, timestamp: str) -> Mapping[str, object]:
    """`/v1/snapshot`."""
    containers = {
        name: {
            "sources": [
                {
                    "path": source.path,
                    "blob": source.blob,
                    "lines": _base64(numbers),
                    "startup": _base64(startup),
                    **_branches(taken.branches.get(name, {}).get(source)),
                }
                for source, (numbers, startup) in sources.items()
            ],
            "notes": _notes(taken.notes.get(name, [])),
        }
        for name, sources in taken.containers.items()
    }
    return {
        "protocol": contract.PROTOCOL,
        "version": contract.VERSION,
        "from": taken.start,
        "to": taken.end,
        "generation": taken.generation,
        "timestamp": timestamp,
        "containers": containers,
        "notes": _notes(taken.damaged),
    }


def health(known: Health, port: int) -> Mapping[str, object]:
    """`/v1/health`."""
    return {
        "protocol": contract.PROTOCOL,
        "version": contract.VERSION,
        "generation": known.generation,
        "port": port,
        "sessions": known.sessions,
        "containers": {name: _container(one) for name, one in known.containers.items()},
        "notes": _notes(known.damaged),
    }


def _branches(branches: Branches | None) -> Mapping[str, object]:
    if branches is None:
        return {}
    taken, startup = _base64(branches.taken), _base64(branches.startup)
    return {"branches": {"exits": branches.names, "taken": taken, "startup": startup}}


def _container(one: ContainerHealth) -> Mapping[str, object]:
    return {
        "interpreters": one.interpreters,
        "sources": one.sources,
        "lines": one.lines,
        "notes": _notes(one.notes),
    }


def _notes(notes: list[Note]) -> list[Mapping[str, object]]:
    """Equal notes once, with how often they were written."""
    counted = Counter((note["slug"], note["detail"]) for note in notes)
    return [
        {
            "slug": slug,
            "detail": detail,
            "reason": NOTES.get(slug, _UNKNOWN)[0],
            "remedy": NOTES.get(slug, _UNKNOWN)[1],
            "count": count,
        }
        for (slug, detail), count in counted.items()
    ]


def _base64(lines: int) -> str:
    return base64.b64encode(numbits(lines)).decode("ascii")
