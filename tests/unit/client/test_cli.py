"""The command line as a person meets it: real processes, real agents."""

import os
import re
from pathlib import Path

import pytest
from podcov.cli import COMMANDS, main
from podcov.kube import DEFAULT_FILE
from support.project import APP, Project

from .conftest import Agent
from .test_session import closed_url

TABLE = """\
Name          Stmts   Miss  Cover
---------------------------------
shop/app.py       7      3    57%
---------------------------------
TOTAL             7      3    57%
"""


class Podcov:
    """The command line, called in this process: `podcov` as its entry point calls it."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def __call__(self, *words: str, code: int = 0) -> tuple[str, str]:
        """stdout and stderr of a command that must end with this code."""
        self._capfd.readouterr()
        seen = main(words)
        said = self._capfd.readouterr()
        assert seen == code, said
        return said.out, said.err


@pytest.fixture
def podcov(capfd: pytest.CaptureFixture[str]) -> Podcov:
    return Podcov(capfd)


def test_alone_it_prints_what_it_can_do_with_three_examples(podcov: Podcov) -> None:
    """Every command, three ways to begin, every exit code."""
    said, _ = podcov()
    examples = re.findall(r"^    podcov (\w+)", said, re.M)
    assert len(examples) == 3
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", said, re.M), name
    for number in ("0", "1", "2", "3", "4", "130"):
        assert re.search(rf"\b{number}\b", said.partition("Exit codes:")[2]), number


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_80_columns(name: str, monkeypatch: pytest.MonkeyPatch, podcov: Podcov) -> None:
    """On every terminal."""
    monkeypatch.setenv("COLUMNS", "200")
    said, _ = podcov(*([name] if name else []), "--help")
    assert max(map(len, said.splitlines())) <= 80


def test_collect_prints_the_table_and_who_answered(
    project: Project, agent: Agent, podcov: Podcov
) -> None:
    """The table alone on stdout; the rest, with where each report is, on stderr."""
    agent.run(project, "shop/app.py", 1, 4, 7, 10)
    out, err = podcov("collect", "--url", agent.url, "--html", "out", "--xml", "c.xml")
    assert out == TABLE
    assert err == (
        f"1 of 1 pods answered: {agent.url.partition('//')[2]}\n"
        "html: out/index.html\n"
        "xml: c.xml\n"
        "data: .coverage.podcov\n"
    )
    assert Path("out/index.html").is_file()


def test_collect_with_a_missing_pod_reports_and_ends_with_3(
    project: Project, agent: Agent, podcov: Podcov
) -> None:
    """The table is there; so is who did not answer, why, and what to do."""
    agent.run(project, "shop/app.py", 1, 4, 7, 10)
    closed = closed_url()
    name = closed.partition("//")[2]
    out, err = podcov("collect", "--url", agent.url, "--url", closed, code=3)
    assert out == TABLE
    assert err == (
        f"1 of 2 pods answered: {agent.url.partition('//')[2]}\n"
        f"no answer from {name}: Nobody answers at {closed}: Connection refused.\n"
        "  → Check that the program was started by `podcov run` and still runs.\n"
        "data: .coverage.podcov\n"
        f"podcov: 1 of 2 pods answered; {name} did not. [partial]\n"
        "  → Their lines are missing: see the reason for each, then ask again.\n"
    )


def test_nobody_answers(project: Project, podcov: Podcov) -> None:
    """Exit code 1 and the pod's own reason."""
    closed = closed_url()
    out, err = podcov("collect", "--url", closed, code=1)
    assert out == ""
    assert f"podcov: Nobody answers at {closed}: Connection refused. [unreachable]\n" in err


def test_below_the_limit_ends_with_4(project: Project, agent: Agent, podcov: Podcov) -> None:
    """After the reports."""
    agent.run(project, "shop/app.py", 1, 4, 7, 10)
    out, err = podcov("collect", "--url", agent.url, "--fail-under", "58", code=4)
    assert out == TABLE
    assert err.endswith(
        "podcov: The total is 57.14 %, below the limit of 58 %. [fail-under]\n"
        "  → See what did not run: add --show-missing.\n"
    )
    podcov("collect", "--url", agent.url, "--fail-under", "57")


def test_the_projects_own_limit_counts(project: Project, agent: Agent, podcov: Podcov) -> None:
    """`fail_under` of coverage.py's settings, for `collect` and `report`; an option goes first."""
    agent.run(project, "shop/app.py", 1, 4, 7, 10)
    project.write(".coveragerc", "[report]\nfail_under = 58\n")
    for command in (["collect", "--url", agent.url], ["report"]):
        out, err = podcov(*command, code=4)
        assert out == TABLE
        assert "below the limit of 58 % (fail_under of coverage.py's settings). [" in err
        podcov(*command, "--fail-under", "57")
        podcov(*command, "--fail-under", "0")


def test_branches_that_are_wanted_and_were_not_recorded_are_said(
    project: Project, agent: Agent, podcov: Podcov
) -> None:
    """The report is that of the lines, and a note says what to set."""
    agent.run(project, "shop/app.py", 1, 4, 7, 10)
    project.write(".coveragerc", "[run]\nbranch = true\n")
    out, err = podcov("collect", "--url", agent.url)
    assert out == TABLE
    assert "note from shop, lines-only: coverage.py's settings of this project say branch" in err
    assert 'set coverage.io/branch: "true"' in err


def test_reset_then_collect(project: Project, agent: Agent, podcov: Podcov) -> None:
    """The moment is kept in the pod: two processes, nothing on this side."""
    agent.run(project, "shop/app.py", 1, 4, 10)
    _, err = podcov("reset", "--url", agent.url)
    name = agent.url.partition("//")[2]
    assert err == f"1 of 1 pods answered: {name}\nsession default begins now\n"
    agent.run(project, "shop/app.py", 7)
    assert podcov("collect", "--url", agent.url)[0] == TABLE
    podcov("reset", "--url", agent.url, "--session", "mine")
    assert podcov("collect", "--url", agent.url)[0] == TABLE


def test_report_needs_no_pod(project: Project, agent: Agent, podcov: Podcov) -> None:
    """It reads what collect has written."""
    agent.run(project, "shop/app.py", 1, 4, 7, 10)
    podcov("collect", "--url", agent.url, "--data", "kept")
    agent.served.stop()
    out, err = podcov("report", "--data", "kept", "--lcov", "l.info", "-m")
    assert "57%   5-6, 11" in out
    assert err == "lcov: l.info\n"


def test_status_has_a_row_for_each_container(
    project: Project, agent: Agent, podcov: Podcov
) -> None:
    """And what is not measured, with the slug to look up."""
    agent.run(project, "shop/app.py", 1, 4)
    agent.writer.interpreter("3.11.7")
    agent.writer.note("no-source", "/app/x.pyc")
    out, err = podcov("status", "--url", agent.url)
    assert out.splitlines()[1].split() == [
        agent.url.partition("//")[2],
        *("shop", "3.11.7", "1", "2", "0"),
    ]
    assert "note from shop, no-source" in err
    assert "/app/x.pyc" in err


def test_what_a_pod_has_lost_is_said(project: Project, agent: Agent, podcov: Podcov) -> None:
    """By `status` and by `collect`, with the slug to look up; the rest is in the table."""
    agent.run(project, "shop/app.py", 1, 4, 7, 10)
    for _ in range(2):
        podcov("reset", "--url", agent.url, "--session", "mine")
    (agent.writer.folder.parent / ".podcov/gen.1-1").write_bytes(b"torn")
    for command in (["status"], ["collect"]):
        out, err = podcov(*command, "--url", agent.url)
        assert "note from podcov-agent, generation-damaged: " in err
        assert "gen.1-1" in err
    assert out == TABLE


def test_stale_and_unmapped_files_are_listed(
    project: Project, agent: Agent, podcov: Podcov
) -> None:
    """What the report lacks, why, and what to do."""
    agent.run(project, "shop/app.py", 1, 4, 7, 10)
    agent.run(project, "shop/__init__.py", 1)
    agent.writer.run("/opt/tool.py", 1, 2, blob="b" * 40)
    project.write("shop/app.py", APP + "# mine\n")
    _, err = podcov("collect", "--url", agent.url)
    assert err.partition("\n")[2] == (
        "1 measured file unlike yours, not counted:\n"
        "  /app/shop/app.py is the version without your uncommitted changes\n"
        "  → Check out that commit or rebuild the image; --allow-stale counts them.\n"
        "1 measured file outside your source folders:\n"
        "  /opt/tool.py (2 lines)\n"
        "  → Name their folder with --source DIR.\n"
        "data: .coverage.podcov\n"
    )


def test_files_that_cannot_be_read_are_named_and_not_counted(
    project: Project, agent: Agent, podcov: Podcov
) -> None:
    """Those that nothing imported; the report is made of the others."""
    agent.run(project, "shop/app.py", 1, 4, 7, 10)
    agent.run(project, "shop/__init__.py", 1)
    project.write("shop/odd.py", "# coding: nope\n")
    os.mkfifo(project.root / "shop/pipe.py")
    out, err = podcov("collect", "--url", agent.url, "--source", "shop")
    assert "shop/app.py            7      3    57%" in out
    assert err.partition("\n")[2] == (
        "2 local files or folders could not be read, not counted:\n"
        f"  {project.root}/shop/odd.py: unknown encoding: nope\n"
        f"  {project.root}/shop/pipe.py: no regular file\n"
        "data: .coverage.podcov\n"
    )


def test_a_file_that_is_no_python_is_said_with_what_to_do(
    project: Project, agent: Agent, podcov: Podcov
) -> None:
    """As coverage.py says it: a report without it would look better than it is."""
    agent.run(project, "shop/app.py", 1)
    project.write("shop/broken.py", "def (:\n")
    _, err = podcov("collect", "--url", agent.url, "--source", "shop", code=1)
    assert f"Couldn't parse '{project.root}/shop/broken.py' as Python source" in err
    assert "ignore_errors" in err
    project.write(".coveragerc", "[report]\nignore_errors = true\n")
    assert "shop/app.py" in podcov("collect", "--url", agent.url, "--source", "shop")[0]


def test_an_unknown_setting_in_pyproject_ends_with_2(project: Project, podcov: Podcov) -> None:
    """The exact message."""
    file = project.write("pyproject.toml", "[tool.podcov]\nhtml_dir = 'x'\n")
    _, err = podcov("status", code=2)
    assert err.startswith(
        f"podcov: Unknown setting 'html_dir' in [tool.podcov] of {file}. [bad-setting]\n"
        "  → Accepted: allow_stale, context, "
    )


def test_an_unknown_option_ends_with_2(project: Project, podcov: Podcov) -> None:
    """With what was probably meant."""
    _, err = podcov("collect", "--htm1", "x", code=2)
    assert "--htm1" in err
    assert "--html" in err


def test_what_is_wrong_on_this_side_is_said_before_a_cluster_is_asked(
    project: Project, agent: Agent, podcov: Podcov
) -> None:
    """The form of a workload, two ways to name pods, a file of settings that is not there."""
    _, err = podcov("collect", "shop", code=1)
    assert err.startswith("podcov: 'shop' is not a workload podcov knows. [no-workload]\n")
    _, err = podcov("status", "deploy/shop", "--url", "http://x:1", code=2)
    assert "workload and url are both set in the call. [bad-setting]" in err
    agent.run(project, "shop/app.py", 1)
    podcov("collect", "--url", agent.url)
    _, err = podcov("report", "--rcfile", "nope", code=2)
    assert "Couldn't read 'nope' as a config file. [bad-setting]" in err


def test_no_cluster_at_all(project: Project, podcov: Podcov) -> None:
    """The exact message, without a kubeconfig in HOME or anywhere."""
    _, err = podcov("collect", "deploy/shop", code=1)
    assert err == (
        "podcov: No cluster: Invalid kube-config file. No configuration found "
        f"(looked in {DEFAULT_FILE}). [no-cluster]\n"
        "  → Set KUBECONFIG, give --kubeconfig FILE or --context NAME, or ask an agent directly "
        "with --url.\n"
    )
