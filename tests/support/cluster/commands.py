"""Owns running one program to its end, with an error that shows what it said.

Must not know which programs. Called by every file here that starts something short-lived.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from support.cluster.errors import StartFailedError

TAIL_LINES = 30


def run(
    command: Sequence[str | Path],
    *,
    stdin: str | None = None,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
    timeout_s: float = 600,
) -> str:
    """Run `command` and return its standard output; StartFailedError shows what a failure said."""
    done = subprocess.run(
        [str(part) for part in command],
        input=stdin,
        env=env,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    if done.returncode != 0:
        said = tail(done.stdout + done.stderr)
        raise StartFailedError(
            f"`{' '.join(map(str, command))}` ended with {done.returncode}:\n{said}"
        )
    return done.stdout


def tail(text: str, lines: int = TAIL_LINES) -> str:
    """The last lines of what a program said."""
    return "\n".join(text.rstrip().splitlines()[-lines:])


def say(message: str) -> None:
    """Tell the person at the terminal what takes long, past pytest's capture."""
    print(f"[cluster] {message}", file=sys.__stderr__, flush=True)
