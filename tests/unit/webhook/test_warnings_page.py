"""docs/warnings.md and the code know the same slugs."""

from __future__ import annotations

import re
from pathlib import Path

from podcov_webhook.errors import WebhookError
from podcov_webhook.notices import NOTICES

PAGE = Path(__file__).parents[3] / "docs" / "warnings.md"


def test_every_slug_has_an_entry_and_every_entry_a_slug() -> None:
    """Whoever looks a slug up finds it; nothing on the page is of the past."""
    entries = re.findall(r"^### (\S+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    slugs = set(NOTICES) | {error.slug for error in WebhookError.__subclasses__()}
    assert set(entries) == slugs
    assert len(entries) == len(slugs)
