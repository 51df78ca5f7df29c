"""Owns the settings: argument > environment > pyproject.toml > default, in one frozen object.

The only file that reads the environment and [tool.podcov]. Every setting is a field of `Settings`;
what is accepted is in its annotation's parser below. Called by the command line, the pytest plugin
and run.
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from podcov.contract import DEFAULT_SESSION
from podcov.errors import SettingError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = "tool.podcov"
FILE = "pyproject.toml"
ENV_PREFIX = "PODCOV_"
WAYS = ("workload", "selector", "url")
"""Settings that say which pods; one of them counts."""
DAY_S = 86_400
"""What waits on a socket or a thread takes no seconds without end."""
ENV_NAMES = {"source": "PODCOV_SOURCE_DIRS"}
"""PODCOV_SOURCE is the agent's: what it measures."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach the pods, where the sources are, and which reports to make."""

    workload: str | None = None
    """deploy/NAME, statefulset/NAME or pod/NAME; None: see selector."""
    namespace: str | None = None
    """None: the namespace of the kubeconfig's context."""
    selector: str | None = None
    """A label selector; None with no workload: every pod that has an agent."""
    url: tuple[str, ...] = ()
    """Agents asked straight, without Kubernetes."""
    source: tuple[str, ...] = ()
    """Local folders that hold the sources; empty: the working directory."""
    kubeconfig: str | None = None
    context: str | None = None
    forward: str = "native"
    """native or kubectl."""
    local_port: int = 0
    """For forward=kubectl; 0: a free one."""
    timeout: float = 30.0
    """Seconds that one agent has to answer one question."""
    session: str = DEFAULT_SESSION
    """The name whose start `reset` moves and `collect` begins at."""
    allow_stale: bool = False
    """Report lines of files whose local version differs."""
    fail_under: float | None = None
    """Percent."""
    rcfile: str | None = None
    """coverage.py's settings; None: the file that coverage.py finds from the working directory."""
    data: str = ".coverage.podcov"
    """The coverage data file that collect writes."""
    html: str | None = None
    """A folder; the others below are files."""
    xml: str | None = None
    json: str | None = None
    lcov: str | None = None
    markdown: str | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """Values from one place, and how messages call that place."""

    values: Mapping[str, object]
    place: str
    spelling: Callable[[str], str] = str
    """How a key is written there."""


def settings_from(
    arguments: Mapping[str, object],
    env: Mapping[str, str],
    table: Mapping[str, object],
    file: str,
    ini: Mapping[str, object] | None = None,
) -> Settings:
    """One object out of these places; an argument or ini key that is None or () was not given.

    SettingError for a key that does not exist (in the file) or a value of the wrong form, naming
    the place.
    """
    names = {field.name for field in fields(Settings)}
    unknown = sorted(set(table) - names)
    if unknown:
        raise SettingError(
            f"Unknown setting {unknown[0]!r} in [{TABLE}] of {file}.",
            f"Accepted: {', '.join(sorted(names))}.",
        )
    layers = (
        Layer(table, f"[{TABLE}] of {file}"),
        Layer(_given(ini or {}), "pytest's configuration", "podcov_{}".format),
        Layer(
            {name: env[_env(name)] for name in names if env.get(_env(name))},
            "the environment",
            _env,
        ),
        Layer(_given(arguments), "the call"),
    )
    chosen: dict[str, object] = {}
    for layer in layers:
        if _names_pods(layer):  # in its own way, whatever the layers below say
            chosen = {key: value for key, value in chosen.items() if key not in WAYS}
        for key, value in layer.values.items():
            chosen[key] = _parse(key, value, layer)
    if chosen.get("local_port") and chosen.get("forward") != "kubectl":
        raise SettingError(
            f"local_port is {chosen['local_port']}, and the native forward opens no local port.",
            "Add --forward kubectl, or leave --local-port out.",
        )
    return Settings(**chosen)  # type: ignore[arg-type]  # parsed by PARSERS


def _names_pods(layer: Layer) -> bool:
    """Whether it says which pods; SettingError if it does so in two ways."""
    named = [layer.spelling(key) for key in WAYS if key in layer.values]
    if len(named) > 1:
        raise SettingError(
            f"{' and '.join(named)} are both set in {layer.place}.", "Name the pods in one way."
        )
    return bool(named)


def load_settings(
    arguments: Mapping[str, object],
    folder: Path | None = None,
    ini: Mapping[str, object] | None = None,
) -> Settings:
    """Settings with the real environment and the nearest pyproject.toml at or above `folder`.

    `ini` holds the keys of pytest's configuration, which stand between the two.
    """
    file = _find_file(folder or Path.cwd())
    return settings_from(arguments, os.environ, _read_table(file), str(file or FILE), ini)


def environment() -> dict[str, str]:
    """A copy of the environment, for child processes."""
    return dict(os.environ)


def _given(values: Mapping[str, object]) -> Mapping[str, object]:
    return {key: value for key, value in values.items() if value not in (None, ())}


def _env(name: str) -> str:
    return ENV_NAMES.get(name, ENV_PREFIX + name.upper())


def _find_file(folder: Path) -> Path | None:
    for place in (folder, *folder.parents):
        if (place / FILE).is_file():
            return place / FILE
    return None


def _read_table(file: Path | None) -> Mapping[str, object]:
    if file is None:
        return {}
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as problem:
        raise SettingError(f"{file} cannot be read: {problem}.", "Mend the file.") from problem
    table = document.get("tool", {}).get("podcov", {})
    if not isinstance(table, dict):
        raise SettingError(f"[{TABLE}] of {file} is not a table.", f"Write [{TABLE}] key = value.")
    return table


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: object) -> tuple[str, ...] | None:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return tuple(value)
    return None


def _flag(value: object) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)  # type: ignore[arg-type]  # anything else raises
    except (TypeError, ValueError):
        return None


def _percent(value: object) -> float | None:
    number = _number(value)
    return number if number is not None and 0 <= number <= 100 else None


def _seconds(value: object) -> float | None:
    number = _number(value)
    return number if number is not None and 0 < number <= DAY_S else None


def _port(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number in range(65536) else None


def _forward(value: object) -> str | None:
    return str(value) if value in ("native", "kubectl") else None


TEXT = (_text, "a text")
PARSERS: Mapping[str, tuple[Callable[[object], object], str]] = {
    "url": (_texts, "a list of addresses (in the environment: separated by commas)"),
    "source": (_texts, "a list of folders (in the environment: separated by commas)"),
    "forward": (_forward, "native or kubectl"),
    "local_port": (_port, "a port number, or 0 for a free one"),
    "timeout": (_seconds, "seconds, more than 0 and no more than a day"),
    "allow_stale": (_flag, "true or false"),
    "fail_under": (_percent, "a number between 0 and 100"),
}


def _parse(key: str, value: object, layer: Layer) -> object:
    parse, accepted = PARSERS.get(key, TEXT)
    parsed = parse(value)
    if parsed is None:
        raise SettingError(
            f"Setting {layer.spelling(key)} in {layer.place} is {value!r}.",
            f"Write {accepted}.",
        )
    return parsed
