"""The two maps that a process may have, as parameters of tests.

Owns how each is asked for. The map in C is there after `make native`; without it, its tests are
skipped and say so.
"""

from __future__ import annotations

import os
from pathlib import Path

import podcov_agent
import pytest
from podcov_agent.contract import ENV_MAP, HOME_NATIVE, MAP_NATIVE, MAP_PYTHON

NATIVE_SO = Path(podcov_agent.__file__).parent / (HOME_NATIVE % os.uname().machine)

MAP_CHOICES = {MAP_NATIVE: {}, MAP_PYTHON: {ENV_MAP: MAP_PYTHON}}
"""What the environment says to have one or the other."""

needs_native = pytest.mark.skipif(
    not NATIVE_SO.exists(), reason="the map in C was not compiled: make native"
)
MAPS = [pytest.param(MAP_NATIVE, marks=needs_native), pytest.param(MAP_PYTHON)]
