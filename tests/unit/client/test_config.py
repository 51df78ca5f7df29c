"""Settings: argument > environment > file > default, and nothing is accepted by accident."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from podcov.config import ENV_NAMES, ENV_PREFIX, Settings, load_settings, settings_from
from podcov.errors import SettingError

FILE = "/p/pyproject.toml"


def test_the_order_of_places() -> None:
    """Each place overrides the next."""
    table = {"namespace": "file", "selector": "file", "timeout": 5}
    env = {"PODCOV_NAMESPACE": "env", "PODCOV_SELECTOR": "env"}
    made = settings_from({"namespace": "call", "workload": None, "url": ()}, env, table, FILE)
    assert (made.namespace, made.selector, made.timeout, made.forward) == (
        "call",
        "env",
        5,
        "native",
    )


def test_the_nearest_place_that_names_pods_decides_how() -> None:
    """A workload in the call is not overruled by an address in the file; two at once are none."""
    table, env = {"url": ["http://file:1"]}, {"PODCOV_SELECTOR": "app=env"}
    made = settings_from({"workload": "deploy/x"}, env, table, FILE)
    assert (made.workload, made.selector, made.url) == ("deploy/x", None, ())
    assert settings_from({}, env, table, FILE).url == ()
    assert settings_from({}, {}, table, FILE).url == ("http://file:1",)
    with pytest.raises(SettingError) as caught:
        settings_from({}, {**env, "PODCOV_URL": "http://x:1"}, {}, FILE)
    assert caught.value.message == (
        "PODCOV_SELECTOR and PODCOV_URL are both set in the environment."
    )


def test_nothing_given_is_the_defaults() -> None:
    """An empty environment and no file."""
    assert settings_from({}, {}, {}, FILE) == Settings()


def test_an_unknown_key_is_named_with_its_file_and_the_accepted_keys() -> None:
    """The exact message."""
    with pytest.raises(SettingError) as caught:
        settings_from({}, {}, {"namspace": "shop"}, FILE)
    assert caught.value.message == f"Unknown setting 'namspace' in [tool.podcov] of {FILE}."
    assert caught.value.remedy == (
        "Accepted: allow_stale, context, data, fail_under, forward, html, json, kubeconfig, lcov, "
        "local_port, markdown, namespace, rcfile, selector, session, source, timeout, url, "
        "workload, xml."
    )


@pytest.mark.parametrize(
    ("key", "value", "accepted"),
    [
        ("timeout", "soon", "seconds, more than 0 and no more than a day"),
        ("timeout", 0, "seconds, more than 0 and no more than a day"),
        ("timeout", "inf", "seconds, more than 0 and no more than a day"),
        ("forward", "ssh", "native or kubectl"),
        ("fail_under", 101, "a number between 0 and 100"),
        ("fail_under", True, "a number between 0 and 100"),
        ("local_port", 70000, "a port number, or 0 for a free one"),
        ("allow_stale", "maybe", "true or false"),
        ("source", 3, "a list of folders (in the environment: separated by commas)"),
        ("namespace", 3, "a text"),
    ],
)
def test_a_value_of_the_wrong_form_is_named_with_the_right_one(
    key: str, value: object, accepted: str
) -> None:
    """The value seen and the form expected."""
    with pytest.raises(SettingError) as caught:
        settings_from({}, {}, {key: value}, FILE)
    assert caught.value.message == f"Setting {key} in [tool.podcov] of {FILE} is {value!r}."
    assert caught.value.remedy == f"Write {accepted}."


def test_the_environment_is_named_by_its_variable() -> None:
    """PODCOV_SOURCE is the agent's; ours has another name."""
    made = settings_from({}, {"PODCOV_SOURCE_DIRS": "src, lib", "PODCOV_SOURCE": "/app"}, {}, FILE)
    assert made.source == ("src", "lib")
    with pytest.raises(SettingError, match="Setting PODCOV_TIMEOUT in the environment is 'x'"):
        settings_from({}, {"PODCOV_TIMEOUT": "x"}, {}, FILE)


def test_a_local_port_needs_kubectl() -> None:
    """The native forward opens none, so the option would do nothing."""
    with pytest.raises(SettingError, match="the native forward opens no local port"):
        settings_from({"local_port": 9095}, {}, {}, FILE)
    assert (
        settings_from({"local_port": 9095, "forward": "kubectl"}, {}, {}, FILE).local_port == 9095
    )


def test_the_nearest_pyproject_is_read(tmp_path: Path) -> None:
    """From a folder inside the project."""
    (tmp_path / "pyproject.toml").write_text('[tool.podcov]\nnamespace = "shop"\n')
    (tmp_path / "src").mkdir()
    assert load_settings({}, tmp_path / "src").namespace == "shop"


@pytest.mark.parametrize("text", ["[tool.podcov", "[tool]\npodcov = 3\n"])
def test_a_broken_pyproject_is_named(tmp_path: Path, text: str) -> None:
    """The file is in the message."""
    file = tmp_path / "pyproject.toml"
    file.write_text(text)
    with pytest.raises(SettingError) as caught:
        load_settings({}, tmp_path)
    assert str(file) in caught.value.message


def test_every_setting_is_on_the_page() -> None:
    """docs/settings.md has each key, with its variable, and no other."""
    page = Path(__file__).parents[3] / "docs/settings.md"
    table = page.read_text().partition("\n## ")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| `")]
    keys = [key for row in rows for key in re.findall(r"`(\w+)`", row[1])]
    assert sorted(keys) == sorted(field.name for field in fields(Settings))
    for row in rows:
        first = re.findall(r"`(\w+)`", row[1])[0]
        assert f"`{ENV_NAMES.get(first, ENV_PREFIX + first.upper())}`" in row[2]
