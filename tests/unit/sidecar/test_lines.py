"""Sets of lines as integers."""

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
def test_lines_become_the_piece_that_has_them(numbers: set[int]) -> None:
    piece = lines.to_bytes(bits_of(numbers))
    assert {n for n, byte in enumerate(piece) if byte == 1} == numbers
    assert set(piece) <= {0, 1}


@given(NUMBERS)
def test_count_is_the_number_of_lines(numbers: set[int]) -> None:
    assert lines.count(bits_of(numbers)) == len(numbers)


def test_uniting_adds_lines_and_sources_and_containers() -> None:
    a, b = Source("/a.py", "1"), Source("/b.py", "2")
    into = {"shop": {a: 0b01}}
    lines.unite(into, {"shop": {a: 0b10, b: 0b1}, "db": {a: 0, b: 0b1}})
    assert into == {"shop": {a: 0b11, b: 0b1}, "db": {b: 0b1}}
