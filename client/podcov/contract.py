"""Names the client shares with the agent and the webhook.

Constants only, nothing is imported. tests/contract/test_contracts_agree.py compares the copies.
"""

VERSION = "0.1.0"
PROTOCOL = 1
"""Version of the /v1 answers this client understands."""

DEFAULT_PORT = 9095

ANNOTATION_INJECTED = "coverage.io/injected"
SIDECAR_NAME = "podcov-agent"

ENV_HOME = "PODCOV_HOME"
ENV_SPOOL = "PODCOV_SPOOL"
ENV_SOURCE = "PODCOV_SOURCE"
ENV_OMIT = "PODCOV_OMIT"
ENV_BRANCH = "PODCOV_BRANCH"
ENV_PORT = "PODCOV_PORT"
ENV_LAUNCHED = "PODCOV_LAUNCHED"

HOME_BOOTSTRAP = "bootstrap"

ROUTE_V1_HEALTH = "/v1/health"
ROUTE_V1_TURN = "/v1/turn"
ROUTE_V1_SNAPSHOT = "/v1/snapshot"

DEFAULT_SESSION = "default"
STARTUP_CONTEXT = "startup"
