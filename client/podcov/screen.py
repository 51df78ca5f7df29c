"""Owns the terminal: the only file that imports rich.

Tables that programs may read go to stdout, everything else to stderr; colour, the bar and line
breaks only where a person looks. Must not decide anything. Called by the command line.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from podcov.errors import PodcovError, name_some, number_of
from podcov.models import Failure, Health, Note, Unread, unite_notes

if TYPE_CHECKING:  # `podcov run` waits for neither coverage.py nor Kubernetes
    from podcov.collect import Progress as Tick
    from podcov.collection import Stale, Unmapped

MOST = 10
"""Files that are listed one by one."""
MOST_PODS = 5
"""Pods that are named in a sentence."""
WIDE = 500
"""Columns where nobody looks: one message, one line."""


class Screen:
    """stdout and stderr."""

    def __init__(self) -> None:
        self._out = _console(stderr=False)
        self._err = _console(stderr=True)

    def say(self, text: str, style: str = "") -> None:
        """A line for a person."""
        self._err.print(Text(text, style))

    def fail(self, error: PodcovError) -> None:
        """An error, and what to do."""
        self._err.print(Text.assemble(("podcov: ", "bold red"), error.message, f" [{error.slug}]"))
        self._indent(f"→ {error.remedy}", 2, "cyan")

    @contextmanager
    def progress(self, what: str) -> "Iterator[Tick | None]":
        """A bar on a terminal, while the block runs; None elsewhere."""
        if not self._err.is_terminal:
            yield None
            return
        columns = (TextColumn("{task.description}"), BarColumn(30), MofNCompleteColumn())
        with Progress(
            *columns, TextColumn("{task.fields[last]}"), console=self._err, transient=True
        ) as bar:
            task = bar.add_task(what, total=None, last="")

            def tick(done: int, total: int, last: str) -> None:
                bar.update(task, completed=done, total=total, last=last)

            yield tick

    def show_table(self, text: str, warnings: Sequence[str]) -> None:
        """coverage.py's table as it is, and its warnings."""
        gap = "\n" if self._out.is_terminal else ""
        self._out.file.write(gap + text + gap)
        self._out.file.flush()
        for warning in warnings:
            self.say(f"coverage.py: {warning}", "yellow")

    def show_health(self, answers: Iterable[Health]) -> None:
        """A row for each container."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("pod", "container", "python", "files", "lines", "generation"):
            table.add_column(name, justify="right" if name in NUMBERS else "left")
        for health in answers:
            for box in health.containers:
                pythons = sorted({item.python for item in box.interpreters}) or ["-"]
                numbers = (box.sources, box.lines, health.generation)
                table.add_row(health.target.name, box.name, ", ".join(pythons), *map(str, numbers))
            if not health.containers:
                table.add_row(
                    health.target.name,
                    "nothing measured yet",
                    "-",
                    "0",
                    "0",
                    str(health.generation),
                )
        if table.row_count:
            self._out.print(table)

    def show_pods(
        self, answered: Sequence[str], failed: Sequence[Failure], skipped: Sequence[Failure]
    ) -> None:
        """Who answered, who did not, and why."""
        total = len(answered) + len(failed)
        if answered:
            names = name_some(answered, MOST_PODS)
            self.say(f"{len(answered)} of {total} pods answered: {names}")
        if total > 1:  # the only one's reason is the error that ends the command
            for failure in failed:
                self.say(f"no answer from {failure.name}: {failure.error.message}", "red")
                self._indent(f"→ {failure.error.remedy}", 2, "cyan")
        for failure in skipped:
            self.say(f"left out: {failure.error.message}", "dim")

    def show_maps(
        self, unmapped: "Sequence[Unmapped]", stale: "Sequence[Stale]", merged: bool
    ) -> None:
        """Files whose lines are not in the report, or are in it although they may be wrong."""
        if stale:
            counted = "counted all the same" if merged else "not counted"
            self.say(f"{number_of(len(stale), 'measured file')} unlike yours, {counted}:", "yellow")
            for item in stale[:MOST]:
                self._indent(f"{item.path} is {item.version}", 2)
            self._more(len(stale))
            if not merged:
                self._indent(
                    "→ Check out that commit or rebuild the image; --allow-stale counts them.",
                    2,
                    "cyan",
                )
        if unmapped:
            self.say(
                f"{number_of(len(unmapped), 'measured file')} outside your source folders:",
                "yellow",
            )
            for file in unmapped[:MOST]:
                self._indent(f"{file.path} ({number_of(file.lines, 'line')})", 2)
            self._more(len(unmapped))
            self._indent("→ Name their folder with --source DIR.", 2, "cyan")

    def show_unread(self, unread: Sequence[Unread]) -> None:
        """Local files and folders that no report has, because they cannot be read."""
        if unread:
            noun = number_of(len(unread), "local file or folder", "local files or folders")
            self.say(f"{noun} could not be read, not counted:", "yellow")
            for item in unread[:MOST]:
                self._indent(f"{item.path}: {item.reason}", 2)
            self._more(len(unread))

    def show_notes(self, notes: Iterable[Note]) -> None:
        """What the agents do not measure."""
        for note in unite_notes(notes):
            times = f" ({note.count} times)" if note.count > 1 else ""
            said = ": ".join(part for part in (note.reason, note.detail) if part)
            self.say(f"note from {note.container}, {note.slug}{times}: {said}", "yellow")
            if note.remedy:
                self._indent(f"→ {note.remedy}", 2, "cyan")

    def wrote(self, kind: str, where: Path) -> None:
        """Where a report is."""
        self.say(f"{kind}: {where}")

    def _more(self, count: int) -> None:
        if count > MOST:
            self._indent(f"and {count - MOST} more", 2)

    def _indent(self, text: str, by: int, style: str = "") -> None:
        self._err.print(Padding(Text(text, style), (0, 0, 0, by), expand=False))


NUMBERS = ("files", "lines", "generation")


def _console(stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = WIDE
    return console
