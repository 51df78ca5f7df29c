"""Omit patterns mean what they mean to coverage.py."""

from __future__ import annotations

import os
import re
import warnings

import pytest
from coverage.exceptions import ConfigError
from coverage.files import GlobMatcher, prep_patterns
from hypothesis import given, settings
from hypothesis import strategies as st
from podcov_agent.globs import compile_globs

PARTS = st.lists(
    st.sampled_from(["*", "**", "?", "/", "a", "b.py", "[ab]", "[!a]", "[", "x-y", ".", "+", "\\"]),
    min_size=1,
    max_size=6,
)
PATHS = st.lists(st.sampled_from(["a", "b.py", "b", "x-y", "+", "ab"]), min_size=1, max_size=4)


def theirs(pattern: str, path: str) -> bool | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of `re`, about sets like [a[]
        try:
            return bool(GlobMatcher(prep_patterns([pattern]), "omit").match(path))
        except (ConfigError, re.error):
            return None


def ours(pattern: str, path: str, cwd: str) -> bool | None:
    try:
        return bool(compile_globs([pattern], cwd).match(path))
    except ValueError:
        return None


@settings(max_examples=500, deadline=None)
@given(PARTS, PATHS)
def test_every_pattern_matches_the_files_that_coverage_matches(
    parts: list[str], path: list[str]
) -> None:
    """What coverage.py refuses is refused; None stands for that."""
    pattern, whole = "".join(parts), "/" + "/".join(path)
    assert ours(pattern, whole, os.getcwd()) == theirs(pattern, whole)


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("tests/*", "/app/tests/unit/a.py", True),
        ("tests/*", "/other/tests/a.py", False),
        ("*/tests/*", "/other/tests/deep/a.py", True),
        ("conftest.py", "/any/where/conftest.py", True),
        ("*_pb2.py", "/any/where/shop_pb2.py", True),
        ("/app/**/gen/*.py", "/app/gen/a.py", True),
        ("/app/**/gen/*.py", "/app/x/y/gen/z/a.py", False),
    ],
)
def test_patterns_as_users_write_them(pattern: str, path: str, matches: bool) -> None:
    assert ours(pattern, path, "/app") is matches
