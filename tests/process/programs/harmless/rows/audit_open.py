"""A sandbox's hook: nobody may write a file."""
import os
import sys

sys.dont_write_bytecode = True


def guard(event, args):
    if event == "open" and isinstance(args[2], int) and args[2] & (os.O_RDWR | os.O_WRONLY):
        raise RuntimeError("no writing")


sys.addaudithook(guard)
import shop

try:
    open("own.txt", "w")
except RuntimeError as error:
    print("guarded:", error, shop.price(3))
