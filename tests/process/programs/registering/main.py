"""python main.py AGENT SPOOL SEED SOURCES KILL: registers sources in an order of its own.

Prints where it was given each, from two threads at once. With KILL, tears some records on the way
and may kill itself.
"""

import json
import os
import random
import sys
import threading

agent, spool, seed, sources, kill = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
sys.path.insert(0, agent)

from podcov_agent import linemap, record  # noqa: E402

found = {}


def register(order):
    rolls = random.Random(order)
    ids = list(range(sources))
    rolls.shuffle(ids)
    for n in ids:
        if kill and rolls.random() < 0.2:
            whole = record.encode("S", "a" * 40, 50 + n * 13 % 3000, "/app/m%d.py" % n)
            fd = os.open(spool + "/log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            os.write(fd, whole[: rolls.randrange(1, len(whole))])
            os.close(fd)
        chunk, base = spools.place("/app/m%d.py" % n, "a" * 40, 50 + n * 13 % 3000)
        chunk[base + 1 + seed] = 1
        number = next(k for k, c in spools._chunks.items() if c is chunk)
        found[n] = [number, base]
        if kill == 2 and rolls.random() < 0.01:
            os.kill(os.getpid(), 9)


spools = linemap.Spool(spool)
threads = [threading.Thread(target=register, args=(seed * 2 + k,)) for k in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps(found))
