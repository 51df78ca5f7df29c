"""Data files and reports are coverage.py's own, with the user's settings and without its noise."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from podcov.branches import Ran
from podcov.covdata import (
    Measured,
    Taken,
    find_taken,
    is_below,
    make_table,
    merge_data,
    read_data,
    save_data,
    write_report,
)
from podcov.errors import NoDataError, ReportError, SettingError
from support.project import Project

TABLE = """\
Name          Stmts   Miss  Cover
---------------------------------
shop/app.py       7      3    57%
---------------------------------
TOTAL             7      3    57%
"""


def measured(
    project: Project, *lines: int, startup: tuple[int, ...] = (1, 4, 10)
) -> list[Measured]:
    path = str(project.root / "shop/app.py")
    return [Measured(path, frozenset(lines), frozenset(startup), ("shop-1",))]


def coverage(*words: str) -> str:
    """What the coverage command says, as a user would run it."""
    command = [sys.executable, "-m", "coverage", *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout


def test_the_data_file_is_coverages(project: Project) -> None:
    """`coverage report` reads it, start-up lines count, and they have their own context."""
    save_data(measured(project, 7), Path("x/.coverage.podcov"))
    assert coverage("report", "--data-file=x/.coverage.podcov") == TABLE
    only = coverage("report", "--data-file=x/.coverage.podcov", "--contexts=startup")
    assert "57%" not in only


def test_the_table_is_coverages(project: Project) -> None:
    """With paths relative to the working directory, and the total as a number."""
    made = make_table(measured(project, 7))
    assert made.text == TABLE
    assert made.percent == pytest.approx(57.142857)
    assert made.warnings == ()


def test_missing_lines_are_named_on_demand(project: Project) -> None:
    """coverage.py's column."""
    assert "5-6, 11" in make_table(measured(project, 7), show_missing=True).text


@pytest.mark.parametrize(
    "config",
    [
        "",
        "[tool.coverage.run]\nparallel = true\n",
        "[tool.coverage.run]\nbranch = true\nrelative_files = true\n",
    ],
)
def test_the_users_settings_count(project: Project, config: str) -> None:
    """Exclusions as in every coverage report; the settings for running do not get in the way."""
    excluding = "[tool.coverage.report]\nexclude_also = ['def part']\n"
    project.write("pyproject.toml", config + excluding)
    assert "shop/app.py       5      2    60%" in make_table(measured(project, 7)).text
    save_data(measured(project, 7), Path(".coverage.podcov"))
    assert "60%" in coverage("report", "--data-file=.coverage.podcov")


def test_the_data_combines_with_unit_tests(project: Project) -> None:
    """`coverage combine` takes it with what `coverage run` wrote, also with relative files."""
    project.write("pyproject.toml", "[tool.coverage.run]\nrelative_files = true\n")
    project.write("unit.py", "from shop.app import part\npart()\n")
    coverage("run", "--source=shop", "unit.py")
    save_data(measured(project, 5, 6), Path(".coverage.podcov"))
    coverage("combine", "--append")
    assert "shop/app.py            7      1    86%" in coverage("report")


def test_every_report_is_written(project: Project, tmp_path: Path) -> None:
    """HTML, XML, JSON, LCOV and Markdown, into folders that do not exist yet."""
    files = measured(project, 7)
    for kind in ("html", "xml", "json", "lcov", "markdown", "text"):
        made = write_report(files, kind, tmp_path / "out" / kind)
        assert made.percent == pytest.approx(57.142857), kind
    assert "app_py.html" in (tmp_path / "out/html/index.html").read_text()
    assert 'filename="shop/app.py"' in (tmp_path / "out/xml").read_text()
    assert "shop/app.py" in json.loads((tmp_path / "out/json").read_text())["files"]
    assert "SF:shop/app.py" in (tmp_path / "out/lcov").read_text()
    assert "| shop/app.py |" in (tmp_path / "out/markdown").read_text()
    assert (tmp_path / "out/text").read_text() == TABLE


def test_an_unknown_report_is_refused(project: Project) -> None:
    """Not written as something else."""
    with pytest.raises(SettingError, match="There is no report 'pdf'"):
        write_report(measured(project, 7), "pdf", Path("x"))


def test_a_file_without_lines_is_in_the_report(project: Project) -> None:
    """It was loaded, and nothing of it ran."""
    assert "shop/app.py       7      7     0%" in make_table(measured(project, startup=())).text


def test_coverages_warnings_are_values(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    """Not noise on the terminal."""
    project.write("pyproject.toml", "[tool.coverage.report]\nignore_errors = true\n")
    files = measured(project, 7)
    broken = project.write("shop/broken.py", "def (:\n")
    made = make_table([*files, Measured(str(broken), frozenset({1}), frozenset(), ())])
    assert any("broken.py" in warning for warning in made.warnings)
    assert capfd.readouterr() == ("", "")


def test_a_file_that_cannot_be_parsed_is_an_error(project: Project) -> None:
    """The file is in the message; a report that leaves it out would look better than it is."""
    broken = project.write("shop/broken.py", "def (:\n")
    with pytest.raises(ReportError, match=r"broken\.py"):
        make_table([Measured(str(broken), frozenset({1}), frozenset(), ())])


def test_a_file_that_coverage_cannot_analyse_is_an_error(project: Project) -> None:
    """With branches alone; its lines are kept, and reported without them."""
    text = "def f(xs):\n    for x in xs:\n        with x:\n            y: int\n"
    path, ran = str(project.write("shop/odd.py", text)), Ran({1, 2}, ())
    taken = find_taken(path, ran, Ran((), ()))
    assert taken.arcs == {(1, 1), (2, 2)}
    odd = Measured(path, frozenset({1, 2}), frozenset(), ())
    with pytest.raises(ReportError, match=r"branches of .*odd\.py"):
        make_table([*measured(project, 7), replace(odd, branches=taken)])
    assert re.search(r"odd\.py +3 +1 +67%", make_table([odd]).text)


def test_settings_that_leave_out_everything_are_said(project: Project) -> None:
    """The exact message."""
    project.write("pyproject.toml", "[tool.coverage.report]\nomit = ['*']\n")
    with pytest.raises(NoDataError) as caught:
        make_table(measured(project, 7))
    assert caught.value.message == (
        "There is nothing to report: coverage.py's settings leave out every measured file."
    )


def test_what_was_saved_is_read_again(project: Project) -> None:
    """Lines and start-up lines, for `podcov report`."""
    save_data(measured(project, 7), Path("data"))
    (found,) = read_data(Path("data"))
    assert os.path.samefile(found.path, "shop/app.py")
    assert (found.lines, found.startup) == ({1, 4, 7, 10}, {1, 4, 10})


def test_a_missing_data_file_is_said() -> None:
    """The exact message."""
    with pytest.raises(NoDataError) as caught:
        read_data(Path("/nowhere/data"))
    assert caught.value.message == "There is no data file /nowhere/data."


def test_a_foreign_data_file_is_said(project: Project) -> None:
    """A file that is no coverage data."""
    file = project.write("data", "hello")
    with pytest.raises(ReportError, match="data"):
        read_data(file)


def test_the_limit_is_compared_as_coverage_does(project: Project) -> None:
    """Rounded by the user's precision; 100 means 100."""
    assert is_below(57.14, 58)
    assert not is_below(57.6, 58)
    assert is_below(99.99, 100)
    with pytest.raises(SettingError, match="fail-under is 101"):
        is_below(50, 101)


def with_branches(project: Project, *lines: int, exits: set[tuple[int, bool]]) -> list[Measured]:
    """`shop/app.py`, whose only decision is on line 5."""
    path, (file,) = str(project.root / "shop/app.py"), measured(project, *lines)
    taken = find_taken(path, Ran(file.lines, exits), Ran(file.startup, set()))
    return [replace(file, branches=taken)]


BRANCHES = """\
Name          Stmts   Miss Branch BrPart  Cover   Missing
---------------------------------------------------------
shop/app.py       7      2      2      1    67%   6, 11
---------------------------------------------------------
TOTAL             7      2      2      1    67%
"""


def test_branches_are_counted(project: Project) -> None:
    """As coverage.py counts those of `coverage run --branch`."""
    files = with_branches(project, 5, 7, exits={(5, False)})
    assert make_table(files, show_missing=True).text == BRANCHES
    only_half = with_branches(project, 5, 6, exits=set())
    assert "2      1    67%   7, 11" in make_table(only_half, show_missing=True).text


def test_a_data_file_keeps_branches_and_startup(project: Project) -> None:
    """It reports the same when it is read again, and joins with another."""
    files = with_branches(project, 5, 7, exits={(5, False)})
    save_data(files, Path("data"))
    (again,) = read_data(Path("data"))
    assert make_table([again], show_missing=True).text == BRANCHES
    assert again.branches is not None
    assert files[0].branches is not None
    assert again.branches.startup == files[0].branches.startup
    assert again.branches.arcs == files[0].branches.arcs | files[0].branches.startup
    save_data(with_branches(project, 5, 6, exits=set()), Path("more"))
    merge_data([Path("data"), Path("more")], Path("all"))
    assert (
        "TOTAL             7      1      2      0    89%" in make_table(read_data(Path("all"))).text
    )


def test_the_data_combines_with_unit_tests_that_measured_branches(project: Project) -> None:
    """`coverage combine` takes both."""
    project.write("unit.py", "from shop.app import greet\ngreet(0)\n")
    coverage("run", "--branch", "--source=shop", "unit.py")
    save_data(with_branches(project, 5, 6, exits=set()), Path(".coverage.podcov"))
    coverage("combine", "--append", ".coverage.podcov")
    assert "shop/app.py            7      1      2      0    89%" in coverage("report")


def test_a_file_without_branches_beside_one_with(project: Project) -> None:
    """Its lines count; of its branches those that lines tell."""
    other = project.write("shop/other.py", "def f(x):\n    if x:\n        return 1\n    return 2\n")
    lines = Measured(str(other), frozenset({2, 3}), frozenset({1}), ())
    files = [*with_branches(project, 5, 7, exits={(5, False)}), lines]
    (row,) = [r for r in make_table(files, show_missing=True).text.splitlines() if "other" in r]
    assert row.split() == ["shop/other.py", "4", "1", "2", "1", "67%", "4"]


def test_a_file_that_is_no_python_has_its_lines(project: Project) -> None:
    """The report says what is wrong with it, as for lines."""
    broken = project.write("shop/broken.py", "if\n")
    taken = find_taken(str(broken), Ran({1}, {(1, True)}), Ran(set(), set()))
    assert taken == Taken(frozenset({(1, 1)}), frozenset())
