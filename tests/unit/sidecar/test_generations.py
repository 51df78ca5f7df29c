"""The files of the ended generations: numbering, intervals, sessions, merging, full volumes."""

import os
import zlib
from pathlib import Path

import pytest
from podcov_agent.sidecar.errors import (
    GenerationMergedError,
    SpoolFullError,
    SpoolWriteFailedError,
)
from podcov_agent.sidecar.generations import Generations
from podcov_agent.sidecar.lines import Marks, Source
from podcov_agent.sidecar.retention import Ended, Limits, Sessions, plan_merge
from support.spool import bits_of, lines_of

APP = Source("/app/a.py", "a" * 40)


def marks(*lines: int) -> Marks:
    return {"shop": {APP: bits_of(lines)}}


def ignore(cleared: Marks) -> None:
    """For tests in which nothing lives that could be cleared."""


def lines_in(found: Marks) -> set[int]:
    return lines_of(found.get("shop", {}).get(APP, 0))


def turned(folder: Path, count: int, limits: Limits) -> Generations:
    """Generations of which number n ran exactly line n."""
    generations = Generations(str(folder), limits)
    for number in range(count):
        generations.turn(marks(number), None, ignore)
    return generations


def test_every_turn_ends_one_generation(tmp_path: Path) -> None:
    generations = Generations(str(tmp_path))
    assert generations.current == 0
    generations.turn(marks(1), None, ignore)
    assert generations.current == 1
    assert lines_in(generations.startup()) == {1}


def test_an_interval_is_the_union_of_its_generations(tmp_path: Path) -> None:
    """In whatever order intervals are asked for, and asking twice gives the same answer."""
    generations = turned(tmp_path, 6, Limits())
    intervals = [(a, b) for a in range(7) for b in range(a, 7)]
    for start, end in [*intervals, *reversed(intervals)]:
        assert lines_in(generations.union(start, end)) == set(range(start, end))


def test_a_restart_finds_everything_again(tmp_path: Path) -> None:
    generations = turned(tmp_path, 3, Limits())
    generations.turn(marks(3), "mine", ignore)
    again = Generations(str(tmp_path))
    assert (again.current, again.sessions) == (4, generations.sessions)
    assert again.sessions.as_dict() == {"mine": 4}
    assert lines_in(again.union(1)) == {1, 2, 3}


def test_paths_and_names_of_any_kind_survive(tmp_path: Path) -> None:
    odd = Source("/app/\udcff 'ü\n\\.py", "b" * 40)
    Generations(str(tmp_path)).turn({"shop": {odd: 2}}, "ünï 'x'", ignore)
    again = Generations(str(tmp_path))
    assert again.union(0) == {"shop": {odd: 2}}
    assert again.sessions.as_dict() == {"ünï 'x'": 1}


class DeathError(Exception):
    """The sidecar ends here."""


def test_a_turn_that_died_while_clearing_is_finished_by_the_next_sidecar(tmp_path: Path) -> None:
    """The marks were written down before, so they are cleared again and nothing is lost."""

    def die(cleared: Marks) -> None:
        raise DeathError

    with pytest.raises(DeathError):
        Generations(str(tmp_path)).turn(marks(7), "mine", die)
    cleared: list[Marks] = []
    again = Generations(str(tmp_path))
    assert again.current == 0
    again.recover(cleared.append)
    again.recover(cleared.append)
    assert cleared == [marks(7)]
    assert (again.current, lines_in(again.union(0)), again.sessions.starts) == (
        1,
        {7},
        (("mine", 1),),
    )


def test_old_boundaries_are_merged_and_the_lines_stay(tmp_path: Path) -> None:
    generations = turned(tmp_path, 40, Limits(boundaries=8, batch=4))
    assert len(list(tmp_path.iterdir())) <= 8 + 4 + 2
    assert lines_in(generations.union(0)) == set(range(40))
    assert lines_in(generations.union(33, 36)) == {33, 34, 35}
    with pytest.raises(GenerationMergedError, match=r"^generation 5 was merged"):
        generations.union(5)
    again = Generations(str(tmp_path))
    assert (again.current, lines_in(again.union(0))) == (40, set(range(40)))


def test_an_interval_that_was_asked_for_before_a_merge_keeps_growing(tmp_path: Path) -> None:
    """What was united then ends within generations that are one file now."""
    generations = turned(tmp_path, 4, Limits(boundaries=4, batch=2))
    assert lines_in(generations.union(0)) == set(range(4))
    for number in range(4, 20):
        generations.turn(marks(number), None, ignore)
    assert lines_in(generations.union(0)) == set(range(20))


def test_startup_is_never_merged(tmp_path: Path) -> None:
    turned(tmp_path, 40, Limits(boundaries=2, batch=1))
    again = Generations(str(tmp_path))
    assert lines_in(again.startup()) == {0}
    assert lines_in(again.union(1)) == set(range(1, 40))


def test_the_start_of_a_session_is_never_merged_away(tmp_path: Path) -> None:
    limits = Limits(boundaries=2, batch=1)
    generations = turned(tmp_path, 10, limits)
    generations.turn(marks(10), "mine", ignore)
    for number in range(11, 40):
        generations.turn(marks(number), None, ignore)
    assert lines_in(generations.union(11)) == set(range(11, 40))


def test_large_generations_are_merged_early() -> None:
    ended = [Ended(n, n, 100) for n in range(10)]
    plan = plan_merge(ended, {3}, Limits(boundaries=100, batch=50, size=500))
    assert plan == [ended[1:3], ended[3:5]]


def test_a_merge_that_was_interrupted_is_completed(tmp_path: Path) -> None:
    """The whole was written, its parts were not yet removed."""
    turned(tmp_path, 12, Limits(boundaries=100))
    parts = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    generations = Generations(str(tmp_path), Limits(boundaries=4, batch=1))
    generations.turn(marks(12), None, ignore)
    for name, content in parts.items():
        (tmp_path / name).write_bytes(content)
    again = Generations(str(tmp_path))
    assert (again.current, lines_in(again.union(0))) == (13, set(range(13)))
    assert "gen.4-4" not in os.listdir(tmp_path)


def test_a_file_that_was_not_written_to_its_end_is_removed(tmp_path: Path) -> None:
    """By a merge that died; nobody would write under its name again."""
    turned(tmp_path, 3, Limits())
    before = sorted(os.listdir(tmp_path))
    (tmp_path / "gen.1-2.tmp").write_bytes(b"torn")
    assert lines_in(Generations(str(tmp_path)).union(0)) == {0, 1, 2}
    assert sorted(os.listdir(tmp_path)) == before


def test_the_sessions_used_last_are_kept(tmp_path: Path) -> None:
    generations = Generations(str(tmp_path), Limits(sessions=2))
    for name in ("a", "b", "a", "c"):
        generations.turn({}, name, ignore)
    assert generations.sessions.as_dict() == {"a": 3, "c": 4}
    assert Generations(str(tmp_path)).sessions.forgotten


def test_a_full_volume_fails_the_turn_and_clears_nothing(tmp_path: Path) -> None:
    generations = Generations(str(tmp_path))
    generations.turn(marks(1), "mine", ignore)
    cleared: list[Marks] = []
    (tmp_path / "gen.pending.tmp").symlink_to("/dev/full")  # ENOSPC from the kernel itself
    with pytest.raises(SpoolFullError) as caught:
        generations.turn(marks(2), "mine", cleared.append)
    assert str(caught.value) == "writing down generation 1 failed: No space left on device"
    assert (cleared, generations.current) == ([], 1)
    assert sorted(os.listdir(tmp_path)) == ["gen.0-0"]
    generations.turn(marks(2, 3), None, cleared.append)
    assert lines_in(generations.union(1)) == {2, 3}


def test_a_folder_that_cannot_be_made_fails_the_turn_and_clears_nothing(tmp_path: Path) -> None:
    generations = Generations(str(tmp_path / "spool" / ".podcov"))
    (tmp_path / "spool").write_text("no folder")
    with pytest.raises(SpoolWriteFailedError, match="Not a directory"):
        generations.turn(marks(1), None, pytest.fail)


DAMAGES = {
    "empty": b"",
    "torn": None,
    "no JSON": zlib.compress(b"{"),
    "deep": zlib.compress(b"[" * 100_000),
    "another shape": zlib.compress(b'{"first": 0, "marks": []}'),
    "no text": zlib.compress(b"\xff\xfe"),
}


def damage(file: Path, how: str) -> None:
    content = DAMAGES[how]
    file.write_bytes(file.read_bytes()[:20] if content is None else content)


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_file_costs_what_was_in_it_and_nothing_else(tmp_path: Path, how: str) -> None:
    """It is named; every other line, boundary and number stays, and turns go on."""
    turned(tmp_path, 5, Limits())
    damage(tmp_path / "gen.2-2", how)
    again = Generations(str(tmp_path))
    assert again.current == 5
    assert [lines_in(again.union(n, n + 1)) for n in range(5)] == [{0}, {1}, set(), {3}, {4}]
    assert list(again.damaged) == ["gen.2-2"]
    again.turn(marks(5), "mine", ignore)
    assert lines_in(again.union(0)) == {0, 1, 3, 4, 5}


def test_a_file_that_is_missing_or_no_file_is_named_too(tmp_path: Path) -> None:
    turned(tmp_path, 6, Limits())
    (tmp_path / "gen.0-0").unlink()
    (tmp_path / "gen.3-3").unlink()
    (tmp_path / "gen.3-3").mkdir()
    (tmp_path / "gen.4-4").unlink()
    again = Generations(str(tmp_path))
    assert again.startup() == {}
    assert lines_in(again.union(0)) == {1, 2, 5}
    assert again.damaged == {
        "gen.0-0": "missing",
        "gen.3-3": f"[Errno 21] Is a directory: '{tmp_path / 'gen.3-3'}'",
        "gen.4-4": "missing",
    }


def test_sessions_are_those_of_the_newest_file_that_can_be_read(tmp_path: Path) -> None:
    """A name that is not known then may have been in the other: it is no new one."""
    generations = Generations(str(tmp_path))
    generations.turn(marks(0), "anna", ignore)
    generations.turn(marks(1), "bert", ignore)
    damage(tmp_path / "gen.1-1", "torn")
    again = Generations(str(tmp_path))
    assert (again.sessions.as_dict(), again.sessions.forgotten) == ({"anna": 1}, True)
    damage(tmp_path / "gen.0-0", "torn")
    assert Generations(str(tmp_path)).sessions == Sessions(forgotten=True)


def test_a_damaged_turn_that_was_not_finished_is_put_aside(tmp_path: Path) -> None:
    """What it would have cleared lives on in the map; the next turn is a turn as any other."""
    turned(tmp_path, 2, Limits())
    (tmp_path / "gen.pending").write_bytes(b"torn")
    again = Generations(str(tmp_path))
    again.recover(pytest.fail)
    again.turn(marks(2), None, ignore)
    assert lines_in(again.union(0)) == {0, 1, 2}
    assert "damaged.2" in again.damaged
    assert Generations(str(tmp_path)).damaged == {"damaged.2": "put aside"}


def test_a_damaged_file_is_named_after_every_merge_and_restart(tmp_path: Path) -> None:
    """Its neighbours are merged on both sides of it."""
    turned(tmp_path, 8, Limits())
    damage(tmp_path / "gen.4-4", "empty")
    for number in range(8, 40):
        Generations(str(tmp_path), Limits(boundaries=4, batch=1)).turn(marks(number), None, ignore)
    again = Generations(str(tmp_path))
    assert len(list(tmp_path.iterdir())) < 12
    assert lines_in(again.union(0)) == set(range(40)) - {4}
    assert list(again.damaged) == ["gen.4-4"]
