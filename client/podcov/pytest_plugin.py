"""Owns the pytest plugin: options and hooks. The only file that imports pytest.

Must stay light: it is loaded in every pytest run where podcov is installed. `testrun`, and with it
everything that talks to pods, is imported only when `--podcov` was given. Called by pytest.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from podcov.config import load_settings
from podcov.errors import PodcovError

if TYPE_CHECKING:
    from podcov.testrun import TestRun, Verdict

PLUGIN_NAME = "podcov-run"
OPTIONS: Mapping[str, tuple[str, str, str]] = {
    # setting: (metavar, type of the ini key, help)
    "namespace": ("NAME", "string", "namespace of the pods (default: the kubeconfig context's)"),
    "workload": ("KIND/NAME", "string", "whose pods, for example deploy/shop"),
    "selector": ("LABELS", "string", "pods by label, for example app=shop"),
    "url": ("URL", "args", "an agent's address, without Kubernetes; repeatable"),
    "source": ("DIR", "paths", "folder that holds the sources (default: .); repeatable"),
    "report": (
        "KIND",
        "args",
        "term, term-missing, html[:DIR], xml[:FILE], json[:FILE], lcov[:FILE] or "
        "markdown[:FILE] (default: term); repeatable",
    ),
    "fail_under": ("PERCENT", "string", "fail the run if the total is less"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--podcov`, and every option also as an ini key `podcov_...`."""
    group = parser.getgroup("podcov", "coverage of running pods (podcov)")
    group.addoption(
        "--podcov", action="store_true", help="measure the pods while the tests run, and report"
    )
    for name, (metavar, kind, words) in OPTIONS.items():
        group.addoption(
            f"--podcov-{name.replace('_', '-')}",
            action="store" if kind == "string" else "append",
            default=None,
            metavar=metavar,
            help=words,
        )
        parser.addini(f"podcov_{name}", words, type=kind, default=None)  # type: ignore[arg-type]  # a literal of the table above


def pytest_configure(config: pytest.Config) -> None:
    """Take part only where `--podcov` was given, and under xdist only in the controller."""
    is_worker = hasattr(config, "workerinput")
    if config.getoption("podcov") and not is_worker and not config.getoption("collectonly"):
        config.pluginmanager.register(_Plugin(config), PLUGIN_NAME)


class _Plugin:
    """The hooks of a measured run."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._run: TestRun | None = None
        self._verdict: Verdict | None = None

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Begin an interval on all pods, or stop before the first test."""
        try:
            run = _make_run(self._config)
            run.begin()
        except PodcovError as error:
            raise pytest.UsageError(f"podcov: {error}") from error
        self._run = run

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Collect; a collection that is not whole or not enough fails the run."""
        if self._run is None:
            return
        self._verdict = self._run.finish()
        if self._verdict.failures and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table and what is missing from it."""
        if self._verdict is None:
            return
        terminalreporter.section(self._verdict.heading)
        for line in self._verdict.lines:
            terminalreporter.write_line(line)
        for line in self._verdict.failures:
            terminalreporter.write_line(f"FAIL {line}", red=True, bold=True)


def _make_run(config: pytest.Config) -> TestRun:
    engine = import_module("podcov.testrun")
    options = {name: _tidy(config.getoption(f"podcov_{name}")) for name in OPTIONS}
    ini = {name: _tidy(config.getini(f"podcov_{name}")) for name in OPTIONS}
    reports = (options.pop("report"), ini.pop("report"))
    settings = load_settings(options, config.invocation_params.dir, ini)
    wanted = engine.reports_of(reports[0] or reports[1] or (), settings)
    run: TestRun = engine.TestRun(settings, wanted)
    return run


def _tidy(value: object) -> object:
    """Return texts instead of paths, and None for what was not given."""
    return tuple(map(str, value)) if isinstance(value, list) else value or None
