"""The agent's own reader of JSON says what the library's says."""

from __future__ import annotations

import json

import pytest
from podcov_agent.flatjson import from_json


@pytest.mark.parametrize(
    "text",
    [
        '{"url": "file:///a%20b", "dir_info": {"editable": true}}\n',
        '  {"url": "https://x", "vcs_info": {"vcs": "git", "n": [1, -2.5e3, null, false]}}',
        '"\\u00fc\\ud83d\\ude00\\/\\n"',
        "{}",
        "[]",
        "NaN",
    ],
)
def test_a_text_means_what_it_means_to_the_library(text: str) -> None:
    """Whatever is in it, blanks around it too."""
    assert repr(from_json(text)) == repr(json.loads(text))


@pytest.mark.parametrize("text", ["", " ", "{", '{"a": }', "{} {}", "nothing", '"\n"', "1,"])
def test_what_is_no_json_is_an_error(text: str) -> None:
    """As it is to the library."""
    with pytest.raises(ValueError):  # noqa: PT011 (three kinds of text)
        json.loads(text)
    with pytest.raises(ValueError):  # noqa: PT011
        from_json(text)
