"""`python -m podcov`."""

import sys

from podcov.cli import main

sys.exit(main())
