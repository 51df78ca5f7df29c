"""Whoever dies, whenever: no line is lost, and each is in the one generation in which it ran.

Invariants 2 and 4 with everything real: processes that are killed, that exit, abort and exec under
load, in threads and forks; new processes over the same volume; a sidecar that is killed while it
turns; and the answers of the sidecar that comes after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from support.deaths import BODY, FUNCTIONS, MODES, PROCESSES, SHARE, THREADS, Pod, lines_of
from support.interpreters import OLDEST_AND_NEWEST, VERSIONS, each_version, interpreter
from support.measured import Container
from support.nightly import NIGHTLY

WANTED = 30_000
"""Lines of which it is certain that they ran, once. Those that a death fell upon are not."""
LIFE = 15 if NIGHTLY else 60
"""About how many functions a process lives."""


def spans(seen: Sequence[tuple[int, list[int], list[int]]]) -> dict[int, tuple[int, int]]:
    """Function -> the first and the last generation that it can have run in.

    What had ended before a turn was asked for is in a generation that ended by then; what had not
    begun when it was answered is in none of those.
    """
    out: dict[int, tuple[int, int]] = {}
    for thread in range(PROCESSES * THREADS):
        earliest, latest = [0] * SHARE, [seen[-1][0]] * SHARE
        for generation, _, after in seen:
            earliest[after[thread] :] = [generation] * (SHARE - after[thread])
        for generation, before, _ in reversed(seen):
            ended = max(before[thread] - 1, 0)
            latest[:ended] = [generation - 1] * ended
        for n in range(SHARE):
            out[thread * SHARE + n] = (earliest[n], latest[n])
    return out


@pytest.mark.parametrize("version", each_version(VERSIONS if NIGHTLY else OLDEST_AND_NEWEST[1:]))
def test_no_death_of_anybody_loses_a_line_or_books_it_wrongly(
    tmp_path: Path, one_container: Container, version: str
) -> None:
    """30,000 lines that run once: 0 lost, 0 in two generations, 0 in another than their own."""
    pod = Pod(tmp_path / "pod", interpreter(version).python, one_container.env, LIFE)
    workers = pod.run()
    deaths = {mode: sum(w.deaths[mode] for w in workers) for mode in MODES}
    assert min(deaths.values()) > 3, f"too few deaths to prove anything: {deaths}"
    assert pod.deaths > 5, "too few deaths of the sidecar to prove anything"

    progress, found, span = pod.progress(), pod.generations(), spans(pod.seen)
    certain = [n for n in range(FUNCTIONS) if progress[n] == 2]
    assert len(certain) * BODY >= WANTED
    print(f"{len(certain) * BODY} lines, deaths {deaths}, {pod.deaths} of the sidecar")
    lost = [line for n in certain for line in lines_of(n) if line not in found]
    assert not lost, f"{len(lost)} of {len(certain) * BODY} lines lost: {lost[:10]}"
    twice = {
        n: found[n] for f in range(FUNCTIONS) for n in lines_of(f) if len(found.get(n, ())) > 1
    }
    assert not twice, f"lines that ran once are in two generations: {twice}"
    wrong = {
        line: (found[line], span[n])
        for n in certain
        for line in lines_of(n)
        if not span[n][0] <= found[line][0] <= span[n][1]
    }
    assert not wrong, f"lines in another generation than they ran in: {wrong}"
    order = {n: [found[line] for line in lines_of(n)] for n in certain}
    assert all(a <= b for each in order.values() for a, b in pairwise(each)), "out of their order"
    used = {generations[0] for each in order.values() for generations in each}
    assert len(used) > 50, "too few generations to prove anything"
