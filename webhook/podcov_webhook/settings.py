"""Owns configuration: every setting with its default, unit and accepted form.

The only file that reads the environment. A setting `agent_image` is the flag `--agent-image` and
the variable `PODCOV_WEBHOOK_AGENT_IMAGE`; flag > environment > default. Called by `cli` only: the
frozen dataclasses are passed down.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from fractions import Fraction
from typing import Any, TypeVar, cast

from podcov_webhook.contract import VERSION
from podcov_webhook.errors import SettingsError

ENV_PREFIX = "PODCOV_WEBHOOK_"

_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|[MGTPE]|[KMGTPE]i)?")
_FACTORS = {
    "": Fraction(1),
    "m": Fraction(1, 1000),
    **{unit: Fraction(1000) ** power for power, unit in enumerate("kMGTPE", 1)},
    **{f"{unit}i": Fraction(1024) ** power for power, unit in enumerate("KMGTPE", 1)},
}
_DNS_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


@dataclass(frozen=True)
class Accepted:
    """What a setting takes: the words for people, and the check of the text."""

    words: str
    matches: Callable[[str], object]


TEXT = Accepted("a text that is not empty", bool)
QUANTITY = Accepted("a quantity such as 10m or 32Mi", _QUANTITY.fullmatch)
NAME = Accepted("a Kubernetes name", _DNS_NAME.fullmatch)
PORT = Accepted("a port from 0 to 65535", lambda t: t.isdigit() and int(t) <= 65535)
SECONDS = Accepted("seconds, such as 10 or 0.5", re.compile(r"[0-9]+(\.[0-9]+)?").fullmatch)
DAYS = Accepted("a number of days, at least 1", re.compile(r"[1-9][0-9]*").fullmatch)
PULL_POLICY = Accepted(
    "Always, IfNotPresent or Never", {"Always", "IfNotPresent", "Never"}.__contains__
)
LEVEL = Accepted(
    "DEBUG, INFO, WARNING or ERROR", {"DEBUG", "INFO", "WARNING", "ERROR"}.__contains__
)


def option(default: object, accepted: Accepted, words: str) -> Any:
    """A dataclass field that is a setting. Its words are the flag's help."""
    return field(default=default, metadata={"accepted": accepted, "help": words})


@dataclass(frozen=True)
class AgentSettings:
    """What is put into pods."""

    agent_image: str = option(f"podcov-agent:{VERSION}", TEXT, "image of the sidecar")
    agent_pull_policy: str = option("IfNotPresent", PULL_POLICY, "its imagePullPolicy")
    agent_cpu_request: str = option("10m", QUANTITY, "CPU that the sidecar requests")
    agent_memory_request: str = option("32Mi", QUANTITY, "memory that the sidecar requests")
    agent_memory_limit: str = option("128Mi", QUANTITY, "memory that the sidecar may use")
    agent_cpu_limit: str = option(
        "500m", QUANTITY, "CPU that it may use, in pods where another container has such a limit"
    )
    agent_storage_request: str = option(
        "8Mi", QUANTITY, "ephemeral storage that it requests, where another container does"
    )
    agent_storage_limit: str = option(
        "32Mi", QUANTITY, "ephemeral storage that it may use, where another container has a limit"
    )
    agent_volume_size: str = option("16Mi", QUANTITY, "size limit of the installed agent")
    spool_volume_size: str = option("64Mi", QUANTITY, "size limit of the recorded lines, in memory")

    def __post_init__(self) -> None:
        """Raises SettingsError: the API server would refuse all that is measured."""
        for resource in ("cpu", "memory", "storage"):
            names = f"agent_{resource}_request", f"agent_{resource}_limit"
            request, limit = (str(getattr(self, name)) for name in names)
            if _amount(request) > _amount(limit):
                raise SettingsError(
                    f"{flag_of(names[0])} is {request!r}, which is more than {flag_of(names[1])}, "
                    f"{limit!r}; raise the limit"
                )


@dataclass(frozen=True)
class ProcessSettings:
    """What every long-running command needs."""

    namespace: str = option("podcov", NAME, "the namespace of podcov itself, never touched")
    log_level: str = option("INFO", LEVEL, "the least important message that is logged")


@dataclass(frozen=True)
class ServerSettings(ProcessSettings):
    """The webhook server."""

    host: str = option("0.0.0.0", TEXT, "address to listen at")
    port: int = option(9443, PORT, "port to listen at; 0 takes a free one and logs it")
    tls_cert: str = option("/etc/podcov/tls/tls.crt", TEXT, "PEM file of the certificate")
    tls_key: str = option("/etc/podcov/tls/tls.key", TEXT, "PEM file of its key")
    tls_poll_s: float = option(10.0, SECONDS, "seconds between looks at these two files")


@dataclass(frozen=True)
class ControllerSettings(ProcessSettings):
    """The controller."""

    service: str = option("podcov-webhook", NAME, "the webhook's Service, in our namespace")
    secret: str = option("podcov-webhook-tls", NAME, "the Secret that holds the certificates")
    configuration: str = option("podcov", NAME, "the MutatingWebhookConfiguration that trusts them")
    health_host: str = option("0.0.0.0", TEXT, "address of the health endpoint")
    health_port: int = option(8080, PORT, "port of the health endpoint, /healthz")
    authority_days: int = option(365, DAYS, "days that a certificate authority is valid")
    leaf_days: int = option(90, DAYS, "days that a server certificate is valid")


Section = TypeVar("Section", bound=AgentSettings | ProcessSettings)
ALL_SECTIONS = (AgentSettings, ServerSettings, ControllerSettings)


def read_environment() -> dict[str, str]:
    """A copy of the process's environment."""
    return dict(os.environ)


def build_settings(
    section: type[Section], environment: Mapping[str, str], flags: Mapping[str, str | None]
) -> Section:
    """The settings of one section. Raises SettingsError, which names the setting."""
    _refuse_unknown(environment)
    values: dict[str, Any] = {}
    for item in fields(section):
        variable = variable_of(item.name)
        flag = flags.get(item.name)
        if flag is not None:
            values[item.name] = _convert(item, flag, flag_of(item.name))
        elif variable in environment:
            values[item.name] = _convert(item, environment[variable], variable)
    return section(**values)


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return ENV_PREFIX + name.upper()


def flag_of(name: str) -> str:
    """The command line flag of a setting."""
    return "--" + name.replace("_", "-")


def _amount(quantity: str) -> Fraction:
    """The number that a quantity stands for."""
    found = _QUANTITY.fullmatch(quantity)
    if found is None:
        raise SettingsError(f"{quantity!r} is no quantity; expected {QUANTITY.words}")
    return Fraction(found[1]) * _FACTORS[found[2] or ""]


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = {variable_of(item.name) for section in ALL_SECTIONS for item in fields(section)}
    for name in environment:
        if name.startswith(ENV_PREFIX) and name not in known:
            raise SettingsError(f"{name} is no setting; known: {', '.join(sorted(known))}")


def _convert(item: Field[Any], text: str, source: str) -> str | int | float:
    accepted: Accepted = item.metadata["accepted"]
    if not accepted.matches(text):
        raise SettingsError(f"{source} is {text!r}; expected {accepted.words}")
    convert = cast("Callable[[str], str | int | float]", type(item.default))
    return convert(text)
