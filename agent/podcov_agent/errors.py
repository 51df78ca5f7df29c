"""Why something is not measured: the slugs of notes, each with its reason and what to do.

Values only. The application's process writes slugs into the log; the sidecar adds reason and remedy
when it shows them. docs/notes.md says more about each.
"""

from __future__ import annotations

UNSUPPORTED_PYTHON = "unsupported-python"
NO_SOURCE = "no-source"
STALE_BYTECODE = "stale-bytecode"
CUSTOM_LOADER = "custom-loader"
ENTRY_PLAIN = "entry-plain"
EMBEDDED = "embedded"
NOT_REWRITTEN = "not-rewritten"
BAD_OMIT = "bad-omit"
TOO_MANY_LINES = "too-many-lines"
SPOOL_FULL = "spool-full"
SPOOL_UNUSABLE = "spool-unusable"
AGENT_FAILED = "agent-failed"
GENERATION_DAMAGED = "generation-damaged"

NOTES: dict[str, tuple[str, str]] = {
    UNSUPPORTED_PYTHON: (
        "only CPython 3.8 and later can be measured",
        "run the service on CPython 3.8 or later",
    ),
    NO_SOURCE: (
        "the module was loaded from byte code and its source is not in the image",
        "ship the .py file beside the .pyc file",
    ),
    STALE_BYTECODE: (
        "the image has byte code that Python does not check and that is not of this source",
        "compile again when the image is built, or let Python check: --invalidation-mode",
    ),
    CUSTOM_LOADER: (
        "the module's loader makes the code itself, or changes the source first",
        "switch the import hook that does it off in test deployments",
    ),
    ENTRY_PLAIN: (
        "the entry script was started in a way that cannot be measured",
        "start it as a plain file or with python -m; see the detail",
    ),
    EMBEDDED: (
        "the server compiles this file itself, where the agent cannot reach",
        "name it as a module: in uWSGI, `module = name:app` in place of `wsgi-file`",
    ),
    NOT_REWRITTEN: (
        "the source could not be rewritten and runs as it is",
        "see the detail; the usual cause is one expression of about a thousand parts",
    ),
    BAD_OMIT: (
        "a pattern of coverage.io/omit cannot be read, so nothing is measured",
        "correct the pattern; it is written as for omit in coverage.py",
    ),
    TOO_MANY_LINES: (
        "the file has more lines than the map can hold",
        "split the file, or leave it out with coverage.io/omit",
    ),
    SPOOL_FULL: (
        "the volume podcov-spool is full: modules loaded from now on are not measured",
        "give the volume more room, or measure less with coverage.io/source",
    ),
    SPOOL_UNUSABLE: (
        "a file in the volume podcov-spool is damaged or may not be written",
        "delete the pod; if it comes back, see who else writes to that volume",
    ),
    AGENT_FAILED: (
        "the agent met an unexpected error and measures nothing in that process",
        "report the detail as a bug",
    ),
    GENERATION_DAMAGED: (
        "what ran between two turns is lost: the sidecar's file of it cannot be read",
        "begin a new interval; if it comes back, see who else writes to that volume",
    ),
}
"""slug -> (reason, remedy): one sentence each, without a full stop."""


class AgentError(Exception):
    """Root of what the agent raises. Never leaves the agent: the application sees none of it."""


class NotMeasuredError(AgentError):
    """This source stays plain; `slug` and `detail` become a note."""

    def __init__(self, slug: str, detail: str) -> None:
        super().__init__(f"{slug}: {detail}")
        self.slug = slug
        self.detail = detail


def is_ours(error: Exception) -> bool:
    """Whether `error` was raised by the agent's own work.

    A signal handler of the application may raise in the middle of it: that one must go on.
    """
    traceback = error.__traceback__
    if traceback is None:
        return True
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    name = traceback.tb_frame.f_globals.get("__name__")
    return isinstance(name, str) and name.startswith(_OWN_MODULES)


_OWN_MODULES = (
    "podcov_agent",
    "posixpath",
    "genericpath",
    "importlib.",
    "os",
    "codecs",
    "encodings",
)
