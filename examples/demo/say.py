"""What the demo prints: one short line a step, with the time it took."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape

console = Console(highlight=False, soft_wrap=True)


class DemoError(Exception):
    """The demo cannot go on. `remedy` says what the reader can do about it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


@contextmanager
def step(text: str) -> Iterator[None]:
    """Say what is being done; tick it off with its duration when it is done."""
    began = time.monotonic()
    with console.status(escape(text)):
        yield
    took = time.monotonic() - began
    console.print(f"[green]✓[/] {escape(text)} [dim]{took:.1f} s[/]")


def note(text: str) -> None:
    """Print a remark under the last step."""
    console.print(f"  [dim]{escape(text)}[/]")


def heading(text: str) -> None:
    """Begin a part of the demo."""
    console.print(f"\n[bold cyan]{escape(text)}[/]")


def shown(path: Path) -> str:
    """Return a path as people type it: relative to here where that is shorter."""
    return min(str(path), os.path.relpath(path), key=len)


def failure(error: DemoError) -> None:
    """Print why the demo stopped."""
    console.print(f"[red]✗ {escape(str(error))}[/]")
    console.print(f"  {escape(error.remedy)}")
