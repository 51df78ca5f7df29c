"""A plugin for pytest, laid beside trio's tests: trio runs its tasks in the same order each time.

By itself it shuffles them, on purpose, and two runs of its tests do not execute the same lines.
"""

import random

import pytest
import trio._core._run


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Before each test."""
    trio._core._run.__dict__.update(_ALLOW_DETERMINISTIC_SCHEDULING=True, _r=random.Random(0))
