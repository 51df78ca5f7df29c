"""Which steps of `work.py`, each a line of its own, have run. Called by process tests."""

from __future__ import annotations

import re
from pathlib import Path

from support.measured import Container

WORK = Path(__file__).parents[1] / "process/programs/kinds/work.py"


def steps(container: Container) -> set[int]:
    """The numbers of the steps that have run."""
    text = WORK.read_text().splitlines()
    found = [re.search(r"# step (\d+)\.", text[n - 1]) for n in container.ran(WORK)]
    return {int(match.group(1)) for match in found if match}
