"""What users may write, and the exact message for what they may not."""

from __future__ import annotations

import pytest
from podcov_webhook.annotations import Options, is_enabled, parse_options
from podcov_webhook.errors import AnnotationError

NAMES = ("shop", "worker")


def parse(**annotations: str) -> Options:
    return parse_options({f"coverage.io/{k}": v for k, v in annotations.items()}, NAMES)


def test_without_annotations_the_defaults_hold() -> None:
    """All containers, port 9095, no source, nothing omitted."""
    assert parse() == Options(containers=(), command=(), source="", omit="", port=9095)


def test_every_annotation_is_taken() -> None:
    """Names are trimmed and not repeated; source and omit stay verbatim."""
    options = parse(
        containers=" worker, shop,worker",
        command='["python", "-m", "shop"]',
        source="shop, /app/lib",
        omit="*/migrations/*",
        port="9100",
        branch="false",
    )
    assert (options.containers, options.command) == (("worker", "shop"), ("python", "-m", "shop"))
    assert (options.source, options.omit) == ("shop, /app/lib", "*/migrations/*")
    assert (options.port, options.notices) == (9100, ())


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("enabled", "yes", '\'yes\'; accepted: the text "true" or "false"'),
        ("enabled", "True", '\'True\'; accepted: the text "true" or "false"'),
        ("enabled", "", '\'\'; accepted: the text "true" or "false"'),
        ("branch", "1", '\'1\'; accepted: the text "true" or "false"'),
        ("containers", "web", "'web'; accepted: names out of shop, worker, comma separated"),
        ("containers", "", "''; accepted: names out of shop, worker, comma separated"),
        ("containers", "shop,", "'shop,'; accepted: names out of shop, worker, comma separated"),
        *(
            (
                "command",
                value,
                f"{value!r}; accepted: a JSON list of texts, not empty, "
                'such as ["python", "-m", "shop"]',
            )
            for value in ("python app.py", "[]", '{"a": 1}', '["a", 1]', '"python"', "")
        ),
        *(
            ("port", value, f"{value!r}; accepted: a port from 1024 to 65535")
            for value in ("http", "80", "65536", "-1", "", "9095.0", "٩٠٩٥", "9" * 5000)
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_key_value_and_accepted_form(
    key: str, value: str, message: str
) -> None:
    """The message is exact: people act on it."""
    annotations = {f"coverage.io/{key}": value}
    with pytest.raises(AnnotationError) as error:
        is_enabled(annotations) or parse_options(annotations, NAMES)
    assert str(error.value) == f"annotation coverage.io/{key} is {message}"


@pytest.mark.parametrize(("value", "enabled"), [("true", True), ("false", False), (None, False)])
def test_enabled_is_off_unless_it_says_true(value: str | None, enabled: bool) -> None:
    """No annotation is the same as "false"."""
    assert is_enabled({} if value is None else {"coverage.io/enabled": value}) is enabled


def test_an_unknown_key_is_a_notice_only() -> None:
    """A newer podcov may know it."""
    (notice,) = parse(sourc="shop").notices
    assert notice.as_warning() == (
        "podcov: annotation coverage.io/sourc is unknown and has no effect [annotation-unknown]"
    )


def test_branches_are_off_unless_asked_for() -> None:
    """No annotation is the same as "false"."""
    assert [parse(branch=value).branch for value in ("true", "false")] == [True, False]
    assert parse().branch is False
