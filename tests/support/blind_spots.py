"""Where tracing does not see, or sees what was not, in the packages of `suites`.

Data: the reasons are those of docs/equality.md. Lines are named by the release that has them, for
the interpreters given; a release that is not under test any more takes its lines with it.
"""

from __future__ import annotations

from collections.abc import Mapping

Lines = Mapping[str, tuple[str, ...]]

OPTIMISED = ("3.8", "3.9")

ONLY_OURS: dict[str, Lines] = {
    "a break or continue that only jumps: the optimiser removes it": {
        "bottle.py:4383": OPTIMISED,
        "bottle.py:586": OPTIMISED,
        "click/shell_completion.py:547": OPTIMISED,
        "click/termui.py:245": OPTIMISED,
        "django/db/models/base.py:2207": OPTIMISED,
        "jinja2/parser.py:580": OPTIMISED,
        "jinja2/parser.py:727": OPTIMISED,
        "jinja2/parser.py:783": OPTIMISED,
        "jinja2/parser.py:798": OPTIMISED,
        "mako/ext/extract.py:82": OPTIMISED,
        "markdown/blockprocessors.py:247": OPTIMISED,
        "markdown/extensions/fenced_code.py:162": OPTIMISED,
        "markdown/extensions/footnotes.py:290": OPTIMISED,
        "mistune/list_parser.py:363": OPTIMISED,
        "parso/python/diff.py:487": OPTIMISED,
        "parso/python/diff.py:793": OPTIMISED,
        "parso/python/diff.py:801": OPTIMISED,
        "pony/orm/core.py:1002": OPTIMISED,
        "sqlparse/filters/output.py:111": OPTIMISED,
        "tomlkit/parser.py:1027": OPTIMISED,
        "tomlkit/parser.py:1082": OPTIMISED,
        "trio/_core/_run.py:2668": ("3.8",),
        "trio/_core/_run.py:2808": ("3.9",),
        "werkzeug/datastructures/accept.py:166": ("3.8",),
        "werkzeug/datastructures/accept.py:184": ("3.9",),
        "werkzeug/http.py:557": ("3.9",),
        "werkzeug/http.py:563": ("3.9",),
        "werkzeug/sansio/http.py:157": ("3.9",),
    },
    "finally on one line, after a try that can only raise": {
        "pony/utils/utils.py:89": ("3.9",),
    },
    "a child of os.fork that ends with os._exit": {
        "trio/_core/_thread_cache.py:311": ("3.9",),
    },
    "__del__ at the very end, when coverage.py has stopped": {
        "django/db/backends/base/client.py:17": ("3.12", "3.13", "3.14"),
        "django/db/backends/base/creation.py:35": ("3.12", "3.13", "3.14"),
        "django/db/backends/base/features.py:461": ("3.12", "3.13", "3.14"),
        "django/db/backends/base/introspection.py:32": ("3.12", "3.13", "3.14"),
        "django/db/backends/base/operations.py:69": ("3.12", "3.13", "3.14"),
        "django/db/backends/base/validation.py:8": ("3.12", "3.13", "3.14"),
        "django/db/utils.py:68": ("3.12", "3.13", "3.14"),
    },
    "the handler of a RecursionError": {
        "sqlparse/sql.py:221": ("3.8", "3.9", "3.10"),
    },
}

ONLY_COVERAGE: dict[str, Lines] = {
    "the clean-up of `with` and `except ... as`, booked on their last line": {
        "bottle.py:1129": ("3.9",),
        "lark/load_grammar.py:978": ("3.9",),
        "pony/orm/core.py:3503": ("3.9",),
        "pony/orm/core.py:3546": ("3.9",),
        "pony/orm/core.py:949": ("3.9",),
        "werkzeug/wrappers/request.py:636": ("3.9",),
    },
    "an exception that goes on through a finally, booked on its last line": {
        "trio/testing/_checkpoints.py:29": ("3.10", "3.11"),
    },
}

EITHER: dict[str, Lines] = {
    "except in a generator that nobody finishes: closed when the collector finds it, if ever": {
        "jinja2/environment.py:1356": ("3.12", "3.13", "3.14"),
    },
    "after a coroutine was resumed by throw(), as by a cancellation, the tracer loses its frame": {
        "starlette/middleware/base.py:128": ("3.11",),
        "starlette/responses.py:287": ("3.11",),
        "starlette/responses.py:288": ("3.11",),
    },
    "which of two threads is first": {
        "starlette/testclient.py:146": ("3.8",),
        "starlette/testclient.py:156": ("3.8",),
        "trio/_sync.py:111": ("3.9",),
    },
}
"""Each of the two may have it or not, in each run anew."""

Branches = Mapping[tuple[str, int, int], tuple[str, ...]]

ONLY_OUR_BRANCHES: dict[str, Branches] = {
    "to a continue that the optimiser removed": {
        ("click/shell_completion.py", 516, 547): ("3.9",),
    },
    "after a coroutine was resumed by throw(), as by a cancellation, the tracer loses its frame": {
        ("starlette/middleware/base.py", 127, 128): ("3.11",),
        ("starlette/responses.py", 287, -262): ("3.11",),
        ("starlette/responses.py", 287, 288): ("3.11",),
    },
}

ONLY_COVERAGE_BRANCHES: dict[str, Branches] = {
    "an exception that leaves the function is taken for a return from the loop's line": {
        ("anyio/_backends/_asyncio.py", 2225, -2216): ("3.11", "3.13"),
    },
    "an exception that goes on through a finally, booked on its last line": {
        ("trio/testing/_checkpoints.py", 26, 29): ("3.11",),
    },
}


def expected(table: Mapping[str, Lines], package: str, version: str) -> set[str]:
    """The lines of a package that differ under that interpreter."""
    return {
        line
        for lines in table.values()
        for line, versions in lines.items()
        if version in versions and _is_of(package, line)
    }


def expected_branches(
    table: Mapping[str, Branches], package: str, version: str
) -> set[tuple[str, int, int]]:
    """The branches of a package that differ under that interpreter."""
    return {
        branch
        for branches in table.values()
        for branch, versions in branches.items()
        if version in versions and _is_of(package, branch[0])
    }


def _is_of(package: str, path: str) -> bool:
    """All of them are installed under their own names."""
    return path.startswith((f"{package}/", f"{package}.py"))
