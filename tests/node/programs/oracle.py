"""Runs a program under `coverage run`, asks it, and prints what came of it as JSON.

    oracle.py SCRIPT PORT PATH [PATH ...]

Lies in the images of the node tests, beside a copy of coverage.py that nothing else there finds.
Prints the answers, what the program said, and the lines that ran in all its processes.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from coverage import CoverageData

SETTINGS = """
[run]
source = {source}
data_file = {folder}/data
parallel = true
concurrency = thread, multiprocessing
sigterm = true
disable_warnings = no-ctracer, already-imported
"""
HERE = str(Path(__file__).parent)
PATIENCE_S = 60
PAUSE_S = 0.05


def main(script: str, port: str, *paths: str) -> None:
    folder = Path(tempfile.mkdtemp())
    settings = folder / "coveragerc"
    settings.write_text(SETTINGS.format(source=Path(script).parent, folder=folder))
    python_path = os.pathsep.join(filter(None, [HERE, os.environ.get("PYTHONPATH")]))
    with subprocess.Popen(
        [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}", script],
        env={**os.environ, "PYTHONPATH": python_path, "MARKET_PORT": port},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as program:
        url = f"http://127.0.0.1:{port}"
        wait_for(url + "/healthz", program)
        answers = {path: ask(url + path) for path in paths}
        program.send_signal(signal.SIGTERM)
        said = program.communicate(timeout=PATIENCE_S)[0].splitlines()
    print(json.dumps({"answers": answers, "said": said, "lines": read_lines(folder)}))


def wait_for(url: str, program: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + PATIENCE_S
    while program.poll() is None and time.monotonic() < deadline:
        try:
            ask(url)
            return
        except OSError:
            time.sleep(PAUSE_S)
    program.kill()
    sys.exit(f"{url} does not answer; the program said: {program.communicate()[0]}")


def ask(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as response:
            return f"{response.status} {response.read().decode()}"
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read().decode()}"


def read_lines(folder: Path) -> dict[str, list[int]]:
    found: dict[str, set[int]] = {}
    for file in folder.glob("data.*"):
        data = CoverageData(str(file))
        data.read()
        for name in data.measured_files():
            found.setdefault(name, set()).update(data.lines(name) or ())
    return {name: sorted(lines) for name, lines in found.items()}


if __name__ == "__main__":
    main(*sys.argv[1:])
