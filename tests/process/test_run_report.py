"""The report of `podcov run`: what is in it, and which exit code ends it."""

import signal
import sys
from pathlib import Path

import pytest
from support.podcov_run import WAITING, finished, line_of, running
from support.project import Project, make_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The working directory."""
    made = make_project(tmp_path / "project")
    monkeypatch.chdir(made.root)
    return made


def test_the_report_comes_after_the_program_and_its_exit_code_is_kept(project: Project) -> None:
    """The table on stdout, the other reports where they were asked for, the data for later."""
    project.write("main.py", "import sys\nimport shop.app\nshop.app.greet('x')\nsys.exit(7)\n")
    done = finished("--report", "--xml", "out/c.xml", "--", sys.executable, "main.py")
    assert (done.returncode, done.stdout) == (
        7,
        "Name               Stmts   Miss  Cover\n"
        "--------------------------------------\n"
        "main.py                4      0   100%\n"
        "shop/__init__.py       0      0   100%\n"
        "shop/app.py            7      2    71%\n"
        "--------------------------------------\n"
        "TOTAL                 11      2    82%\n",
    )
    assert done.stderr.splitlines()[1:] == ["xml: out/c.xml", "data: .coverage.podcov"]
    assert 'filename="shop/app.py"' in (project.root / "out/c.xml").read_text()


def test_without_a_report_nothing_is_written(project: Project) -> None:
    """Not even the data file."""
    done = finished("--", sys.executable, "-c", "print(1)")
    assert (done.returncode, done.stdout) == (0, "1\n")
    assert not (project.root / ".coverage.podcov").exists()


@pytest.mark.parametrize(
    ("ends", "expected", "slug"),
    [
        ("", 4, "fail-under"),
        ("import sys; sys.exit(9)", 9, "fail-under"),
    ],
)
def test_a_total_that_is_too_low_is_told_below_the_programs_own_failure(
    project: Project, ends: str, expected: int, slug: str
) -> None:
    """The program's exit code wins; the reason is said in both cases."""
    project.write("main.py", f"def never():\n    return 1\n{ends}\n")
    done = finished("--fail-under", "99", "--", sys.executable, "main.py")
    assert done.returncode == expected, done.stderr
    assert f"[{slug}]" in done.stderr


DECIDES = "import sys\nif len(sys.argv) > 9:\n    print(1)\n"
LIMIT = {
    ".coveragerc": "[run]\nbranch = true\n[report]\nfail_under = 99\n",
    "setup.cfg": "[coverage:run]\nbranch = true\n[coverage:report]\nfail_under = 99\n",
    "tox.ini": "[coverage:run]\nbranch = true\n[coverage:report]\nfail_under = 99\n",
    "pyproject.toml": "[tool.coverage]\nrun.branch = true\nreport.fail_under = 99\n",
}


@pytest.mark.parametrize("file", LIMIT)
def test_branch_and_fail_under_of_the_projects_settings_count(project: Project, file: str) -> None:
    """Wherever coverage.py looks for them; an option or the environment is asked first."""
    project.write("main.py", DECIDES)
    project.write(file, LIMIT[file])
    words = ["--report", "--", sys.executable, "main.py"]
    done = finished(*words)
    assert (done.returncode, "BrPart" in done.stdout) == (4, True), done.stderr
    assert "below the limit of 99 % (fail_under of coverage.py's settings). [fail-under]" in (
        done.stderr
    )
    done = finished("--fail-under", "0", "--no-branch", *words)
    assert (done.returncode, "BrPart" in done.stdout) == (0, False), done.stderr
    assert "lines-only" not in done.stderr
    done = finished("--fail-under", "10", *words, env={"PODCOV_BRANCH": "false"})
    assert (done.returncode, "BrPart" in done.stdout) == (0, False), done.stderr


def test_an_option_and_the_environment_ask_for_branches_too(project: Project) -> None:
    """Where the project's settings say nothing."""
    project.write("main.py", DECIDES)
    words = ["--report", "--", sys.executable, "main.py"]
    assert "BrPart" not in finished(*words).stdout
    assert "BrPart" in finished("--branch", *words).stdout
    assert "BrPart" in finished(*words, env={"PODCOV_BRANCH": "true"}).stdout
    refused = finished(*words, env={"PODCOV_BRANCH": "yes"})
    assert (refused.returncode, "[bad-setting]" in refused.stderr) == (2, True)


def test_a_report_that_fails_is_told_from_the_programs_failure(project: Project) -> None:
    """125, as no program of the user's ends."""
    done = finished("--report", "--", sys.executable, "-S", "-c", "print(1)")
    assert (done.returncode, done.stdout) == (125, "1\n")
    assert "[no-data]" in done.stderr


def test_a_wrong_setting_is_said_before_the_program_starts(project: Project) -> None:
    """Nobody waits for a program to learn that its report cannot be."""
    done = finished("--rcfile", "nowhere", "--report", "--", "echo", "started")
    assert (done.returncode, done.stdout) == (2, "")
    assert "[bad-setting]" in done.stderr
    assert "nowhere" in done.stderr


def test_a_terminated_program_is_reported_too(project: Project) -> None:
    """As Compose stops a service: SIGTERM, and the table is still made."""
    project.write("app.py", WAITING)
    with running("--report", "--", sys.executable, "app.py") as (child, _):
        assert line_of(child) == "ready\n"
        child.send_signal(signal.SIGTERM)
        out, _err = child.communicate(timeout=30)
    assert child.returncode == 3
    assert "app.py       7      0   100%" in out
