"""A foreign library has one owner, and one file reads the environment."""

import ast
from pathlib import Path

import podcov
import pytest

PACKAGE = Path(podcov.__file__).parent
OWNERS = {
    "coverage": {"covdata.py"},
    "kubernetes": {"kube.py"},
    "urllib3": {"kube.py"},
    "rich": {"screen.py"},
    "http": {"forward.py", "transport.py"},
    "subprocess": {"forward.py", "git.py", "run.py"},
    "tomllib": {"config.py"},
}


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("library", OWNERS)
def test_a_library_is_imported_by_its_owner_only(library: str) -> None:
    """So that a change of the library is a change of one file."""
    users = {file.name for file in PACKAGE.glob("**/*.py") if library in imports(file)}
    assert users == OWNERS[library]


def test_one_file_reads_the_environment() -> None:
    """Everybody else is given what it says."""
    users = {
        file.name
        for file in PACKAGE.glob("**/*.py")
        if "environ[" in (text := file.read_text()) or "os.environ" in text or "getenv" in text
    }
    assert users == {"config.py"}
