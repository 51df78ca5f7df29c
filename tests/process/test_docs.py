"""The documentation's Python code, run against a real agent."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
CLUSTER_CALL = 'Session("deploy/shop", namespace="shop", source=["src"])'
PROGRAM = "import sys\nfor line in sys.stdin:\n    print(int(line) * 2, flush=True)\n"


def test_the_library_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of the guide reports what ran; only where the agent is was exchanged."""
    guide = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    assert CLUSTER_CALL in example
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "double.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    podcov = str(Path(sys.executable).with_name("podcov"))
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(
            [podcov, "run", "--port=0", "--", sys.executable, "src/double.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("21\n")
        process.stdin.flush()
        assert process.stdout.readline() == "42\n"
        url = wait_until(
            "the agent's address",
            lambda: re.search(r"http://\S+", (tmp_path / "said").read_text()),
        ).group()
        code = example.replace(CLUSTER_CALL, f'Session(urls=["{url}"], source=["src"])')
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        process.stdin.close()
    assert done.returncode == 0, done.stderr
    assert re.search(r"^src/double.py +3 ", done.stdout, re.MULTILINE), done.stdout
    assert (tmp_path / "out" / "index.html").is_file()
