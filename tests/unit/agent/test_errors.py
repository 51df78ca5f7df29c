"""Every note can be looked up, and only our own failures become notes."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import podcov_agent
import pytest
from podcov_agent import errors

DOCS = Path(podcov_agent.__file__).parents[2] / "docs/notes.md"
SLUGS = {
    value
    for name, value in vars(errors).items()
    if name.isupper() and isinstance(value, str) and not name.startswith("_")
}


def test_every_slug_has_reason_and_remedy() -> None:
    """The sidecar shows both with each note."""
    assert set(errors.NOTES) == SLUGS
    assert all(reason and remedy for reason, remedy in errors.NOTES.values())


def test_every_slug_is_in_the_documentation_and_no_other() -> None:
    """docs/notes.md has one section for each."""
    assert set(re.findall(r"^## (\S+)$", DOCS.read_text(), re.MULTILINE)) == SLUGS


def test_every_slug_in_the_code_is_in_the_table() -> None:
    """Those that are written as text, where `errors` cannot be imported, are known too."""
    folder = Path(podcov_agent.__file__).parent
    found = set(
        re.findall(r'"slug": "([a-z-]+)"', (folder / "bootstrap/unsupported.py").read_text())
    )
    found |= set(re.findall(r'note\("([a-z-]+)"', (folder / "loading.py").read_text()))
    assert found == {"unsupported-python", "agent-failed"}
    assert found <= SLUGS


def refuse(event: str, arguments: tuple[object, ...]) -> None:
    raise SystemExit(event)


def replaced(path: str, *rest: str) -> None:
    raise RuntimeError(path)


def handler(signum: int, frame: object) -> None:
    raise TimeoutError(signum)


def handler_of_any(*arguments: object) -> None:
    raise TimeoutError(arguments)


def tidy_handler(signum: int, frame: object) -> None:
    del signum, frame
    raise TimeoutError


class Timer:
    def __call__(self, signum: int, frame: object) -> None:
        del frame
        raise TimeoutError


def trace(frame: object, event: str, argument: object) -> None:
    raise RuntimeError(event)


def ctrl_c() -> None:
    raise KeyboardInterrupt


HERE = sys._getframe()
CALLS = [
    # what ran amid our work and raised, what it was given, and whether that is ours
    (handler, (14, HERE), False),
    (handler_of_any, (14, HERE), False),
    (tidy_handler, (14, HERE), False),
    (Timer(), (14, HERE), False),
    (lambda *_: handler(*_), (14, HERE), False),
    (trace, (HERE, "line", None), False),
    (ctrl_c, (), False),
    (refuse, ("open", ("log", None, 0)), True),
    (lambda *both: refuse(*both), ("open", ("log", None, 0)), True),
    (replaced, ("/spool", "log"), True),
]


@pytest.mark.parametrize(("call", "arguments", "ours"), CALLS)
def test_only_what_our_work_called_is_ours(
    call: Callable[..., None], arguments: tuple[object, ...], ours: bool
) -> None:
    """What a signal handler or a trace function raises has to go on, wherever it came."""
    with pytest.raises((Exception, SystemExit, KeyboardInterrupt)) as caught:
        call(*arguments)
    error = caught.value
    assert error.__traceback__ is not None
    error.__traceback__ = error.__traceback__.tb_next  # without the frame of this test
    assert errors.is_ours(error) == ours


def test_an_exception_of_our_own_work_is_ours() -> None:
    """Also where a function of the library raised it for us."""
    from podcov_agent.measure import read_source

    with pytest.raises(OSError, match="nothing") as caught:
        read_source("/nothing/here")
    error = caught.value
    assert error.__traceback__ is not None
    error.__traceback__ = error.__traceback__.tb_next
    assert errors.is_ours(error)
