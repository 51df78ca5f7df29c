"""How many bytes a probe adds to code that is loaded. Prints JSON: by form of the probe.

Run with the agent's package on sys.path, under any Python from 3.8 on.
"""

import json
import marshal
import os
import tracemalloc

from podcov_agent.binding import MARK, NEGATION, STORE, bind
from podcov_agent.probes import FORMS
from podcov_agent.rewrite import rewrite

NAMES = ("argparse", "ast", "configparser", "dataclasses", "difflib", "inspect", "tarfile")


class Filled:
    """Stands for the map in C, which has all its objects before there is any code."""

    def fill(self, constants, mark, base):
        """One object in place of every line's."""
        return tuple(
            self if type(c) is tuple and len(c) == 2 and c[0] == mark else c for c in constants
        )


FINISH = {
    NEGATION: lambda code: bind(code, Filled(), 0),
    STORE: lambda code: bind(code, "map", 1000),
}
OBJECTS = {NEGATION: 32, STORE: 0}
"""The size of a line's object in the map in C; in Python it is a number, and allocated."""


def probes_in(code):
    """How many placeholders of lines there are."""
    found = 0
    for const in code.co_consts:
        if type(const) is type(code):
            found += probes_in(const)
        elif type(const) is tuple and len(const) == 2 and const[0] == MARK and const[1]:
            found += 1
    return found


def allocated(data, finish):
    """The bytes that loading marshalled code takes."""
    tracemalloc.start()
    kept = [finish(marshal.loads(one)) for one in data]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return size


def main():
    """Measure the modules NAMES of the library."""
    folder = os.path.dirname(os.__file__)
    sources = []
    for name in NAMES:
        with open(os.path.join(folder, name + ".py"), "rb") as file:
            sources.append(file.read())
    plain = [marshal.dumps(compile(source, "x", "exec")) for source in sources]
    size = allocated(plain, lambda code: code)
    grown = {}
    for name, finish in FINISH.items():
        made = [rewrite(source, "x", probes=FORMS[name]).code for source in sources]
        count = sum(map(probes_in, made))
        numbered = [marshal.dumps(code) for code in made]
        grown[name] = (allocated(numbered, finish) - size) / count + OBJECTS[name]
    print(json.dumps(grown))


main()
