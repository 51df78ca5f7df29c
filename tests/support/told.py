"""What a person is told of code that is not measured: the notes in a real sidecar's `/health`.

Called by process tests.
"""

from __future__ import annotations

import json
from pathlib import Path

from podcov_agent.errors import NOTES
from support.measured import Container
from support.sidecar import running


def told(container: Container, scratch: Path) -> list[tuple[str, str]]:
    """Slug and detail of each note, which must come with its reason and what to do."""
    with running(container.spool.parent, scratch) as sidecar:
        health = json.loads(sidecar.get("/health")[1])
    notes = health["containers"][container.spool.name]["notes"]
    for note in notes:
        assert (note["reason"], note["remedy"]) == NOTES[note["slug"]]
        assert note["count"] == 1
    return sorted((note["slug"], note["detail"]) for note in notes)
