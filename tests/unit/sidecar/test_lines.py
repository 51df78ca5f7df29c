"""Sets of lines as integers."""

from itertools import pairwise

from coverage.numbits import nums_to_numbits
from hypothesis import given
from hypothesis import strategies as st
from podcov_agent.sidecar import lines
from podcov_agent.sidecar.lines import Source
from support.spool import bits_of, lines_of

NUMBERS = st.sets(st.integers(0, 3000))


@given(NUMBERS)
def test_a_piece_of_the_map_becomes_its_lines(numbers: set[int]) -> None:
    piece = bytearray(3001)
    for number in numbers:
        piece[number] = 1
    assert lines_of(lines.from_bytes(bytes(piece))) == numbers


def test_a_byte_that_is_neither_0_nor_1_is_no_line() -> None:
    assert lines_of(lines.from_bytes(bytes([0, 1, 2, 255, 49, 1]))) == {1, 5}


@given(NUMBERS)
def test_numbits_are_those_of_coverage(numbers: set[int]) -> None:
    assert lines.numbits(bits_of(numbers)) == nums_to_numbits(numbers)


@given(NUMBERS)
def test_runs_cover_the_lines_and_nothing_beside_them(numbers: set[int]) -> None:
    runs = list(lines.runs(bits_of(numbers)))
    covered = [n for begin, end in runs for n in range(begin, end)]
    assert covered == sorted(numbers)
    assert all(a[1] < b[0] for a, b in pairwise(runs)), "runs touch"


@given(NUMBERS)
def test_count_is_the_number_of_lines(numbers: set[int]) -> None:
    assert lines.count(bits_of(numbers)) == len(numbers)


def test_uniting_adds_lines_and_sources_and_containers() -> None:
    a, b = Source("/a.py", "1"), Source("/b.py", "2")
    into = {"shop": {a: 0b01}}
    lines.unite(into, {"shop": {a: 0b10, b: 0b1}, "db": {b: 0b1}})
    assert into == {"shop": {a: 0b11, b: 0b1}, "db": {b: 0b1}}
