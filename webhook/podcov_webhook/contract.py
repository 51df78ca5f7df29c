"""Names the webhook shares with the agent and the client.

Constants only, nothing is imported. tests/contract/test_contracts_agree.py compares the copies.
"""

VERSION = "0.1.0"

DEFAULT_PORT = 9095

ANNOTATION_PREFIX = "coverage.io/"
ANNOTATION_ENABLED = "coverage.io/enabled"
ANNOTATION_CONTAINERS = "coverage.io/containers"
ANNOTATION_COMMAND = "coverage.io/command"
ANNOTATION_SOURCE = "coverage.io/source"
ANNOTATION_OMIT = "coverage.io/omit"
ANNOTATION_BRANCH = "coverage.io/branch"
ANNOTATION_PORT = "coverage.io/port"
ANNOTATION_INJECTED = "coverage.io/injected"

SIDECAR_NAME = "podcov-agent"
IMAGE_PROBE_PREFIX = "podcov-image-"
VOLUME_AGENT = "podcov-agent"
VOLUME_SPOOL = "podcov-spool"

MOUNT_AGENT = "/podcov/agent"
MOUNT_SPOOL = "/podcov/spool"

ENV_PREFIX = "PODCOV_"
ENV_HOME = "PODCOV_HOME"
ENV_SPOOL = "PODCOV_SPOOL"
ENV_SOURCE = "PODCOV_SOURCE"
ENV_OMIT = "PODCOV_OMIT"
ENV_BRANCH = "PODCOV_BRANCH"
ENV_PORT = "PODCOV_PORT"
ENV_LAUNCHED = "PODCOV_LAUNCHED"
ENV_APP_PYTHONPATH = "PODCOV_APP_PYTHONPATH"

HOME_SHELL = "bin/sh"
HOME_LAUNCH = "bin/launch"
HOME_PROBE_IMAGE = "bin/probe-image"
HOME_BOOTSTRAP = "bootstrap"
HOME_READY = "ready"
