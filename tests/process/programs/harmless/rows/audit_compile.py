"""A sandbox's hook: only files are compiled, nothing made up as the process runs."""
import sys

import observe


class Guard:
    def __call__(self, *event):
        if event[0] == "compile" and not str(event[1][1]).endswith(".py"):
            raise PermissionError("no compiling")


sys.addaudithook(Guard())
import late

try:
    eval("1")
except PermissionError as error:
    print("guarded:", error, late.f())
