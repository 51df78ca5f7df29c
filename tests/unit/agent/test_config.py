"""The agent's settings are what the annotations say."""

import pytest
from podcov_agent.config import read_config


@pytest.mark.parametrize(
    ("value", "entries"),
    [
        (None, ()),
        ("", ()),
        ("shop", ("shop",)),
        (" shop , /app/lib,,", ("shop", "/app/lib")),
    ],
)
def test_entries_are_split_at_commas(value: str | None, entries: tuple[str, ...]) -> None:
    """Blanks around them, and empty ones, mean nothing."""
    environ = {"PODCOV_SPOOL": "/spool"}
    if value is not None:
        environ.update(PODCOV_SOURCE=value, PODCOV_OMIT=value)
    config = read_config(environ)
    assert (config.spool, config.source, config.omit) == ("/spool", entries, entries)


@pytest.mark.parametrize(
    ("value", "branch"),
    [(None, False), ("", False), ("false", False), ("1", False), ("true", True)],
)
def test_branches_are_marked_only_where_it_says_true(value: str | None, branch: bool) -> None:
    """As the annotation."""
    environ = {"PODCOV_SPOOL": "/spool", **({} if value is None else {"PODCOV_BRANCH": value})}
    assert read_config(environ).branch is branch
