"""Owns `podcov run`: what a pod does for a program, done with processes and a temporary folder.

Starts the agent's sidecar (which installs the agent into the folder, as in a pod), runs the program
with the launcher's environment, forwards signals, ends the sidecar by its pid. If this process is
killed, the sidecar sees its stdin end, removes the folder and ends. The agent is found without
importing it: packages never import each other. Called by the command line.
"""

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from podcov.contract import (
    ENV_BRANCH,
    ENV_HOME,
    ENV_LAUNCHED,
    ENV_OMIT,
    ENV_SOURCE,
    ENV_SPOOL,
    HOME_BOOTSTRAP,
)
from podcov.errors import LaunchError
from podcov.ports import check_free

AGENT = "podcov_agent"
CONTAINER = "local"
START_TIMEOUT_S = 15.0
PAUSE_S = 0.01
FORWARDED = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
FROM_TERMINAL = (signal.SIGINT, signal.SIGQUIT)
"""Keys that the terminal sends to the whole group: the program has got them already."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, and how its agent is set."""

    command: Sequence[str]
    port: int
    """0: a free one."""
    host: str = "127.0.0.1"
    source: Sequence[str] = ()
    omit: Sequence[str] = ()
    branch: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that ran to its end, while its agent still answers."""

    code: int
    """Its exit code, or 128 + n if signal n ended it."""
    url: str
    """The agent's."""


@contextmanager
def run_program(
    program: Program, env: Mapping[str, str], on_ready: Callable[[str], None]
) -> Iterator[Ended]:
    """Run it to its end; in the block its agent can be asked what ran.

    `on_ready` gets the agent's URL before the program starts. PortTakenError, LaunchError.
    """
    check_free(program.port, program.host, "--port")
    with ExitStack() as signals:
        relay = signals.enter_context(_relaying())
        with tempfile.TemporaryDirectory(
            prefix="podcov-run-",
            ignore_cleanup_errors=True,  # what the program left behind may still write there
        ) as folder:
            place = Path(folder)
            (place / "spool" / CONTAINER).mkdir(parents=True)
            with _sidecar(program, place, env) as port:
                url = f"http://{program.host}:{port}"
                on_ready(url)
                code = _run_child(program.command, child_environment(program, place, env), relay)
                signals.close()  # there is no program any more that they could be for
                yield Ended(code, url)


def child_environment(program: Program, place: Path, env: Mapping[str, str]) -> dict[str, str]:
    """The environment that the launcher gives a program in a pod."""
    home = place / "home"
    old = env.get("PYTHONPATH")
    made = {
        **env,
        ENV_HOME: str(home),
        ENV_SPOOL: str(place / "spool" / CONTAINER),
        ENV_LAUNCHED: "1",
        "PYTHONPATH": os.pathsep.join([str(home / HOME_BOOTSTRAP), *([old] if old else [])]),
    }
    for name, values in ((ENV_SOURCE, program.source), (ENV_OMIT, program.omit)):
        if values:
            made[name] = ",".join(values)
    made[ENV_BRANCH] = "true" if program.branch else "false"
    return made


@contextmanager
def _sidecar(program: Program, place: Path, env: Mapping[str, str]) -> Iterator[int]:
    """The sidecar's port, while it runs."""
    announced = place / "port"
    words = [sys.executable, "-m", f"{AGENT}.sidecar"]
    words += ["--host", program.host, "--port", str(program.port), "--announce", str(announced)]
    words += ["--temporary", str(place)]
    log = place / "sidecar.log"
    with log.open("wb") as out:
        child = subprocess.Popen(
            words,
            env=_sidecar_environment(place, env),
            stdin=subprocess.PIPE,  # it ends when we do, even by SIGKILL
            stdout=out,
            stderr=out,
            start_new_session=True,  # Ctrl-C is for the program
        )
    with child:
        try:
            yield _await_port(child, announced, log)
        finally:
            child.terminate()
            child.wait()


def _sidecar_environment(place: Path, env: Mapping[str, str]) -> dict[str, str]:
    """Ours, so that whatever is set for the program does not reach the sidecar."""
    spec = find_spec(AGENT)
    if spec is None or spec.origin is None:
        raise LaunchError(
            f"The agent (package {AGENT}) is not installed beside this client.",
            "Install podcov again: pip install --force-reinstall podcov",
        )
    kept = {name: env[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in env}
    return {
        **kept,
        "PYTHONPATH": str(Path(spec.origin).parent.parent),
        ENV_HOME: str(place / "home"),
        ENV_SPOOL: str(place / "spool"),
    }


def _await_port(child: subprocess.Popen[bytes], announced: Path, log: Path) -> int:
    deadline = time.monotonic() + START_TIMEOUT_S
    while child.poll() is None and time.monotonic() < deadline:
        if announced.is_file():
            return int(announced.read_text())
        time.sleep(PAUSE_S)
    said = " ".join(log.read_text(errors="replace").split())[-400:] or "nothing"
    raise LaunchError(f"The agent did not start; it said: {said}", "Try another --port.")


class _Relay:
    """Hands signals to the program. One that comes before there is a program is kept for it.

    The handler never raises: an exception in the middle of Popen would lose a process.
    """

    def __init__(self, woken: int) -> None:
        self.woken = woken
        self._child: subprocess.Popen[bytes] | None = None
        self.kept: int | None = None

    def __call__(self, number: int, _: object) -> None:
        if self._child is None:
            self.kept = number
        elif not (number in FROM_TERMINAL and _in_foreground()):
            self._child.send_signal(number)

    def attach(self, child: "subprocess.Popen[bytes]") -> None:
        """From now on signals are the program's; one that was kept is sent now."""
        self._child = child
        if self.kept is not None:
            child.send_signal(self.kept)

    def wait(self, child: "subprocess.Popen[bytes]") -> int:
        """The program's return code. Woken by a descriptor: a signal that comes just before
        waitpid would be seen only when the program has ended by itself."""
        while child.poll() is None:
            select.select([self.woken], [], [])
            os.read(self.woken, 4096)
        return child.returncode


@contextmanager
def _relaying() -> Iterator[_Relay]:
    """Signals are the relay's in this block; one that is ignored stays so, for the program too."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    relay = _Relay(woken)
    heard = [number for number in FORWARDED if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, relay) for number in heard}
    before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
    old = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    try:
        yield relay
    finally:
        signal.set_wakeup_fd(old)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(woken)
        os.close(wake)


def _run_child(command: Sequence[str], env: Mapping[str, str], relay: _Relay) -> int:
    if relay.kept is not None:
        return 128 + relay.kept
    try:
        child = subprocess.Popen(command, env=dict(env))
    except OSError as problem:
        raise LaunchError(
            f"{command[0]} could not be started: {problem.strerror}.",
            "Write the command after --, as you would in a shell.",
        ) from problem
    relay.attach(child)
    code = relay.wait(child)
    return 128 - code if code < 0 else code


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False
