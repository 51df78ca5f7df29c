"""The agent's settings in an application's process: the only reader of the environment there.

Called once, by `hook.install`. (The switch, one look-up of PODCOV_SPOOL, is in the bootstrap.)
"""

from __future__ import annotations

from podcov_agent.contract import ENV_BRANCH, ENV_MAP, ENV_OMIT, ENV_SOURCE, ENV_SPOOL, MAP_PYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Config:
    """Where to write, and what to measure.

    `spool` is the container's folder; `source` and `omit` hold what the annotations say, an entry
    per comma, without blanks and empty ones. `native`: the map in C may be used. `branch`:
    branches are marked beside lines.
    """

    __slots__ = ("branch", "native", "omit", "source", "spool")

    def __init__(
        self,
        spool: str,
        source: tuple[str, ...],
        omit: tuple[str, ...],
        native: bool,
        branch: bool,
    ) -> None:
        self.spool = spool
        self.source = source
        self.omit = omit
        self.native = native
        self.branch = branch


def read_config(environ: Mapping[str, str]) -> Config:
    """The settings in `environ`, which must have PODCOV_SPOOL."""
    source, omit = _entries(environ.get(ENV_SOURCE)), _entries(environ.get(ENV_OMIT))
    native, branch = environ.get(ENV_MAP) != MAP_PYTHON, environ.get(ENV_BRANCH) == "true"
    return Config(environ[ENV_SPOOL], source, omit, native, branch)


def _entries(value: str | None) -> tuple[str, ...]:
    return tuple([entry.strip() for entry in (value or "").split(",") if entry.strip()])
