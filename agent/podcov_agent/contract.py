"""Names the agent shares with the webhook and the client.

Constants only, nothing is imported. The other packages hold copies of what they need of it;
tests/contract/test_contracts_agree.py compares the copies.
"""

VERSION = "0.1.0"
PROTOCOL = 1
"""Version of the /v1 answers. A client refuses an agent whose protocol it does not know."""

# Environment of the application's container; the sidecar reads HOME, SPOOL and PORT too.
ENV_HOME = "PODCOV_HOME"
"""The folder the agent was installed into."""
ENV_SPOOL = "PODCOV_SPOOL"
"""In an application: the folder of its container. In the sidecar: the parent of those folders."""
ENV_SOURCE = "PODCOV_SOURCE"
ENV_OMIT = "PODCOV_OMIT"
ENV_BRANCH = "PODCOV_BRANCH"
"""`true`: branches are recorded beside lines."""
ENV_MAP = "PODCOV_MAP"
"""`python` keeps the map that is written in C from being loaded."""
ENV_PORT = "PODCOV_PORT"
ENV_LAUNCHED = "PODCOV_LAUNCHED"
"""Set by the launcher: this process descends from the container's entrypoint."""

DEFAULT_PORT = 9095

# The installed agent, relative to PODCOV_HOME.
HOME_SHELL = "bin/sh"
HOME_LAUNCH = "bin/launch"
HOME_PROBE_IMAGE = "bin/probe-image"
HOME_BOOTSTRAP = "bootstrap"
HOME_DOORWAY = "bootstrap/podcov_doorway-0.dist-info"
"""What OpenTelemetry's sitecustomize, which shuts ours out, finds of us."""
HOME_PACKAGE = "podcov_agent"
HOME_NATIVE = "native/linemap-%s.abi3.so"
"""The map in C, for the CPU that `uname -m` names; the only files that differ between CPUs but for
the shell, and absent where none was built."""
HOME_READY = "ready"
"""Written last by the installer; the startup probe waits for it."""

# A container's folder, relative to PODCOV_SPOOL.
SPOOL_LOG = "log"
SPOOL_CHUNK = "chunk.%d"
SPOOL_CODE = "code"
"""Cache of rewritten code."""
SPOOL_IMAGE = "image.env"
"""What `probe-image` saw in the image: lines KEY=VALUE."""
SPOOL_SIDECAR = ".podcov"
"""The sidecar's own folder, beside the containers' (no container's name begins with a dot)."""

MAP_NATIVE, MAP_PYTHON = "native", "python"
"""What an interpreter says of its map in its record."""

RECORD_SOURCE, RECORD_NOTE, RECORD_INTERPRETER, RECORD_BRANCHES = "S", "N", "I", "B"
"""Kinds of records in the log."""
RECORD_EXITS_LIMIT = 1 << 17
"""How long the text of a B record may be: 20,000 exits and more. A longer source has no place."""

CHUNK_BYTES = 1 << 18
SLOT_ALIGN = 64

# HTTP.
ROUTE_ROOT = "/"
ROUTE_HEALTH = "/health"
ROUTE_COVERAGE = "/coverage"
ROUTE_RESET = "/coverage/reset"
ROUTE_SAVE = "/coverage/save"
ROUTE_FILES = "/coverage/files"
ROUTE_V1_HEALTH = "/v1/health"
ROUTE_V1_TURN = "/v1/turn"
ROUTE_V1_SNAPSHOT = "/v1/snapshot"

HEADER_SERVER = "X-Art-Coverage-Server"
HEADER_PID = "X-Art-Coverage-Pid"
HEADER_BINARY = "X-Art-Coverage-Binary"

SIDECAR_NAME = "podcov-agent"
"""The sidecar's container, and what it calls itself in HEADER_BINARY."""

DEFAULT_SESSION = "default"
"""The session whose start the legacy reset moves."""
STARTUP_CONTEXT = "startup"
"""The context of generation 0: what ran before the first turn."""
