"""What a test run reports where, before anybody is asked."""

import pytest
from podcov.config import Settings
from podcov.errors import SettingError
from podcov.testrun import Wanted, parse_report, reports_of


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("term", Wanted("term")),
        ("term-missing", Wanted("term-missing")),
        ("html", Wanted("html", "htmlcov")),
        ("html:out/page", Wanted("html", "out/page")),
        ("xml:C:/x.xml", Wanted("xml", "C:/x.xml")),
        ("markdown", Wanted("markdown", "coverage.md")),
    ],
)
def test_a_report_is_a_kind_and_a_place(text: str, wanted: Wanted) -> None:
    """Kinds that are files have a default place; the place begins after the first colon."""
    assert parse_report(text) == wanted


@pytest.mark.parametrize("text", ["", "pdf", "term:out", ":x", "HTML"])
def test_what_is_no_report_is_refused(text: str) -> None:
    """The message shows the value and names what is accepted."""
    with pytest.raises(SettingError) as caught:
        parse_report(text)
    assert repr(text) in caught.value.message
    assert "term-missing, html, xml, json, lcov, markdown" in caught.value.remedy


def test_without_reports_the_settings_decide() -> None:
    """The table always, and the files that [tool.podcov] names."""
    assert reports_of((), Settings()) == (Wanted("term"),)
    settings = Settings(html="out", lcov="c.lcov")
    expected = (Wanted("term"), Wanted("html", "out"), Wanted("lcov", "c.lcov"))
    assert reports_of((), settings) == expected


def test_reports_that_were_asked_for_are_the_only_ones() -> None:
    """An explicit list replaces what the settings name."""
    assert reports_of(["xml"], Settings(html="out")) == (Wanted("xml", "coverage.xml"),)
