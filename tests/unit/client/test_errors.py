"""Every error can be looked up."""

from pathlib import Path

import pytest
from podcov import errors
from podcov.errors import PodcovError, name_some

PAGE = Path(__file__).parents[3] / "docs/errors.md"


def every_error() -> list[type[PodcovError]]:
    return PodcovError.__subclasses__()


def test_each_slug_has_one_entry_with_its_exit_code() -> None:
    """docs/errors.md and the classes agree, in both directions."""
    rows = [line.split("|") for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    written = {row[1].strip(" `"): int(row[2]) for row in rows}
    assert written == {item.slug: item.exit_code for item in every_error()}
    assert len(rows) == len(written)


def test_no_two_errors_share_a_slug() -> None:
    """A slug means one thing."""
    slugs = [item.slug for item in every_error()]
    assert len(slugs) == len(set(slugs))


def test_every_error_says_what_and_what_to_do() -> None:
    """As text, for whoever does not print it in two lines."""
    assert str(errors.NoPodError("No pod.", "Start one.")) == "No pod. Start one."


def test_pods_without_an_answer_are_one_error() -> None:
    """Nobody: that reason. Some: partial. Ctrl-C: interrupted, whatever else there is."""
    gone = ("a", errors.UnreachableError("a is gone.", "Look."))
    stopped = ("b", errors.InterruptedCollectionError("b was not asked.", "Again."))
    errors.require_all(2, [])
    with pytest.raises(errors.UnreachableError, match=r"^a is gone\. Look\.$"):
        errors.require_all(0, [gone])
    with pytest.raises(errors.UnreachableError, match=r"None of 2 pods answered: a and a\."):
        errors.require_all(0, [gone, gone])
    with pytest.raises(errors.PartialError, match="3 of 4 pods answered; a did not"):
        errors.require_all(3, [gone])
    with pytest.raises(errors.InterruptedCollectionError, match="1 of 3 pods had answered"):
        errors.require_all(1, [gone, stopped])


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a", "b", "c", "d"], "a, b, c and 1 more"),
    ],
)
def test_names_are_written_as_in_a_sentence(names: list[str], text: str) -> None:
    """Never a list of a hundred pods."""
    assert name_some(names) == text
