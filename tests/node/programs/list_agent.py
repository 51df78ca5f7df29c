"""Lists what the agent's image holds and what it installs into a pod: JSON on standard output.

    list_agent.py FOLDER INSTALLED

Each file with the SHA-256 of its bytes, and whether it is a compiled program or library.
"""

import hashlib
import json
import sys
from pathlib import Path

from podcov_agent.sidecar.install import install  # type: ignore[import-not-found,unused-ignore]


def main(folder: str, installed: str) -> None:
    install(folder, installed)
    print(json.dumps({"image": listed(Path(folder)), "pod": listed(Path(installed))}))


def listed(root: Path) -> dict[str, dict[str, object]]:
    found = {}
    for path in root.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            name = str(path.relative_to(root))
            found[name] = {
                "hash": hashlib.sha256(data).hexdigest(),
                "compiled": data.startswith(b"\x7fELF"),
            }
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
