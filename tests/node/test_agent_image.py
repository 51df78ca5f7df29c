"""What is in the agent's image, and what of it gets into pods."""

import hashlib
import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from node.conftest import AGENT, TAG
from support.cluster import packages
from support.cluster.commands import run
from support.cluster.errors import UnavailableError
from support.cluster.kubectl import Object, Tools
from support.cluster.settings import CHECKOUT
from support.waiting import wait_until

pytestmark = pytest.mark.node

POD = "agent-files"
NAMESPACE = "default"
PACKAGE = "/opt/podcov/podcov_agent"
INSTALLED = "/podcov/agent"
LIST = Path(__file__).parent / "programs" / "list_agent.py"
SOURCE = CHECKOUT / "agent" / "podcov_agent"
COMPILED = {"bin/sh", f"native/linemap-{platform.machine()}.abi3.so"}
LEFT_OUT = {
    *("native/linemap.c", "native/exec.c", "native/exec.h", "native/build.sh"),
    *("compiled/compile.py", "sidecar/ruff.toml"),
}
"""What makes the agent, and is no part of it."""

AARCH64 = 183
"""In the header of an ELF file."""
CROSS = {
    "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu",
    "/usr/aarch64-linux-gnu/include/stdio.h": "libc6-dev-arm64-cross",
}

Files = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def files(tools: Tools, images: None) -> dict[str, Files]:
    """Every file of the package in the image, and every file that it installs."""
    wait_until(
        "the default service account is there",
        lambda: tools.get("serviceaccount", "default", NAMESPACE),
    )
    container: Object = {
        "name": "list",
        "image": f"{AGENT}:{TAG}",
        "command": ["python3", "-c", LIST.read_text(), PACKAGE, INSTALLED],
        "volumeMounts": [{"name": "agent", "mountPath": INSTALLED}],
    }
    volumes = [{"name": "agent", "emptyDir": {}}]
    spec = {"restartPolicy": "Never", "containers": [container], "volumes": volumes}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": POD}, "spec": spec}
    tools.send("create", body, "-n", NAMESPACE)
    try:
        ended = ["--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s"]
        tools.kubectl("wait", f"pod/{POD}", "-n", NAMESPACE, *ended)
        found: dict[str, Files] = json.loads(tools.kubectl("logs", POD, "-n", NAMESPACE))
    finally:
        tools.kubectl("delete", "pod", POD, "-n", NAMESPACE, "--now")
    return found


def test_the_image_has_the_repositorys_files_and_no_others(files: dict[str, Files]) -> None:
    """Byte for byte, so all but two compiled files is the same for every CPU and every libc; and
    no cache or setting of a tool got in."""
    image = {name: file["hash"] for name, file in files["image"].items() if name not in COMPILED}
    assert image == _in_git()


@pytest.mark.parametrize("place", ["image", "pod"])
def test_two_files_are_compiled(files: dict[str, Files], place: str) -> None:
    """The shell and the map in C, whose name has its CPU: nothing else depends on one."""
    assert {name for name, file in files[place].items() if file["compiled"]} == COMPILED


def test_what_is_installed_is_what_the_image_has(files: dict[str, Files]) -> None:
    """Sources and byte code come into a pod as they are in the image, and `ready` with them."""
    hashes = {file["hash"] for file in files["image"].values()}
    others = {name for name, file in files["pod"].items() if file["hash"] not in hashes}
    assert others == {"ready"}
    bytecode = [name for name in files["pod"] if name.endswith(".pyc")]
    assert len(bytecode) == len(list(SOURCE.glob("compiled/*.cpython-*")))


def test_the_map_in_c_compiles_for_arm64(tmp_path: Path) -> None:
    """By another compiler, from the same source, without a warning: a file for that CPU alone,
    which needs no library and so no particular libc."""
    try:
        packages.ensure(CROSS)
    except UnavailableError as error:
        pytest.skip(str(error))
    folder = Path(shutil.copytree(SOURCE / "native", tmp_path / "native"))
    command = ["env", "MACHINE=aarch64", "CC=aarch64-linux-gnu-gcc", f"PYTHON={sys.executable}"]
    run([*command, "sh", folder / "build.sh"])
    data = (folder / "linemap-aarch64.abi3.so").read_bytes()
    assert data.startswith(b"\x7fELF")
    assert int.from_bytes(data[18:20], "little") == AARCH64
    said = run(["aarch64-linux-gnu-readelf", "--dynamic", folder / "linemap-aarch64.abi3.so"])
    assert "(SYMTAB)" in said
    assert "(NEEDED)" not in said


def _in_git() -> dict[str, str]:
    """The agent's files as they are in the checkout, with the SHA-256 of each."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "."]
    names = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, check=True)
    return {
        name: hashlib.sha256((SOURCE / name).read_bytes()).hexdigest()
        for name in names.stdout.splitlines()
        if name not in LEFT_OUT
    }
