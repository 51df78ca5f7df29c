"""A hook that ends the process where something made up is compiled."""
import sys

import observe


def guard(event, args):
    if event == "compile" and not str(args[1]).endswith(".py"):
        sys.exit("made up")


sys.addaudithook(guard)
import late

try:
    eval("1")
except SystemExit as error:
    print("guarded:", error, late.f())
