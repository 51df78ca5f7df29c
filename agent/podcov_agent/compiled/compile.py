"""Compiles what runs before the agent's bundle, for the interpreter that runs this: see Makefile.

Writes one file beside itself for each module, named as in __pycache__ but for the suffix, which git
and package builders would ignore. Python checks the hash of the source in it and compiles anew
where it is of another source, so a file that is out of date costs time and nothing else.
"""

import os
import py_compile
import sys

MODULES = ("boot", "bootstrap/image_path", "bootstrap/sitecustomize")
MODE = py_compile.PycInvalidationMode.CHECKED_HASH

if __name__ == "__main__":
    folder = os.path.dirname(os.path.abspath(__file__))
    for module in MODULES:
        source, name = os.path.join(folder, "..", module + ".py"), os.path.basename(module)
        target = os.path.join(folder, f"{name}.{sys.implementation.cache_tag}")
        py_compile.compile(source, target, name + ".py", True, 2, MODE)
