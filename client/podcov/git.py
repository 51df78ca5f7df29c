"""Owns the git processes: what git lists, and which commit knows a content.

Without git, or outside a repository, every answer is empty. Must not change anything in a
repository. Called by worktree and collection.
"""

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

LIST_TIMEOUT_S = 20.0
SEARCH_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit, as people call it."""

    short: str
    date: str
    """YYYY-MM-DD."""
    subject: str


def hash_blob(content: bytes) -> str:
    """git's name of a file content."""
    header = b"blob %d\0" % len(content)
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def list_known(folder: Path) -> frozenset[Path] | None:
    """Absolute paths under `folder` that git tracks or would track; None outside a repository."""
    said = _git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if said is None:
        return None
    return frozenset(folder / name for name in said.split("\0") if name)


def index_blob(file: Path) -> str:
    """The blob that git's index holds for a file; empty if there is none."""
    said = _git(file.parent, "ls-files", "--stage", "--", file.name) or ""
    words = said.split()
    return words[1] if len(words) > 1 else ""


def find_commit(folder: Path, blob: str) -> Commit | None:
    """The first commit, on any branch, that held `blob`; None if unknown or not found in time."""
    said = _git(
        folder,
        "log",
        "--all",
        "--topo-order",
        f"--find-object={blob}",
        "--format=%h%x09%cs%x09%s",
        timeout_s=SEARCH_TIMEOUT_S,
    )
    lines = (said or "").splitlines()
    return Commit(*lines[-1].split("\t", 2)) if lines else None


def _git(folder: Path, *words: str, timeout_s: float = LIST_TIMEOUT_S) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "--no-optional-locks", *words],
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    return done.stdout.decode("utf-8", "surrogateescape")
