"""Owns measuring one test run: where it begins, what it collects, and the verdict as lines of text.

Must not print and knows nothing of pytest. Called by pytest_plugin, which loads it only when
`--podcov` was given.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from podcov.collection import Collection
from podcov.config import Settings
from podcov.covdata import find_limit, is_below
from podcov.errors import PodcovError, SettingError, name_some
from podcov.models import Interval
from podcov.session import Session

TERM = "term"
TERM_MISSING = "term-missing"
DEFAULT_PATHS = {
    "html": "htmlcov",
    "xml": "coverage.xml",
    "json": "coverage.json",
    "lcov": "coverage.lcov",
    "markdown": "coverage.md",
}
ACCEPTED = (
    f"Accepted: {TERM}, {TERM_MISSING}, {', '.join(DEFAULT_PATHS)}; "
    "the last five also with a path, as html:DIR."
)
MOST_NAMES = 5
"""Files of one kind that the summary names."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report: its kind, and where it goes (empty for the terminal)."""

    kind: str
    path: str = ""


@dataclass(slots=True)
class Verdict:
    """What the summary says. `failures` is empty if coverage was collected whole and is enough."""

    heading: str = "podcov"
    lines: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def parse_report(text: str) -> Wanted:
    """`html:out` as a value; SettingError where there is no such report."""
    kind, _, path = text.partition(":")
    if kind in (TERM, TERM_MISSING) and not path:
        return Wanted(kind)
    if kind in DEFAULT_PATHS:
        return Wanted(kind, path or DEFAULT_PATHS[kind])
    raise SettingError(f"--podcov-report is {text!r}.", ACCEPTED)


def reports_of(texts: Sequence[str], settings: Settings) -> tuple[Wanted, ...]:
    """The reports asked for; without any, the table and the files that the settings name."""
    if texts:
        return tuple(parse_report(text) for text in texts)
    files = {kind: getattr(settings, kind) for kind in DEFAULT_PATHS}
    return (Wanted(TERM), *(Wanted(kind, path) for kind, path in files.items() if path))


class TestRun:
    """One test run: `begin` before the first test, `finish` after the last."""

    __test__ = False  # pytest: this is no test class

    def __init__(self, settings: Settings, reports: Sequence[Wanted]) -> None:
        self._settings = settings
        self._reports = reports
        self._session = Session.from_settings(settings)
        self._interval: Interval | None = None

    def begin(self) -> None:
        """Begin an interval on every pod; PodcovError if there is none, or none answers."""
        with _quiet():
            self._interval = self._session.begin()
        if self._interval.failed and not self._interval.answered:
            raise self._interval.failed[0].error

    def finish(self) -> Verdict:
        """Collect what ran since `begin`, write the reports, judge. A PodcovError is a failure."""
        verdict = Verdict()
        try:
            with _quiet():
                collection = self._session.collect(since=self._interval)
                self._judge(collection, verdict)
        except PodcovError as error:
            verdict.failures.append(f"{error.message} {error.remedy}")
        return verdict

    def _judge(self, collection: Collection, verdict: Verdict) -> None:
        asked = len(collection.answered) + len(collection.failed)
        verdict.heading = f"podcov: {len(collection.answered)} of {asked} pods answered"
        verdict.lines += _remarks(collection, self._settings.allow_stale)
        if not collection.complete:
            verdict.failures += _missing(collection)
        collection.save(self._settings.data)
        for wanted in self._reports:
            verdict.lines += _report(collection, wanted)
        self._check_percent(collection, verdict)

    def _check_percent(self, collection: Collection, verdict: Verdict) -> None:
        limit = find_limit(self._settings.fail_under, self._settings.rcfile)
        if not limit:
            return
        percent = collection.percent
        reached = f"Required test coverage of {limit:g}% {{}}. Total coverage: {percent:.2f}%"
        if is_below(percent, limit, self._settings.rcfile):
            verdict.failures.append(reached.format("not reached"))
        else:
            verdict.lines.append(reached.format("reached"))


def _report(collection: Collection, wanted: Wanted) -> list[str]:
    if wanted.path:
        made = collection.report(wanted.kind, wanted.path)
        return [f"Coverage {wanted.kind.upper()} written to {wanted.path}", *made.warnings]
    made = collection.table(show_missing=wanted.kind == TERM_MISSING or None)
    return [*made.text.rstrip().splitlines(), *made.warnings]


def _missing(collection: Collection) -> list[str]:
    asked = len(collection.answered) + len(collection.failed)
    first = f"{len(collection.answered)} of {asked} pods answered: the report lacks lines."
    return [
        first,
        *(f"{failure.name}: {failure.error}" for failure in collection.failed),
    ]


def _remarks(collection: Collection, allow_stale: bool) -> list[str]:
    lines = []
    stale = "stale, counted all the same" if allow_stale else "stale, left out"
    if collection.unmapped:
        names = name_some([file.path for file in collection.unmapped], MOST_NAMES)
        lines.append(f"not in {name_some(collection.source)}, left out: {names}")
    lines += [f"cannot be read, left out: {item.path}: {item.reason}" for item in collection.unread]
    lines += [f"{stale}: {file.path} in the pod is {file.version}" for file in collection.stale]
    lines += [
        f"not measured in {note.container}: {note.detail} ({note.slug})"
        for note in collection.notes
    ]
    return lines


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the warnings of the libraries we use from failing the user's run under `-W error`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
