"""What source files import and read, for tests that hold a package to its owners."""

import ast
from pathlib import Path


def imports(file: Path) -> set[str]:
    """Top-level names of everything that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def readers_of_the_environment(package: Path) -> set[str]:
    """Names of the files in a package that look at the process's environment."""
    return {
        file.name
        for file in package.glob("**/*.py")
        if "os.environ" in (text := file.read_text()) or "environ[" in text or "getenv" in text
    }
