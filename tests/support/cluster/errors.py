"""Owns the two ways in which a cluster can fail to be there. Imports nothing."""


class ClusterError(Exception):
    """Root of what this package raises."""


class UnavailableError(ClusterError):
    """This machine cannot run it. The message is the reason, for a skip or a failure."""


class StartFailedError(ClusterError):
    """It should run here and does not. The message says what was seen and where the logs are."""
