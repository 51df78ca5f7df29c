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
        (AgentSettings, "agent_volume_size", "16K", "a quantity such as 10m or 32Mi"),
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


@pytest.mark.parametrize("text", ["1", "0.5", "10m", "4k", "2M", "1.5G", "64Ki", "32Mi", "1Ei"])
def test_every_form_of_a_quantity_is_taken(text: str) -> None:
    """As the API server takes it, which would refuse every measured pod for another form."""
    flags = {"agent_volume_size": text}
    assert build_settings(AgentSettings, {}, flags).agent_volume_size == text


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            {"agent_memory_request": "256Mi"},
            "--agent-memory-request is '256Mi', which is more than --agent-memory-limit, '128Mi'",
        ),
        (
            {"agent_cpu_limit": "0.009"},
            "--agent-cpu-request is '10m', which is more than --agent-cpu-limit, '0.009'",
        ),
        (
            {"agent_storage_request": "33M", "agent_storage_limit": "31Mi"},
            "--agent-storage-request is '33M', which is more than --agent-storage-limit, '31Mi'",
        ),
    ],
)
def test_a_request_above_its_limit_is_an_error(flags: dict[str, str | None], message: str) -> None:
    """Else the API server would refuse every object that asks to be measured."""
    with pytest.raises(SettingsError, match=message):
        build_settings(AgentSettings, {}, flags)


def test_a_request_may_be_as_large_as_its_limit() -> None:
    """Also where one is written in another unit."""
    flags = {"agent_cpu_request": "0.5", "agent_memory_request": "131072Ki"}
    assert build_settings(AgentSettings, {}, flags).agent_cpu_limit == "500m"
