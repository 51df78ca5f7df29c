"""Workers of a queue: the result of a task has arrived, and its line is in the spool.

Each row has one interpreter and the map that its pod would have; a nightly run takes the oldest
and the newest interpreter and both maps.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from support.interpreters import interpreter, one_or_all, venv_python
from support.measured import Container
from support.serving import FRAMEWORKS, running
from support.steps import steps, write_work

APP = Path(__file__).parent / "programs/web"
TASKS = 40


@pytest.mark.parametrize(("pool", "version"), one_or_all(["prefork", "threads", "solo"]))
def test_each_task_has_its_line_in_the_spool(
    one_container: Container, pool: str, version: str, tmp_path: Path
) -> None:
    """Celery's workers, whose processes are forked and replaced after a few tasks.

    The broker is kombu's folder of messages: the workers are those that any broker has.
    """
    (tmp_path / "broker").mkdir()
    work = write_work(tmp_path)
    one_container.env.update(
        BROKER=str(tmp_path / "broker"),
        PYTHONPATH=str(tmp_path),
        PODCOV_SOURCE=f"{APP},{tmp_path}",
    )
    python = venv_python(interpreter(version), *FRAMEWORKS)
    options = ["-P", pool, "-c", "2", "-l", "error"]
    options += ["--max-tasks-per-child", "5"] if pool == "prefork" else []
    worker = [str(python), "-m", "celery", "-A", "tasks", "worker", *options]
    with running(one_container, worker, APP):
        done = one_container.run([python, "-m", "tasks", str(TASKS)], APP)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) >= (4 if pool == "prefork" else 1)
    assert steps(one_container, work) == set(range(1, TASKS + 1))
    assert one_container.notes() == []
