"""Turns, intervals and sessions: every line in exactly the generations it ran in."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from podcov_agent import record
from podcov_agent.contract import DEFAULT_SESSION, RECORD_BRANCHES
from podcov_agent.sidecar.errors import BadValueError, SessionForgottenError, SpoolFullError
from podcov_agent.sidecar.generations import Generations
from podcov_agent.sidecar.ledger import Branches, Ledger
from podcov_agent.sidecar.lines import Source
from podcov_agent.sidecar.reader import Spool
from podcov_agent.sidecar.retention import Limits
from support.spool import BLOB, Writer, lines_of

APP = Source("/app/a.py", BLOB)


def ledger(spool: Path, limits: Limits | None = None) -> Ledger:
    return Ledger(Spool(str(spool)), Generations(str(spool / ".podcov"), limits or Limits()))


def lines(of: Ledger, start: int, end: int | None = None) -> set[int]:
    return lines_of(of.snapshot(start, end).containers["shop"][APP][0])


def test_a_line_is_in_the_generation_it_ran_in(tmp_path: Path) -> None:
    kept, writer = ledger(tmp_path), Writer(tmp_path / "shop")
    for number in range(4):
        writer.run("/app/a.py", 10 + number, 50)
        assert kept.turn() == number + 1
    writer.run("/app/a.py", 20)
    assert [lines(kept, n, n + 1) for n in range(4)] == [{10 + n, 50} for n in range(4)]
    assert lines(kept, 4) == {20}
    assert lines(kept, 2) == {12, 13, 20, 50}


def test_a_turn_that_could_not_be_finished_hides_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lines are cleared, and their file has no name yet."""
    kept, writer = ledger(tmp_path), Writer(tmp_path / "shop")
    writer.run("/app/a.py", 1)
    with monkeypatch.context() as full:
        full.setattr(os, "replace", fail_to_name(os.replace))
        with pytest.raises(SpoolFullError):
            kept.turn()
        with pytest.raises(SpoolFullError):
            kept.snapshot(0)
    assert lines(kept, 0) == {1}
    assert kept.turn() == 2
    assert [lines(kept, n, n + 1) for n in range(2)] == [{1}, set()]


def fail_to_name(replace: Callable[[str, str], None]) -> Callable[[str, str], None]:
    """No room for the name of a generation's file."""

    def fail(old: str, new: str) -> None:
        if not new.endswith("gen.pending"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(old, new)

    return fail


def test_what_ran_first_is_startup_once_there_was_a_turn(tmp_path: Path) -> None:
    kept, writer = ledger(tmp_path), Writer(tmp_path / "shop")
    writer.run("/app/a.py", 1)
    assert kept.snapshot(0).containers["shop"][APP] == (0b10, 0)
    kept.turn()
    writer.run("/app/a.py", 2)
    assert kept.snapshot(1).containers["shop"][APP] == (0b100, 0b10)


def test_sources_without_a_line_are_listed(tmp_path: Path) -> None:
    kept = ledger(tmp_path)
    Writer(tmp_path / "shop").register("/app/a.py")
    kept.turn()
    assert kept.snapshot(1).containers == {"shop": {APP: (0, 0)}}


def test_lines_outlive_the_folder_they_were_marked_in(tmp_path: Path) -> None:
    """A generation keeps what it has when a container's folder is emptied and the sidecar ends."""
    Writer(tmp_path / "shop").run("/app/a.py", 1)
    ledger(tmp_path).turn()
    for file in (tmp_path / "shop").iterdir():
        file.unlink()
    assert lines(ledger(tmp_path), 0) == {1}


def test_a_chunk_that_is_truncated_after_a_turn_books_nothing_twice(tmp_path: Path) -> None:
    """What was seen in it last is in the generation before."""
    kept, writer = ledger(tmp_path), Writer(tmp_path / "shop")
    writer.run("/app/a.py", 1)
    kept.turn()
    os.truncate(tmp_path / "shop" / "chunk.0", 0)
    assert (lines(kept, 0), lines(kept, 1)) == ({1}, set())
    kept.turn()
    assert lines(kept, 1) == set()


def test_each_session_has_its_own_start(tmp_path: Path) -> None:
    kept, writer = ledger(tmp_path), Writer(tmp_path / "shop")
    writer.run("/app/a.py", 1)
    kept.turn("anna")
    writer.run("/app/a.py", 2)
    kept.turn(DEFAULT_SESSION)
    writer.run("/app/a.py", 3)
    starts = {name: kept.session_start(name) for name in ("anna", DEFAULT_SESSION, "never")}
    assert starts == {"anna": 1, DEFAULT_SESSION: 2, "never": 0}
    assert {name: lines(kept, start) for name, start in starts.items()} == {
        "anna": {2, 3},
        DEFAULT_SESSION: {3},
        "never": {1, 2, 3},
    }


def test_a_forgotten_session_is_never_answered_with_too_much(tmp_path: Path) -> None:
    kept = ledger(tmp_path, Limits(sessions=1))
    kept.turn("anna")
    kept.turn("bert")
    with pytest.raises(SessionForgottenError, match=r"^session 'anna' is not among"):
        kept.session_start("anna")


def test_the_default_session_is_never_forgotten(tmp_path: Path) -> None:
    """Both existing clients ask for it, and `podcov collect`: without its start, for too much."""
    kept = ledger(tmp_path, Limits(sessions=1))
    for name in (DEFAULT_SESSION, "anna", "bert"):
        kept.turn(name)
    again = ledger(tmp_path)
    assert again.session_start(DEFAULT_SESSION) == 1
    assert again.health().sessions == {DEFAULT_SESSION: 1, "bert": 3}


@pytest.mark.parametrize(("start", "end"), [(2, None), (0, 2), (1, 0), (-1, None)])
def test_an_interval_that_is_none_is_refused(tmp_path: Path, start: int, end: int | None) -> None:
    kept = ledger(tmp_path)
    kept.turn()
    with pytest.raises(BadValueError, match=r"is no interval of the generations 0 to 1$"):
        kept.snapshot(start, end)


def test_health_counts_what_ran_since_the_first_process(tmp_path: Path) -> None:
    kept, writer = ledger(tmp_path), Writer(tmp_path / "shop")
    writer.interpreter("3.11.7")
    writer.run("/app/a.py", 1, 2)
    kept.turn("anna")
    writer.run("/app/a.py", 2, 3)
    writer.note("no-source", "x")
    health = kept.health()
    assert (health.generation, health.sessions) == (1, {DEFAULT_SESSION: 0, "anna": 1})
    shop = health.containers["shop"]
    assert (shop.sources, shop.lines, [n["slug"] for n in shop.notes]) == (1, 3, ["no-source"])
    assert [i["python"] for i in shop.interpreters] == ["3.11.7"]


def test_exits_are_kept_like_lines_and_told_apart_from_them(tmp_path: Path) -> None:
    """Through turns and merges; in health they are no lines."""
    kept, writer = ledger(tmp_path), Writer(tmp_path / "shop")
    writer.append(record.encode(RECORD_BRANCHES, BLOB, "100:5-,7+", "/app/a.py"))
    writer.run("/app/a.py", 5, 100, slots=102)
    kept.turn()
    writer.run("/app/a.py", 7, 101, slots=102)
    for again in (kept, ledger(tmp_path)):
        seen = again.snapshot(1)
        assert seen.containers["shop"][APP] == (1 << 7, 1 << 5)
        assert seen.branches["shop"][APP] == Branches("5-,7+", 0b10, 0b01)
        assert again.snapshot(0).branches["shop"][APP].taken == 0b11
        assert again.health().containers["shop"].lines == 2


HUGE = "9" * 12 + ":5-"
LONGER_THAN_PYTHON_READS = "9" * 5000 + ":5-"


@pytest.mark.parametrize("text", ["", "x", "x:5-", "-1:5-", "²:5-", HUGE, LONGER_THAN_PYTHON_READS])
def test_a_meaning_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    """A container may write anything into its log."""
    writer = Writer(tmp_path / "shop")
    writer.append(record.encode(RECORD_BRANCHES, BLOB, text, "/app/a.py"))
    writer.run("/app/a.py", 5)
    seen = ledger(tmp_path).snapshot(0)
    assert (seen.containers["shop"][APP], seen.branches["shop"]) == ((1 << 5, 0), {})
