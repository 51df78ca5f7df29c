"""Runs every program of this folder that this version of Python can read."""
import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def readable(name):
    suffix = name.rpartition("_")[2]
    return not suffix.isdigit() or sys.version_info >= (int(suffix[0]), int(suffix[1:]))


if __name__ == "__main__":
    for file in sorted(os.listdir(HERE)):
        name, kind = os.path.splitext(file)
        if kind == ".py" and name != "main" and readable(name):
            module = importlib.import_module(name)
            print(name, module.__doc__, getattr(module, "run", lambda: None)())
