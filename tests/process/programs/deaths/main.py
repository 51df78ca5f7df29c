"""python main.py PROGRESS FIRST END LIFE MODE: runs once-only functions until it dies or all have run.

Byte n of the file PROGRESS is 1 once function n has begun and 2 once it has ended. Two threads share
the functions FIRST to END; MODE says how the process ends after LIFE of them: by its own hand, or it
waits for another's and goes on.
"""

import mmap
import os
import signal
import sys
import threading

import lines

progress_file, first, end, life, mode = sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5]
with open(progress_file, "r+b") as file:
    progress = mmap.mmap(file.fileno(), 0)


def again():
    os.execv(sys.executable, [sys.executable, *sys.argv[:-1], "killed"])


ENDS = {
    "exits": lambda: os._exit(9),
    "aborts": os.abort,
    "execs": again,
    "forks": lambda: os.kill(os.getpid(), signal.SIGKILL),
}


def run(begin, stop, ends):
    """Each function that never began, one after the other."""
    for count in range(stop - begin):
        n = progress.find(b"\0", begin, stop)
        if n < 0:
            return
        if ends and count == life:
            ends()
        progress[n] = 1
        getattr(lines, "once_%d" % n)()
        progress[n] = 2


def run_all(ends):
    middle = (first + end) // 2
    thread = threading.Thread(target=run, args=(middle, end, None))
    thread.start()
    run(first, middle, ends)
    thread.join()


if mode == "forks":
    child = os.fork()
    if not child:
        run_all(ENDS[mode])
        os._exit(0)
    os.waitpid(child, 0)
else:
    run_all(ENDS.get(mode))
