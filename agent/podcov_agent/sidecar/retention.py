"""What is kept of the past: which generations stay apart, which sessions are remembered.

Pure. Called by `generations`, which does what is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from podcov_agent.contract import DEFAULT_SESSION


class Ended(NamedTuple):
    """One file: the generations first..last, and its size in bytes."""

    first: int
    last: int
    size: int

    @property
    def name(self) -> str:
        """The file's name."""
        return f"gen.{self.first}-{self.last}"


@dataclass(frozen=True)
class Sessions:
    """Where each session's interval begins, the one that moved last at the end."""

    starts: tuple[tuple[str, int], ...] = ()
    forgotten: bool = False
    """Whether one was ever dropped, so that an unknown name may have been known once."""

    def move(self, name: str, start: int, limit: int) -> Sessions:
        """The sessions with `name` at `start`; past `limit` the one moved longest ago goes.

        But for the default session: who never named one would get more than was asked for.
        """
        starts = (*((n, s) for n, s in self.starts if n != name), (name, start))
        dropped = [n for n, _ in starts if n != DEFAULT_SESSION][:-limit]
        kept = tuple(one for one in starts if one[0] not in dropped)
        return Sessions(kept, self.forgotten or bool(dropped))

    def as_dict(self) -> dict[str, int]:
        """Name to start."""
        return dict(self.starts)


@dataclass(frozen=True)
class Limits:
    """What keeps the folder bounded. Sizes in bytes."""

    boundaries: int = 1024
    """The newest generations whose boundaries are always known."""
    batch: int = 64
    """How many may come on top before they are merged, so that merging is rare."""
    size: int = 8 << 20
    sessions: int = 256
    """Beside the default session."""


DEFAULT = Limits()


def plan_merge(ended: list[Ended], starts: set[int], limits: Limits) -> list[list[Ended]]:
    """Which old neighbours become one file: those no session's start separates, nor 1."""
    excess = len(ended) - limits.boundaries
    if sum(e.size for e in ended) > limits.size:
        excess = max(excess, len(ended) // 2)
    elif excess < limits.batch:
        return []
    groups: list[list[Ended]] = []
    for one in ended[: max(excess, 0)]:
        if not groups or one.first == 1 or one.first in starts:
            groups.append([])
        groups[-1].append(one)
    return [group for group in groups if len(group) > 1]
