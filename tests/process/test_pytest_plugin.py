"""The pytest plugin in real pytest runs, against a real sidecar and a really measured server."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from podcov import Session
from support.waiting import wait_until

pytest_plugins = ["pytester"]

SERVER = """\
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


def double(number):
    return number * 2


def halve(number):
    return number / 2


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        if self.path == "/double":
            self.wfile.write(b"%d" % double(4))
        else:
            self.wfile.write(b"%d" % halve(4))

    def log_message(self, *args):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[1], "w") as file:
    file.write(str(server.server_port))
server.serve_forever()
"""
DOUBLE_BODY, HALVE_BODY = 6, 10
"""Lines of SERVER that only one of the two requests runs."""

TESTS = """\
import urllib.request

import pytest


@pytest.mark.parametrize("turn", range(4))
def test_doubles(turn):
    with urllib.request.urlopen("{url}/double") as answer:
        assert answer.read() == b"8"
"""


@dataclass(frozen=True)
class Measured:
    """A server under the agent: where it answers, where its sidecar does, where its source is."""

    url: str
    agent: str
    source: Path
    pid: int
    """Of `podcov run`, which ends the server and its sidecar when it is told to end."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    """The server that most tests share."""
    with _serve(tmp_path_factory.mktemp("server")) as measured:
        Session(urls=[measured.agent]).begin()  # its start ends here, whichever test is first
        yield measured


@contextmanager
def _serve(folder: Path) -> Iterator[Measured]:
    """The server, started by `podcov run` in this folder."""
    (folder / "server.py").write_text(SERVER)
    command = [str(Path(sys.executable).with_name("podcov")), "run", "--port=0", "--"]
    said = folder / "said"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [*command, sys.executable, "server.py", str(folder / "port")],
            cwd=folder,
            stdout=out,
            stderr=out,
        )
    try:
        port = wait_until("the server's port", (folder / "port").read_text)
        agent = re.search(r"http://\S+", said.read_text())
        assert agent is not None, said.read_text()
        yield Measured(f"http://127.0.0.1:{port}", agent.group(), folder, process.pid)
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def suite(pytester: pytest.Pytester, server: Measured) -> pytest.Pytester:
    """A folder with tests of the server's /double; its ini file says where agent and source are."""
    pytester.makepyfile(TESTS.replace("{url}", server.url))
    pytester.makepyprojecttoml(
        f"""
        [tool.pytest.ini_options]
        filterwarnings = ["error"]
        podcov_url = ["{server.agent}"]
        podcov_source = ["{server.source}"]
        """
    )
    return pytester


def _missing_lines(result: pytest.RunResult) -> set[int]:
    (row,) = (line for line in result.outlines if re.match(r"\S*server\.py ", line))
    spans = re.findall(r"(\d+)(?:-(\d+))?(?:,|$)", row)
    return {n for first, last in spans for n in range(int(first), int(last or first) + 1)}


def test_the_table_shows_what_the_tests_ran(suite: pytest.Pytester) -> None:
    """The line that /double runs is covered, and the one that nobody ran is missing."""
    result = suite.runpytest_subprocess("--podcov", "--podcov-report=term-missing")
    assert result.ret == 0, result.stdout.str()
    result.stdout.fnmatch_lines(["*podcov: 1 of 1 pods answered*"])
    missing = _missing_lines(result)
    assert HALVE_BODY in missing
    assert DOUBLE_BODY not in missing


def test_what_ran_before_the_first_test_does_not_count(
    suite: pytest.Pytester, server: Measured
) -> None:
    """A request made before the run is not in its report."""
    with urllib.request.urlopen(f"{server.url}/halve") as answer:
        assert answer.read() == b"2"
    result = suite.runpytest_subprocess("--podcov", "--podcov-report=term-missing")
    assert HALVE_BODY in _missing_lines(result)


def test_every_kind_of_report_is_written(suite: pytest.Pytester) -> None:
    """Reports go where they were asked to go, and the summary names the place."""
    kinds = ["html:out/html", "xml:out/c.xml", "json", "lcov:out/c.lcov", "markdown:out/c.md"]
    result = suite.runpytest_subprocess("--podcov", *(f"--podcov-report={kind}" for kind in kinds))
    assert result.ret == 0, result.stdout.str()
    for name in ["out/html/index.html", "out/c.xml", "coverage.json", "out/c.lcov", "out/c.md"]:
        assert (suite.path / name).stat().st_size > 100, name
    result.stdout.fnmatch_lines(["Coverage HTML written to out/html"])
    assert (suite.path / ".coverage.podcov").is_file()


def test_below_the_limit_fails_the_run(suite: pytest.Pytester) -> None:
    """The tests pass and the run fails: the total is below the limit; it passes when it is not."""
    result = suite.runpytest_subprocess("--podcov", "--podcov-fail-under=99")
    result.assert_outcomes(passed=4)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["FAIL Required test coverage of 99% not reached. Total*"])
    own = "[report]\nfail_under = 99\nshow_missing = true\n"
    (suite.path / ".coveragerc").write_text(own)
    projects = suite.runpytest_subprocess("--podcov")
    assert projects.ret == pytest.ExitCode.TESTS_FAILED
    projects.stdout.fnmatch_lines(["*Missing*", "FAIL Required test coverage of 99% not reached*"])
    enough = suite.runpytest_subprocess("--podcov", "--podcov-fail-under=10")
    assert enough.ret == 0


def test_a_pod_that_does_not_answer_fails_the_run(suite: pytest.Pytester, server: Measured) -> None:
    """Half an answer is reported as half, and fails the run."""
    nobody = "--podcov-url=http://127.0.0.1:9"
    result = suite.runpytest_subprocess("--podcov", f"--podcov-url={server.agent}", nobody)
    result.assert_outcomes(passed=4)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["FAIL 1 of 2 pods answered: the report lacks lines."])
    result.stdout.fnmatch_lines(["*server.py *"])


def test_an_agent_that_ends_during_the_tests_fails_the_run(
    suite: pytest.Pytester, tmp_path: Path
) -> None:
    """What ran is gone with it: the summary says who did not answer, and the run fails."""
    with _serve(tmp_path) as mortal:
        port = mortal.agent.rpartition(":")[2]
        suite.makepyfile(
            f"""
            import os, signal, socket, time

            def test_ends_it():
                os.kill({mortal.pid}, signal.SIGTERM)
                deadline = time.monotonic() + 20
                while time.monotonic() < deadline:
                    try:
                        socket.create_connection(("127.0.0.1", {port})).close()
                    except OSError:
                        return
                raise AssertionError("the agent still answers")
            """
        )
        result = suite.runpytest_subprocess("--podcov", f"--podcov-url={mortal.agent}")
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*podcov: 0 of 1 pods answered*", "FAIL 0 of 1 pods answered*"])


def test_sources_of_another_version_are_not_reported(
    suite: pytest.Pytester, server: Measured
) -> None:
    """The same path with other content is a stale image: named, left out, and the run fails."""
    other = suite.mkdir("other")
    (other / "server.py").write_text(SERVER + "# changed since\n")
    result = suite.runpytest_subprocess("--podcov", f"--podcov-source={other}")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [f"stale, left out: {server.source}/server.py in the pod is*", "FAIL *"]
    )
    assert "TOTAL" not in result.stdout.str()


def test_without_any_agent_no_test_runs(suite: pytest.Pytester) -> None:
    """Where nobody can be asked, the run stops before the first test and says what to do."""
    result = suite.runpytest_subprocess("--podcov", "--podcov-url=http://127.0.0.1:9")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: podcov: Nobody answers at http://127.0.0.1:9*"])
    assert "passed" not in result.stdout.str()


def test_a_misspelt_report_is_a_usage_error(suite: pytest.Pytester) -> None:
    """A report that does not exist stops the run, and the accepted ones are named."""
    result = suite.runpytest_subprocess("--podcov", "--podcov-report=pdf")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--podcov-report is 'pdf'. Accepted: term, term-missing, html*"])


def test_nothing_happens_without_the_option(suite: pytest.Pytester) -> None:
    """Without --podcov nobody is asked and nothing of the engine is imported."""
    suite.makeconftest(
        """
        import sys

        def pytest_unconfigure():
            engine = {"podcov.session", "podcov.testrun", "kubernetes", "coverage", "rich"}
            print("loaded:", sorted(engine & set(sys.modules)))
        """
    )
    result = suite.runpytest_subprocess("-s", "--podcov-url=http://127.0.0.1:9")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["loaded: []"])
    assert "podcov:" not in result.stdout.str()


def test_collecting_tests_needs_no_pods(suite: pytest.Pytester) -> None:
    """--collect-only with --podcov lists the tests, also where there is no agent."""
    result = suite.runpytest_subprocess(
        "--podcov", "--collect-only", "--podcov-url=http://127.0.0.1:9"
    )
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*4 tests collected*"])


def test_xdist_collects_once(suite: pytest.Pytester) -> None:
    """With two workers there is one interval, one collection and one table."""
    result = suite.runpytest_subprocess("--podcov", "-n2", "--podcov-report=term-missing")
    assert result.ret == 0, result.stdout.str()
    result.assert_outcomes(passed=4)
    assert result.stdout.str().count("pods answered") == 1
    missing = _missing_lines(result)
    assert HALVE_BODY in missing
    assert DOUBLE_BODY not in missing


def test_warnings_as_errors_do_not_touch_the_engine(suite: pytest.Pytester) -> None:
    """Under `-W error` for the whole interpreter the run and its report are as ever."""
    result = suite.run(sys.executable, "-W", "error", "-m", "pytest", "--podcov", "-q")
    assert result.ret == 0, result.stdout.str() + result.stderr.str()
    result.stdout.fnmatch_lines(["*1 of 1 pods answered*"])


def test_a_source_folder_in_the_ini_file_is_relative_to_it(
    suite: pytest.Pytester, server: Measured
) -> None:
    """Started in a folder below, the run finds the sources that the ini file names."""
    (suite.path / "src").symlink_to(server.source)
    suite.makepyprojecttoml(
        f"""
        [tool.pytest.ini_options]
        podcov_url = ["{server.agent}"]
        podcov_source = ["src"]
        """
    )
    suite.mkdir("below")
    result = suite.run("sh", "-c", f"cd below && exec {sys.executable} -m pytest --podcov ..")
    assert result.ret == 0, result.stdout.str()
    result.stdout.fnmatch_lines(["*server.py *"])


def test_the_environment_wins_over_the_ini_file_and_an_option_over_both(
    suite: pytest.Pytester, server: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same setting in three places: the option is taken, then the environment."""
    monkeypatch.setenv("PODCOV_URL", "http://127.0.0.1:9")
    from_environment = suite.runpytest_subprocess("--podcov")
    assert from_environment.ret == pytest.ExitCode.USAGE_ERROR
    from_option = suite.runpytest_subprocess("--podcov", f"--podcov-url={server.agent}")
    assert from_option.ret == 0, from_option.stdout.str()


def test_a_bad_ini_value_is_told_with_its_key(suite: pytest.Pytester, server: Measured) -> None:
    """A limit that is no number stops the run; the message names the key and the accepted form."""
    suite.makepyprojecttoml('[tool.pytest.ini_options]\npodcov_fail_under = "most"\n')
    result = suite.runpytest_subprocess("--podcov", f"--podcov-url={server.agent}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: podcov: Setting podcov_fail_under in pytest's configuration is 'most'. Write a n*"]
    )
