"""What can go wrong in the sidecar, each with a slug, an HTTP status and a remedy.

Owns the wording. Raised anywhere in the sidecar; only `api` turns them into answers and only
`__main__` prints them.
"""

from __future__ import annotations

import errno

from podcov_agent.errors import AgentError


class SidecarError(AgentError):
    """Root of the sidecar's errors. `str()` gives the value seen and what was expected."""

    slug = "sidecar-error"
    status = 500
    remedy = "See the log of the podcov-agent container; restarting it loses nothing."


class BadSettingError(SidecarError):
    """An environment variable or flag has a value that cannot be used."""

    slug = "bad-setting"
    remedy = "Correct the value; `python3 -m podcov_agent.sidecar --help` lists all of them."


class InstallFailedError(SidecarError):
    """The agent could not be copied to where the application expects it."""

    slug = "install-failed"
    remedy = "The folder named by PODCOV_HOME must be writable for the sidecar and have 4 MB free."


class BadRequestError(SidecarError):
    """The bytes on the connection are no HTTP request."""

    slug = "bad-request"
    status = 400
    remedy = "Send an HTTP/1.1 request, for instance: GET /health HTTP/1.1"


class BadValueError(SidecarError):
    """A parameter of a request has a value that cannot be used."""

    slug = "bad-value"
    status = 400
    remedy = "See docs/protocol.md for the routes and their parameters."


class NoSuchRouteError(SidecarError):
    """Nothing is served under this path."""

    slug = "no-such-route"
    status = 404

    def __init__(self, path: str, routes: list[str]) -> None:
        super().__init__(f"nothing is served at {path}")
        self.remedy = "Ask for one of {}.".format(", ".join(routes))


class GenerationMergedError(SidecarError):
    """The boundary of an interval is no longer known: old generations were merged."""

    slug = "generation-merged"
    status = 410
    remedy = "Ask for an interval that begins at a session or at one of the newest generations."


class SessionForgottenError(SidecarError):
    """The session is unknown, and sessions were dropped before: it may have been one of them."""

    slug = "session-forgotten"
    status = 410
    remedy = "Begin the session again: POST /v1/turn with its name."


class TooBusyError(SidecarError):
    """More connections are open than the sidecar serves at once."""

    slug = "too-busy"
    status = 503
    remedy = "Close idle connections, or try again in a moment."


class SpoolWriteFailedError(SidecarError):
    """The spool takes no more bytes. Nothing was lost."""

    slug = "spool-unwritable"
    status = 507
    remedy = (
        "The volume podcov-spool must be writable for the sidecar. Nothing was lost; try again."
    )

    @classmethod
    def because(cls, error: OSError, doing: str) -> SpoolWriteFailedError:
        """The error for a failed system call while `doing` something."""
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        kind = SpoolFullError if full else cls
        return kind(f"{doing} failed: {error.strerror or error}")


class SpoolFullError(SpoolWriteFailedError):
    """The spool's volume has no room for another generation."""

    slug = "spool-full"
    remedy = "Give the volume podcov-spool more room (its sizeLimit). Nothing was lost; try again."
