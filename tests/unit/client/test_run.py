"""What `podcov run` puts into a program's environment."""

from pathlib import Path

from podcov.run import Program, child_environment


def test_the_environment_is_the_launchers() -> None:
    """What the program had stays, and its own PYTHONPATH comes after ours."""
    env = {"PYTHONPATH": "/mine", "X": "1"}
    made = child_environment(Program(["x"], 0, source=["a", "b"]), Path("/t"), env)
    assert made == {
        "X": "1",
        "PYTHONPATH": "/t/home/bootstrap:/mine",
        "PODCOV_HOME": "/t/home",
        "PODCOV_SPOOL": "/t/spool/local",
        "PODCOV_LAUNCHED": "1",
        "PODCOV_SOURCE": "a,b",
        "PODCOV_BRANCH": "false",
    }


def test_branches_are_recorded_on_demand() -> None:
    """As the annotation would have it."""
    made = child_environment(Program(["x"], 0, branch=True), Path("/t"), {})
    assert made["PODCOV_BRANCH"] == "true"
