"""An audit, made by an interpreter of its own."""

import multiprocessing
from multiprocessing.connection import Connection

from market.prices import PRICES, price_of


def _add_up(end: Connection) -> None:
    summed = 0
    for item in sorted(PRICES):
        if item == "pen":
            continue
        summed += price_of(item)
    end.send(summed)
    end.close()


def audit() -> str:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_add_up, args=(theirs,))
    process.start()
    theirs.close()
    summed = ours.recv()
    process.join()
    return f"{summed} cents, return code {process.exitcode}"
