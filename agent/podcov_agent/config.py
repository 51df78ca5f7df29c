"""The agent's settings in an application's process: the only reader of the environment there.

Called once, by `hook.install`. (The switch, one look-up of PODCOV_SPOOL, is in the bootstrap.)
"""

from __future__ import annotations

from podcov_agent.contract import ENV_OMIT, ENV_SOURCE, ENV_SPOOL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Config:
    """Where to write, and what to measure.

    `spool` is the container's folder; `source` and `omit` hold what the annotations say, an entry
    per comma, without blanks and empty ones.
    """

    __slots__ = ("omit", "source", "spool")

    def __init__(self, spool: str, source: tuple[str, ...], omit: tuple[str, ...]) -> None:
        self.spool = spool
        self.source = source
        self.omit = omit


def read_config(environ: Mapping[str, str]) -> Config:
    """The settings in `environ`, which must have PODCOV_SPOOL."""
    return Config(
        environ[ENV_SPOOL], _entries(environ.get(ENV_SOURCE)), _entries(environ.get(ENV_OMIT))
    )


def _entries(value: str | None) -> tuple[str, ...]:
    return tuple([entry.strip() for entry in (value or "").split(",") if entry.strip()])
