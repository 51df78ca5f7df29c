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
EXECUTED = "executed"
ISOLATED = "isolated"
NOT_REWRITTEN = "not-rewritten"
BAD_OMIT = "bad-omit"
TOO_MANY_LINES = "too-many-lines"
SPOOL_FULL = "spool-full"
SPOOL_UNUSABLE = "spool-unusable"
AGENT_FAILED = "agent-failed"
GENERATION_DAMAGED = "generation-damaged"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

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
    EXECUTED: (
        "the file was run by exec(), with code that is not that of its text",
        "switch off what changes the code, as pytest --assert=plain does, or import the file",
    ),
    ISOLATED: (
        "a pex starts Python again with -I, which shuts the agent out",
        "start it from the virtual environment that PEX_TOOLS=1 app.pex venv DIR makes",
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


def is_ours(error: BaseException) -> bool:
    """Whether `error` comes from the agent's own work, and not from code that only ran amid it.

    A signal handler or a trace function of the application may raise at any place of ours, and
    that has to go on. What our work itself called is ours, whoever wrote it: an audit hook that
    refuses the agent a file, a function of the library that a test has replaced. Of exceptions
    that are no Exception, as that of Ctrl-C, only an audit hook's is.
    """
    audited, traceback = False, error.__traceback__
    while traceback is not None:
        arguments = _arguments(traceback.tb_frame)
        if any(isinstance(value, type(traceback.tb_frame)) for value in arguments):
            return False  # signal handlers and trace functions are given a frame
        audited = audited or list(map(type, arguments[-2:])) == [str, tuple]
        traceback = traceback.tb_next
    return audited or isinstance(error, Exception)


def _arguments(frame: FrameType) -> list[object]:
    """What the function of `frame` was called with; the frame in place of what it has deleted."""
    code, found = frame.f_code, frame.f_locals
    names, rest = code.co_varnames, code.co_argcount + code.co_kwonlyargcount
    if code.co_flags & _OPTIMIZED == 0:
        return []  # a module or the body of a class
    values = [found.get(name, frame) for name in names[: code.co_argcount]]
    if code.co_flags & _VARARGS:
        more = found.get(names[rest], (frame,))
        values += more if isinstance(more, tuple) else (frame,)
    return values


_OPTIMIZED, _VARARGS = 1, 4
