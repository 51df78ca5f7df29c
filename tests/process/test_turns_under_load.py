"""Turns and reads while processes mark bytes: every line in exactly the generations it ran in.

The ledger and its folder alone, so that there are hundreds of turns a second; test_nothing_lost has
real processes, a real sidecar, and their deaths.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from podcov_agent.contract import MAP_PYTHON
from podcov_agent.sidecar import chunk
from podcov_agent.sidecar.generations import Generations
from podcov_agent.sidecar.ledger import Ledger
from podcov_agent.sidecar.lines import Source
from podcov_agent.sidecar.reader import Spool
from podcov_agent.sidecar.retention import Limits
from support import load
from support.maps import MAPS
from support.spool import BLOB, Writer, lines_of

APP = Source(load.PATH, BLOB)


def ledger(spool: Path) -> Ledger:
    generations = Generations(str(spool / ".podcov"), Limits(boundaries=1 << 20))
    return Ledger(Spool(str(spool)), generations)


def lines(of: Ledger, start: int, end: int | None = None) -> set[int]:
    return lines_of(of.snapshot(start, end).containers["shop"][APP][0])


def assert_each_line_in_one_generation(kept: Ledger) -> None:
    last = kept.turn()
    found = [lines(kept, n, n + 1) for n in range(last)]
    expected = set(range(1, load.WRITERS * load.ONCE + 1))
    missing = expected - set().union(*found)
    assert not missing, f"{len(missing)} lines lost in {last} generations, of {len(expected)}"
    assert sum(map(len, found)) == len(expected), "a line that ran once is in two generations"


@pytest.mark.parametrize("which", MAPS)
def test_turns_under_load_lose_nothing_and_book_nothing_twice(
    which: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three processes run thousands of lines once each, while generations turn.

    The sidecar clears by the map in C, or without it.
    """
    if which == MAP_PYTHON:
        monkeypatch.setattr(chunk, "_native", lambda: None)
    kept, turns = ledger(tmp_path), 0
    with load.once_only_writers(tmp_path / "shop", 2.0) as writers:
        while load.running(writers):
            turns = kept.turn()
    assert turns > 40, "too few turns to prove anything"
    assert_each_line_in_one_generation(kept)


def test_a_line_run_before_the_request_is_in_the_answer(tmp_path: Path) -> None:
    """Reads between turns, while others write: what this process ran last is always there."""
    kept, rounds, line = ledger(tmp_path), 0, load.SPARE_LINE
    with load.once_only_writers(tmp_path / "shop", 1.0) as writers:
        where, base = Writer(tmp_path / "shop").register(load.PATH, slots=load.SLOTS)
        while load.running(writers):
            where[base + line] = 1
            current = kept.snapshot(0).generation
            assert line in lines(kept, current)
            kept.turn()
            assert line in lines(kept, current, current + 1)
            assert line not in lines(kept, current + 1)
            rounds += 1
    assert rounds > 20, "too few rounds to prove anything"
