"""Where settings come from, and what they accept."""

from __future__ import annotations

import pytest
from podcov_webhook.errors import SettingsError
from podcov_webhook.settings import (
    AgentSettings,
    ControllerSettings,
    ServerSettings,
    build_settings,
)


def test_flag_beats_environment_beats_default() -> None:
    """One name in three places."""
    environment = {"PODCOV_WEBHOOK_PORT": "1", "PODCOV_WEBHOOK_HOST": "a", "OTHER": "x"}
    built = build_settings(ServerSettings, environment, {"port": "2", "namespace": None})
    assert (built.port, built.host, built.namespace) == (2, "a", "podcov")


def test_values_have_the_type_of_their_default() -> None:
    """Numbers are numbers."""
    flags = {"port": "0", "tls_poll_s": "0.5"}
    built = build_settings(ServerSettings, {}, flags)
    assert (built.port, built.tls_poll_s) == (0, 0.5)


@pytest.mark.parametrize(
    ("section", "flag", "value", "message"),
    [
        (ServerSettings, "port", "65536", "a port from 0 to 65535"),
        (ServerSettings, "tls_poll_s", "soon", "seconds, such as 10 or 0.5"),
        (ServerSettings, "log_level", "info", "DEBUG, INFO, WARNING or ERROR"),
        (ServerSettings, "namespace", "Not A Name", "a Kubernetes name"),
        (ControllerSettings, "leaf_days", "0", "a number of days, at least 1"),
        (AgentSettings, "agent_image", "", "a text that is not empty"),
        (AgentSettings, "agent_memory_limit", "much", "a quantity such as 10m or 32Mi"),
        (AgentSettings, "agent_pull_policy", "Often", "Always, IfNotPresent or Never"),
    ],
)
def test_a_bad_value_names_flag_value_and_accepted_form(
    section: type[AgentSettings | ServerSettings | ControllerSettings],
    flag: str,
    value: str,
    message: str,
) -> None:
    """From the command line and from the environment alike."""
    name = "--" + flag.replace("_", "-")
    with pytest.raises(SettingsError) as error:
        build_settings(section, {}, {flag: value})
    assert str(error.value) == f"{name} is {value!r}; expected {message}"
    variable = f"PODCOV_WEBHOOK_{flag.upper()}"
    with pytest.raises(SettingsError) as error:
        build_settings(section, {variable: value}, {})
    assert str(error.value) == f"{variable} is {value!r}; expected {message}"
