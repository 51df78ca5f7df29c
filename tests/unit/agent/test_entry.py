"""What the entry script's watch reads from a command line."""

import pytest
from podcov_agent.entry import skips_first_line


@pytest.mark.parametrize(
    ("options", "skips"),
    [
        ("python", False),
        ("python -x", True),
        ("python -Ox", True),
        ("python -xO", True),
        ("python -X dev -x", True),
        ("python -X dev", False),
        ("python -Xfrozen_modules=off", False),
        ("python -W x", False),
        ("python -Wx", False),
        ("python --check-hash-based-pycs x -O", False),
    ],
)
def test_only_the_option_itself_is_taken_for_x(options: str, skips: bool) -> None:
    """A value of another option may hold an x."""
    assert skips_first_line(options.split()) is skips
