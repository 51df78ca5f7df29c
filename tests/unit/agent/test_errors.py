"""Every note can be looked up, and only our own failures become notes."""

import re
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


def test_an_exception_from_elsewhere_is_not_ours() -> None:
    """What a signal handler of the application raises in the middle of our work has to go on."""

    def handler() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError) as caught:
        handler()
    assert not errors.is_ours(caught.value)


def test_an_exception_of_our_own_work_is_ours() -> None:
    """Also where a function of the library raised it for us."""
    from podcov_agent.measure import read_source

    with pytest.raises(OSError, match="nothing") as caught:
        read_source("/nothing/here")
    assert errors.is_ours(caught.value)
