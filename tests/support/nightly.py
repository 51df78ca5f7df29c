"""Whether this run has the time for everything: PODCOV_NIGHTLY=1, which `make nightly` sets.

The only switch there is. Without it, a share that is cheap and honest.
"""

from __future__ import annotations

import os

NIGHTLY = os.environ.get("PODCOV_NIGHTLY", "") not in ("", "0")
