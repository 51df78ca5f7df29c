"""Reviews as the API server sends them, for the tests of what is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from podcov_webhook.decision import Context
from podcov_webhook.review import Reviewed, review
from podcov_webhook.settings import AgentSettings
from support.webhook import make_review, patched
from unit.webhook.objects import copy

CONTEXT = Context("podcov", AgentSettings(agent_image="agent:1"))

Change = Callable[[dict[str, Any]], object]


def ask(obj: dict[str, Any], old: dict[str, Any] | None = None, **request: Any) -> Reviewed:
    """The answer to an object that is created, or that takes the place of `old`."""
    return review(copy(make_review(obj, old, **request)), CONTEXT)


def stored(obj: dict[str, Any], old: dict[str, Any] | None = None) -> Any:
    """What the API server stores after asking."""
    return patched(copy(obj), ask(obj, old).answer["response"])


def warnings(reviewed: Reviewed) -> list[str]:
    """What the user of kubectl reads."""
    return reviewed.answer["response"].get("warnings", [])
