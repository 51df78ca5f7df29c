"""Owns long-running processes: starts them with a log each, and ends them by pid.

Must not know what they do. Called by `control_plane` and `node`.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from support.cluster.commands import tail
from support.cluster.errors import StartFailedError
from support.cluster.packages import path_of


class Processes:
    """The processes of one cluster. What they say goes into `logs`, one file each."""

    def __init__(self, logs: Path, prefix: Sequence[str] = ()) -> None:
        """`prefix` is put before each command, as `setpriv ...` is."""
        logs.mkdir(parents=True, exist_ok=True)
        self.logs = logs
        self.prefix = list(prefix)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str | Path], inherit: Sequence[int] = ()) -> int:
        """Start `command` and return its pid. Descriptors of `inherit` stay open in it."""
        log = self.logs / f"{name}.log"
        with log.open("wb") as output:
            self._running[name] = subprocess.Popen(
                [*self.prefix, *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=inherit,
            )
        return self._running[name].pid

    def check(self) -> None:
        """StartFailedError, with the end of its log, if one of them has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                log = self.logs / f"{name}.log"
                end = tail(log.read_text(errors="replace"))
                raise StartFailedError(f"{name} ended with {process.returncode}; {log}:\n{end}")

    def stop(self) -> None:
        """Kill them, the last one first, and wait until they are gone. Their data is not kept."""
        for process in reversed(self._running.values()):
            process.kill()
        for process in self._running.values():
            process.wait()
        self._running.clear()


def tied() -> list[str]:
    """A prefix: the command dies when the thread that starts it does, even when that is killed."""
    return [str(path_of("setpriv")), "--pdeathsig", "KILL"]
