"""The image's own: in it wherever PYTHONPATH names its folder."""

import sys

setattr(sys, "greeting", "good morning")  # noqa: B010 (the module has no such name)
print("market: sitecustomize of the image", file=sys.stderr, flush=True)
