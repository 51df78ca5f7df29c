"""Real packages whose own test suites say whether we change anything: which, and how to run them.

Data, and one environment per interpreter that has all of them at once. Versions are pinned: by the
oldest interpreter of those that take it, for a package whose newest release left old ones behind.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.interpreters import interpreter, venv_python
from support.oracle import coverage_for
from support.packages import unpack

Pins = Mapping[str, str]

PYTEST = (
    *("-m", "pytest", "-p", "no:cacheprovider", "-rA", "--tb=no"),
    "--continue-on-collection-errors",
    *("-W", "ignore::pytest.PytestUnraisableExceptionWarning"),
)
"""A warning about what the collector finds would hit a different test each time."""

TOOLS: dict[str, Pins] = {
    "pytest": {"3.8": "8.3.5", "3.9": "8.4.2"},
    "pytest-mock": {"3.8": "3.14.1"},
    "babel": {"3.8": "2.18.0"},
    "email-validator": {"3.8": "2.3.0"},
    "exceptiongroup": {"3.8": "1.3.1"},
    "ephemeral-port-reserve": {"3.8": "1.1.4"},
    "freezegun": {"3.8": "1.5.1"},
    "httpx": {"3.8": "0.28.1"},
    "httpx2": {"3.11": "2.16.2"},
    "psutil": {"3.8": "7.2.2"},
    "pytest-xprocess": {"3.8": "1.0.2"},
    "python-multipart": {"3.8": "0.0.20", "3.11": "0.0.34"},
    "pyyaml": {"3.8": "6.0.3"},
    "simplejson": {"3.8": "4.1.2"},
    "trustme": {"3.8": "1.1.0"},
    "tzdata": {"3.8": "2026.6"},
}
"""What the suites need beside the packages."""


@dataclass(frozen=True)
class Package:
    """`module`: what is measured, but for `omit`. `kind`: what users have it for.

    `files`: what is taken out of the source archive (packages.unpack); none if the tests are
    installed with the package. `command`: Python's arguments, in the folder `cwd`. `plugin`: a file
    beside this one that pytest loads. `part`: what the documentation says where this is not the
    whole suite.
    """

    name: str
    kind: str
    versions: Pins
    module: str
    files: tuple[str, ...] = ("tests/",)
    command: tuple[str, ...] = (*PYTEST, "tests")
    cwd: str = "."
    omit: str = ""
    plugin: str = ""
    part: str = ""

    def version(self, python: str) -> str:
        """The release for that interpreter."""
        return pinned(self.versions, python) or ""


def _pytest(*arguments: str) -> tuple[str, ...]:
    return (*PYTEST, *arguments)


_PONY = (
    "declarative or select_from or core_ or crud or relations or inherit or lazy or json or hooks"
)

PACKAGES = (
    Package(
        *("aiosqlite", "asynchronous", {"3.8": "0.20.0", "3.9": "0.22.1"}, "aiosqlite"),
        files=(),
        command=_pytest("--pyargs", "aiosqlite.tests.smoke"),
        omit="*/tests/*",
    ),
    Package(
        *("anyio", "asynchronous", {"3.8": "4.5.2", "3.9": "4.12.1"}, "anyio"),
        files=("tests/", "pyproject.toml"),
        command=_pytest(
            *("-p", "anyio.pytest_plugin", "-p", "pytest_mock", "-o", "addopts="),
            *("-k", "asyncio and not uvloop", "-W", "ignore:Python 3"),
            *(
                f"tests/streams/test_{name}.py"
                for name in ("memory", "stapled", "text", "buffered")
            ),
            *(f"tests/test_{name}.py" for name in ("lowlevel", "synchronization", "taskgroups")),
        ),
        omit="*/anyio/pytest_plugin.py",
        part="streams, task groups and synchronization, on asyncio",
    ),
    Package(
        *("bottle", "web", {"3.8": "0.13.4"}, "bottle"),
        files=("test/",),
        command=_pytest("test"),
    ),
    Package(
        *("click", "command line", {"3.8": "8.1.7"}, "click"),
        files=("tests/", "setup.cfg"),
    ),
    Package(
        *("django", "web, ORM", {"3.8": "4.2.30", "3.10": "5.2.19", "3.12": "6.1.3"}, "django.db"),
        files=(
            *("tests/runtests.py", "tests/test_sqlite.py", "tests/urls.py", "tests/templates/"),
            *("tests/basic/", "tests/lookup/", "tests/template_tests/"),
            "tests/i18n/",
        ),
        command=(
            *("runtests.py", "--parallel=1", "-v", "2", "basic", "lookup"),
            *(f"template_tests.syntax_tests.test_{tag}" for tag in ("if", "for", "extends")),
        ),
        cwd="tests",
        part="basic, lookup, the templates' if, for and extends",
    ),
    Package(
        *("flask", "web", {"3.8": "3.0.3", "3.9": "3.1.3"}, "flask"),
        files=("tests/", "pyproject.toml"),
    ),
    Package(
        *("itsdangerous", "signing", {"3.8": "2.2.0"}, "itsdangerous"),
        files=("tests/", "pyproject.toml"),
    ),
    Package(
        *("jinja2", "templates", {"3.8": "3.1.4"}, "jinja2"),
        files=("tests/", "pyproject.toml"),
    ),
    Package(
        *("lark", "parser", {"3.8": "1.3.1"}, "lark"),
        files=("tests/", "docs/", "examples/"),
        command=_pytest(
            "tests/__main__.py",
            "-k",
            "not Earley and not Cyk and not token_limit and not ranged_repeat_large",
        ),
        part="all but the Earley and CYK parsers",
    ),
    Package(
        *("mako", "templates", {"3.8": "1.3.12", "3.10": "1.4.3"}, "mako"),
        files=("test/", "setup.cfg", "pyproject.toml"),
        command=_pytest("test"),
    ),
    Package(
        *("markdown", "parser", {"3.8": "3.7"}, "markdown"),
        omit="*/test_tools.py",
    ),
    Package(
        *("marshmallow", "data", {"3.8": "3.22.0", "3.9": "4.0.1", "3.11": "4.4.0"}, "marshmallow"),
        files=("tests/", "pyproject.toml"),
    ),
    Package(
        *("mistune", "parser", {"3.8": "3.3.4", "3.10": "3.4.0"}, "mistune"),
        command=_pytest(
            *("tests", "-k", "not linear and not quickly and not quadratic and not forever")
        ),
        part="all but tests of speed",
    ),
    Package(
        *("parso", "parser", {"3.8": "0.8.7"}, "parso"),
        files=("test/", "conftest.py"),
        command=_pytest("test"),
    ),
    Package(
        *("pony", "ORM", {"3.8": "0.7.19", "3.10": "0.7.20"}, "pony"),
        files=(),
        command=_pytest("--pyargs", "pony.orm.tests", "-k", _PONY),
        omit="*/pony/orm/tests/*",
        part="declarations, translated queries, relations, inheritance, JSON",
    ),
    Package("sqlparse", "parser", {"3.8": "0.5.1"}, "sqlparse", ("tests/", "pyproject.toml")),
    Package(
        *("starlette", "web", {"3.8": "0.44.0", "3.9": "0.49.3", "3.11": "1.10.0"}, "starlette"),
        files=("tests/", "pyproject.toml"),
        command=_pytest(
            *("-p", "anyio", "-k", "not trio", "--ignore=tests/middleware/test_opentelemetry.py"),
            *("tests/test_applications.py", "tests/test_routing.py", "tests/test_requests.py"),
            *("tests/test_responses.py", "tests/test_websockets.py", "tests/test_templates.py"),
            *("tests/test_datastructures.py", "tests/middleware"),
        ),
        part="applications, routing, requests, responses, middleware, on asyncio",
    ),
    Package("tinydb", "database", {"3.8": "4.8.2", "3.10": "4.9.0"}, "tinydb"),
    Package("tomlkit", "parser", {"3.8": "0.13.2"}, "tomlkit"),
    Package(
        *("trio", "asynchronous", {"3.8": "0.27.0", "3.9": "0.31.0", "3.10": "0.35.0"}, "trio"),
        files=(),
        command=_pytest(
            *("-p", "same_order", "-p", "trio._tests.pytest_plugin", "--pyargs", "trio._core")
        ),
        plugin="same_order.py",
        omit="*/_tests/*,*/_trio_test.py",
        part="trio._core",
    ),
    Package(
        *("werkzeug", "web", {"3.8": "3.0.6", "3.9": "3.1.9"}, "werkzeug"),
        files=("tests/", "pyproject.toml"),
        command=_pytest(
            *("tests/test_routing.py", "tests/test_datastructures.py", "tests/test_http.py"),
            *("tests/test_urls.py", "tests/test_wrappers.py", "tests/test_formparser.py"),
            *("tests/sansio", "tests/middleware"),
        ),
        part="routing, data structures, HTTP, URLs, wrappers, forms, middleware",
    ),
    Package(
        *("wtforms", "web", {"3.8": "3.1.2", "3.9": "3.2.1", "3.11": "3.3.2"}, "wtforms"),
        files=("tests/", "pyproject.toml"),
    ),
)


def pinned(versions: Pins, python: str) -> str | None:
    """The version for an interpreter, or None where there is none."""
    old_enough = [start for start in versions if _number(start) <= _number(python)]
    return versions[max(old_enough, key=_number)] if old_enough else None


def environment(python: str) -> Path:
    """The interpreter of that version, with all packages and tools. Made once."""
    pins = {**TOOLS, **{package.name: package.versions for package in PACKAGES}}
    found = {name: pinned(versions, python) for name, versions in pins.items()}
    requirements = [f"{name}=={version}" for name, version in found.items() if version]
    return venv_python(interpreter(python), coverage_for(python), *requirements)


def lay_out(package: Package, python: str, folder: Path) -> None:
    """The package's tests as they are in the archive, and the plugin."""
    if package.files:
        unpack(package.name, package.version(python), package.files, folder)
    if package.plugin:
        shutil.copy(Path(__file__).with_name(package.plugin), folder)


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
