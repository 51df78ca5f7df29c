"""The sidecar's settings: flags first, then the environment, then defaults.

The only file of the sidecar that knows the names of flags and variables; `__main__` hands it
`os.environ`. Pure but for `--help`, which argparse prints.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podcov_agent.contract import DEFAULT_PORT, ENV_HOME, ENV_PORT, ENV_SPOOL
from podcov_agent.sidecar.errors import BadSettingError

_DESCRIPTION = """\
Serves the lines that measured Python processes have run.

It installs the agent into $PODCOV_HOME and serves the folders in $PODCOV_SPOOL
on port $PODCOV_PORT. In a pod it takes no flags.

SIGTERM and SIGINT end it with return code 0."""


@dataclass(frozen=True)
class Settings:
    """What one sidecar needs to know."""

    spool: str
    """The folder that holds one folder per container."""
    home: str
    """Where the agent is installed."""
    port: int = DEFAULT_PORT
    """0 takes any free port."""
    host: str = "127.0.0.1"
    announce: str | None = None
    """A file that gets the bound port once connections are accepted."""
    temporary: str | None = None
    """A folder that is removed, and the sidecar ends, once stdin is closed: whoever started it and
    holds the other end has died."""


def read(arguments: Sequence[str], environ: Mapping[str, str]) -> Settings:
    """The settings. Raises BadSettingError; SystemExit for --help and for a flag that is none."""
    flags = _parser().parse_args(arguments)
    spool, home = environ.get(ENV_SPOOL), environ.get(ENV_HOME)
    if not spool:
        raise BadSettingError(f"{ENV_SPOOL} is not set, expected a folder")
    if not home:
        raise BadSettingError(f"{ENV_HOME} is not set, expected a folder")
    if flags.port is not None:
        port = _port("--port", flags.port)
    else:
        port = _port(ENV_PORT, environ.get(ENV_PORT) or str(DEFAULT_PORT))
    return Settings(spool, home, port, flags.host, flags.announce, flags.temporary)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m podcov_agent.sidecar",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--port", metavar="N", help="port to serve on; 0: any free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (%(default)s)")
    parser.add_argument(
        "--announce", metavar="FILE", help="write the port here once connections are accepted"
    )
    parser.add_argument(
        "--temporary", metavar="DIR", help="when stdin is closed: remove this folder and end"
    )
    return parser


def _port(name: str, text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= 65535:
        return int(text)
    raise BadSettingError(f"{name} is {text!r}, expected a port from 0 to 65535")
