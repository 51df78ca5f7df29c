"""Owns how pip reaches its index inside an image build: as it does on this machine.

Nothing of it stays in an image: files are mounted while it is built. Must not print the settings,
which may hold a password. Called by `images`.
"""

import ast
import subprocess
import sys
from pathlib import Path

from support.cluster.files import write_whole

KEPT = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout")
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def mounts(cache: Path) -> dict[Path, str]:
    """Files of this machine and where they are to be seen during a build."""
    settings = _settings()
    bundle = Path(settings.get("cert") or BUNDLE)
    path = cache / "pip.conf"
    write_whole(path, configuration(settings))
    files = {path: "/etc/pip.conf"}
    return files | ({bundle: BUNDLE} if bundle.exists() else {})


def configuration(settings: dict[str, str]) -> str:
    """A pip.conf with what matters of `settings`, and leave to install into a Debian."""
    lines = [f"{name} = {settings[name]}" for name in KEPT if name in settings]
    return "\n".join(["[global]", "break-system-packages = true", f"cert = {BUNDLE}", *lines, ""])


def parse(listed: str) -> dict[str, str]:
    """Settings from the output of `pip config list`; the environment's win."""
    found: dict[str, str] = {}
    for line in sorted(listed.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        found[name.rpartition(".")[2]] = str(ast.literal_eval(value))
    return found


def _settings() -> dict[str, str]:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return parse(done.stdout)
