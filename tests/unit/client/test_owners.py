"""A foreign library has one owner, and one file reads the environment."""

from pathlib import Path

import podcov
import pytest
from support.imports import imports, readers_of_the_environment

PACKAGE = Path(podcov.__file__).parent
OWNERS = {
    "coverage": {"covdata.py", "rules.py"},
    "kubernetes": {"kube.py"},
    "urllib3": {"kube.py"},
    "yaml": {"kube.py"},
    "rich": {"screen.py"},
    "websocket": {"tunnel.py"},
    "http": {"connections.py", "forward.py", "transport.py"},
    "subprocess": {"forward.py", "git.py", "run.py"},
    "tomllib": {"config.py"},
}


@pytest.mark.parametrize("library", OWNERS)
def test_a_library_is_imported_by_its_owner_only(library: str) -> None:
    """So that a change of the library is a change of one file."""
    users = {file.name for file in PACKAGE.glob("**/*.py") if library in imports(file)}
    assert users == OWNERS[library]


def test_one_file_reads_the_environment() -> None:
    """Everybody else is given what it says."""
    assert readers_of_the_environment(PACKAGE) == {"config.py"}
