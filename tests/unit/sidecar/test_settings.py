"""Flags, environment, defaults."""

import pytest
from podcov_agent.sidecar import settings
from podcov_agent.sidecar.errors import BadSettingError
from podcov_agent.sidecar.settings import Settings

POD = {"PODCOV_HOME": "/podcov/agent", "PODCOV_SPOOL": "/podcov/spool", "PODCOV_PORT": "9100"}


def test_a_pod_needs_no_flags() -> None:
    assert settings.read([], POD) == Settings("/podcov/spool", "/podcov/agent", 9100)


def test_the_port_has_a_default() -> None:
    assert settings.read([], {**POD, "PODCOV_PORT": ""}).port == 9095


def test_flags_win_over_the_environment() -> None:
    flags = ["--port", "0", "--host", "::1", "--announce", "/a", "--temporary", "/t"]
    assert settings.read(flags, POD) == Settings(
        "/podcov/spool", "/podcov/agent", 0, "::1", "/a", "/t"
    )


@pytest.mark.parametrize(
    ("flags", "environ", "message"),
    [
        ([], {**POD, "PODCOV_PORT": "http"}, "PODCOV_PORT is 'http', expected a port from 0 to"),
        ([], {**POD, "PODCOV_PORT": "65536"}, "PODCOV_PORT is '65536', expected a port from 0"),
        (["--port", "000000065536"], POD, "--port is '000000065536', expected a port from 0"),
        (["--port", "-1"], POD, "--port is '-1', expected a port from 0 to 65535"),
        ([], {"PODCOV_HOME": "/h"}, "PODCOV_SPOOL is not set, expected a folder"),
        ([], {"PODCOV_SPOOL": "/s"}, "PODCOV_HOME is not set, expected a folder"),
    ],
)
def test_a_bad_value_is_told_with_name_value_and_what_was_expected(
    flags: list[str], environ: dict[str, str], message: str
) -> None:
    with pytest.raises(BadSettingError) as caught:
        settings.read(flags, environ)
    assert str(caught.value).startswith(message)


def test_help_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        settings.read(["--help"], {})
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    for flag in ("--port", "--host", "--announce", "--temporary"):
        assert flag in text
