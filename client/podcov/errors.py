"""Owns every error the client raises: one root, a subclass per decision a caller can make.

Each class has a slug (looked up in docs/errors.md) and an exit code; each error says what was seen
and what to do about it. Must not print. Raised by every module, printed by the command line and
the plugin.
"""

from collections.abc import Sequence
from typing import ClassVar

EXIT_OK = 0
EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_PARTIAL = 3
EXIT_BELOW = 4
EXIT_RUN = 125
"""As env, timeout and docker say that they failed themselves, and not what they ran."""
EXIT_INTERRUPTED = 130


class PodcovError(Exception):
    """Something podcov cannot go on from: `message` says what was seen, `remedy` what to do."""

    slug: ClassVar[str] = "error"
    exit_code: int = EXIT_ERROR
    """What the command line ends with; a command may decide otherwise."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


class ClusterError(PodcovError):
    """There is no cluster to talk to: no kubeconfig, a wrong context, or nobody answers."""

    slug = "no-cluster"


class ForbiddenError(PodcovError):
    """The cluster answers, and says no."""

    slug = "forbidden"


class LoginError(PodcovError):
    """The program that the kubeconfig names for logging in gave no login."""

    slug = "login-failed"


class WorkloadError(PodcovError):
    """The workload is written in a form podcov does not know, or does not exist."""

    slug = "no-workload"


class NoPodError(PodcovError):
    """The selector or workload has no pod that could answer."""

    slug = "no-pod"


class NoAgentError(PodcovError):
    """A pod runs without the podcov agent."""

    slug = "no-agent"


class PodNotReadyError(PodcovError):
    """The agent's container in a pod does not run (yet)."""

    slug = "pod-not-ready"


class PodTerminatingError(PodcovError):
    """A pod is being deleted or has ended."""

    slug = "pod-terminating"


class ForwardError(PodcovError):
    """No connection to the agent's port in a pod could be made."""

    slug = "forward-failed"


class PortTakenError(PodcovError):
    """The local port that was asked for belongs to somebody else."""

    slug = "port-taken"


class UnreachableError(PodcovError):
    """The agent did not answer, or stopped in the middle."""

    slug = "unreachable"


class BadAnswerError(PodcovError):
    """Whoever answered does not speak podcov's protocol, or refused the question."""

    slug = "bad-answer"


class ProtocolDiffersError(PodcovError):
    """The agent and this client are of versions that do not understand each other."""

    slug = "protocol-differs"


class GenerationMergedError(PodcovError):
    """The agent no longer knows where the asked-for interval begins."""

    slug = "generation-merged"


class IntervalUnknownError(PodcovError):
    """A pod did not answer when the interval began, so nobody knows what belongs to it."""

    slug = "interval-unknown"


class SourceFolderError(PodcovError):
    """A source folder does not exist."""

    slug = "no-source"


class NothingMapsError(PodcovError):
    """The pods measured files, and none of them is in the source folders."""

    slug = "nothing-maps"


class NoDataError(PodcovError):
    """There is nothing to report."""

    slug = "no-data"


class ReportError(PodcovError):
    """coverage.py could not write the report, or its settings are wrong."""

    slug = "report-failed"


class SettingError(PodcovError):
    """A setting has an unknown name or a value of the wrong form."""

    slug = "bad-setting"
    exit_code = EXIT_USAGE


class LaunchError(PodcovError):
    """`podcov run` could not start the command or the agent beside it."""

    slug = "launch-failed"


class PartialError(PodcovError):
    """Some pods answered and some did not: the report lacks lines."""

    slug = "partial"
    exit_code = EXIT_PARTIAL


class BelowError(PodcovError):
    """The total is below the limit that was asked for."""

    slug = "fail-under"
    exit_code = EXIT_BELOW


class InterruptedCollectionError(PodcovError):
    """Ctrl-C: some pods were not asked any more."""

    slug = "interrupted"
    exit_code = EXIT_INTERRUPTED


def require_all(answered: int, failed: Sequence[tuple[str, PodcovError]]) -> None:
    """Raise if some pods (name, reason) failed: interrupted, the only reason, or PartialError."""
    if not failed:
        return
    names = name_some([name for name, _ in failed])
    if any(isinstance(error, InterruptedCollectionError) for _, error in failed):
        raise InterruptedCollectionError(
            f"Interrupted: {answered} of {answered + len(failed)} pods had answered.", "Ask again."
        )
    if answered:
        raise PartialError(
            f"{answered} of {answered + len(failed)} pods answered; {names} did not.",
            "Their lines are missing: see the reason for each, then ask again.",
        )
    first = failed[0][1]
    if len(failed) == 1:
        raise first
    raise type(first)(f"None of {len(failed)} pods answered: {names}.", first.remedy)


def number_of(count: int, noun: str, plural: str = "") -> str:
    """`1 file`, `2 files`."""
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"


def name_some(names: Sequence[str], most: int = 3) -> str:
    """Names for a sentence: `a`, `a and b`, `a, b, c and 4 more`."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
