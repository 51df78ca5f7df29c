"""Owns coverage.py: the only file that imports it. Writes data files and every report.

Reports honour the user's coverage settings (exclusions, omit, precision) as `coverage report`
would; its warnings come back as values. `rcfile` names the file of those settings; None: the one
that coverage.py finds from the working directory. Called by collection and the command line.
"""

import os
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from coverage import Coverage, CoverageData
from coverage.exceptions import ConfigError, CoverageException, CoverageWarning, NotPython
from coverage.exceptions import NoDataError as CoverageNoDataError
from coverage.parser import PythonParser
from coverage.python import get_python_source
from coverage.results import should_fail_under

from podcov.branches import Branches, Parsed, Ran
from podcov.contract import STARTUP_CONTEXT
from podcov.errors import NoDataError, ReportError, SettingError

TABLES = ("text", "markdown")
FILES = ("html", "xml", "json", "lcov")
KINDS = (*TABLES, *FILES)

Arc = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Taken:
    """The arcs of a file that were taken; each line that ran is among them, as (n, n)."""

    arcs: frozenset[Arc]
    startup: frozenset[Arc]


@dataclass(frozen=True, slots=True)
class Measured:
    """A local file and the lines of it that ran in pods."""

    path: str
    """Absolute."""
    lines: frozenset[int]
    startup: frozenset[int]
    pods: tuple[str, ...]
    """Who told us, sorted."""
    branches: Taken | None = None
    """None: only lines are known."""


@dataclass(frozen=True, slots=True)
class Report:
    """A finished report."""

    percent: float
    text: str
    """The table; empty for kinds that are files."""
    warnings: tuple[str, ...]


def find_taken(path: str, ran: Ran, startup: Ran) -> Taken:
    """The arcs of a local file that were taken; only lines where it cannot be analysed."""
    try:
        branches = Branches(get_python_source(path), _parse)
    except (CoverageException, SyntaxError, OSError, ValueError, AssertionError):
        return Taken(_as_arcs(ran.lines), _as_arcs(startup.lines))
    return Taken(branches.arcs(ran), branches.arcs(startup))


def save_data(files: Iterable[Measured], to: Path, rcfile: str | None = None) -> None:
    """Write a data file that coverage.py reads and combines; replaces an older one."""
    with _coverage_errors():
        relative = bool(_open(None, rcfile).get_option("run:relative_files"))
        to.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=to.parent, prefix=".podcov-") as folder:
            fresh = Path(folder, "data")
            _write(files, fresh, relative)
            os.replace(fresh, to)


def make_table(
    files: Iterable[Measured],
    kind: str | None = None,
    show_missing: bool | None = None,
    rcfile: str | None = None,
) -> Report:
    """coverage.py's table, `text` or `markdown`; None, also of show_missing: as the user's settings
    say."""
    out = StringIO()

    def run(cov: Coverage) -> float:
        return cov.report(file=out, output_format=kind, show_missing=show_missing)

    percent, said = _run(files, run, rcfile)
    return Report(percent, out.getvalue(), said)


def write_report(
    files: Iterable[Measured], kind: str, to: Path, rcfile: str | None = None
) -> Report:
    """Write the report: `to` is a folder for html, a file for every other kind."""
    if kind not in KINDS:
        raise SettingError(f"There is no report {kind!r}.", f"Write one of: {', '.join(KINDS)}.")
    if kind in TABLES:
        made = make_table(files, kind, rcfile=rcfile)
        _make_parent(to)
        to.write_text(made.text, encoding="utf-8")
        return made

    def run(cov: Coverage) -> float:
        if kind == "html":
            return cov.html_report(directory=str(to))
        _make_parent(to)
        if kind == "xml":
            return cov.xml_report(outfile=str(to))
        if kind == "lcov":
            return cov.lcov_report(outfile=str(to))
        return cov.json_report(outfile=str(to))

    percent, said = _run(files, run, rcfile)
    return Report(percent, "", said)


def is_below(percent: float, limit: float, rcfile: str | None = None) -> bool:
    """Whether coverage.py would fail under `limit`, with the user's precision."""
    if not 0 <= limit <= 100:
        raise SettingError(
            f"fail-under is {limit:g}; it is a percentage.", "Give a number between 0 and 100."
        )
    with _coverage_errors():
        precision = _open(None, rcfile).get_option("report:precision")
    return should_fail_under(percent, limit, int(str(precision)))


def find_limit(asked: float | None, rcfile: str | None = None) -> float:
    """The percentage under which to fail: what was asked, else `[report] fail_under`; 0: never."""
    if asked is not None:
        return asked
    with _coverage_errors():
        return float(str(_open(None, rcfile).get_option("report:fail_under") or 0))


def merge_data(parts: Sequence[Path], to: Path) -> None:
    """Join data files that `save_data` wrote."""
    with _coverage_errors():
        to.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=to.parent, prefix=".podcov-") as folder:
            fresh = Path(folder, "data")
            joined = CoverageData(basename=str(fresh))
            for part in parts:
                piece = CoverageData(basename=str(part))
                piece.read()
                joined.update(piece)
            joined.write()
            joined.close()
            os.replace(fresh, to)


def read_data(path: Path) -> tuple[Measured, ...]:
    """The files of a data file that `save_data` or `merge_data` wrote."""
    if not path.is_file():
        raise NoDataError(f"There is no data file {path}.", "Collect first.")
    with _coverage_errors():
        data = CoverageData(basename=str(path))
        data.read()
        return tuple(_read(data, name) for name in sorted(data.measured_files()))


def _read(data: CoverageData, name: str) -> Measured:
    """One file of the data, all of it and what ran at startup."""
    data.set_query_contexts(None)
    lines, arcs = frozenset(data.lines(name) or ()), frozenset(data.arcs(name) or ())
    data.set_query_contexts([f"^{STARTUP_CONTEXT}$"])
    startup, early = frozenset(data.lines(name) or ()), frozenset(data.arcs(name) or ())
    taken = Taken(arcs, early) if data.has_arcs() else None
    return Measured(os.path.abspath(name), lines, startup, (), taken)


def _write(files: Iterable[Measured], to: Path, relative: bool) -> None:
    """Arcs if any file has branches: coverage.py's data cannot hold both."""
    files = tuple(files)
    names = {file: os.path.relpath(file.path) if relative else file.path for file in files}
    data = CoverageData(basename=str(to))
    if any(file.branches for file in files):
        taken = {file: file.branches or _only_lines(file) for file in files}
        data.set_context(STARTUP_CONTEXT)
        data.add_arcs({names[file]: taken[file].startup for file in files})
        data.set_context("")
        data.add_arcs({names[file]: taken[file].arcs for file in files})
    else:
        data.set_context(STARTUP_CONTEXT)
        data.add_lines({names[file]: file.startup for file in files})
        data.set_context("")
        data.add_lines({names[file]: file.lines for file in files})
    data.touch_files(names.values())
    data.write()
    data.close()


def _only_lines(file: Measured) -> Taken:
    """The arcs that lines alone tell."""
    return find_taken(file.path, Ran(file.lines, ()), Ran(file.startup, ()))


def _as_arcs(lines: Iterable[int]) -> frozenset[Arc]:
    return frozenset((line, line) for line in lines)


def _parse(text: str) -> Parsed:
    parser = PythonParser(text=text or "\n")
    parser.parse_source()
    return Parsed(parser.arcs(), parser.first_line)


def _run(
    files: Iterable[Measured], run: Callable[[Coverage], float], rcfile: str | None
) -> tuple[float, tuple[str, ...]]:
    files = tuple(files)
    if not files:
        raise NoDataError(
            "There is nothing to report: no measured file.",
            "Exercise the application, then collect again; `podcov status` shows what is measured.",
        )
    with (
        _coverage_errors(),
        tempfile.TemporaryDirectory(prefix="podcov-") as folder,
        warnings.catch_warnings(record=True) as seen,
    ):
        warnings.simplefilter("always", CoverageWarning)
        path = Path(folder, "data")
        cov = _open(str(path), rcfile)
        _write(files, path, bool(cov.get_option("run:relative_files")))
        cov.load()
        try:
            percent = run(cov)
        except AssertionError as problem:
            raise _not_analysed(files) or problem from problem
        cov.get_data().close()
        said = tuple(str(item.message) for item in seen if item.category is CoverageWarning)
    return percent, said


def _not_analysed(files: Iterable[Measured]) -> ReportError | None:
    """What to say of files that coverage.py's parser does not understand, though they are Python.

    As of 7.17 it fails where, in a function, a loop ends in a `with` of nothing but `x: int`.
    """
    for file in files:
        try:
            _parse(get_python_source(file.path))
        except AssertionError:
            return ReportError(
                f"coverage.py cannot find the branches of {file.path}: its parser failed.",
                "Leave the file out with omit, or collect without branches.",
            )
        except Exception:  # not what made the report fail
            continue
    return None


def _open(data_file: str | None, rcfile: str | None) -> Coverage:
    return Coverage(data_file=data_file, config_file=rcfile or True)


@contextmanager
def _coverage_errors() -> Iterator[None]:
    try:
        yield
    except CoverageNoDataError as problem:
        raise NoDataError(
            "There is nothing to report: coverage.py's settings leave out every measured file.",
            "Look at include and omit under [tool.coverage.report] or in .coveragerc.",
        ) from problem
    except ConfigError as problem:
        raise SettingError(
            f"coverage.py refuses the settings of this project: {str(problem).rstrip('.')}.",
            "Mend [tool.coverage] in pyproject.toml, or .coveragerc; --rcfile names another file.",
        ) from problem
    except NotPython as problem:
        raise ReportError(
            f"coverage.py could not write the report: {str(problem).rstrip('.')}.",
            "Mend the file, leave it out with omit, or set ignore_errors: [tool.coverage.report].",
        ) from problem
    except (CoverageException, OSError, SyntaxError, UnicodeError) as problem:
        raise ReportError(
            f"coverage.py could not write the report: {str(problem).rstrip('.')}.",
            "Check the folder you named, and the coverage settings of this project.",
        ) from problem


def _make_parent(to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
