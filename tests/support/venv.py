"""Makes the development environment: `python venv.py FOLDER`.

Standard library only, because it runs before anything is installed. Says what it does, since the
first run takes a minute.
"""

import os
import subprocess
import sys
import time

NEEDED = (3, 10)
EXTRAS = ".[webhook]"


def main(folder: str) -> int:
    """Create `folder` and install the project with everything its tests need."""
    if sys.version_info < NEEDED:
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"podcov needs Python 3.10 or newer; {sys.executable} is {found}.")
        print("Name another one: make PYTHON=/path/to/python3.12 ...")
        return 1
    began = time.monotonic()
    print(f"making {folder} and installing podcov into it (about a minute, once) ...", flush=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = os.path.join(folder, "bin", "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--upgrade", "pip>=25.1"], check=True)  # --group
    subprocess.run([*pip, "install", "-e", EXTRAS, "--group", "dev"], check=True)
    with open(os.path.join(folder, ".installed"), "w", encoding="utf-8") as stamp:
        stamp.write(time.strftime("%Y-%m-%dT%H:%M:%S\n"))
    print(f"installed in {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
