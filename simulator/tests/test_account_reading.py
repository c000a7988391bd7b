"""Which bytes of a file were read, against a set of them."""

from hypothesis import given
from hypothesis import strategies as st
from oxo_simulator.account.reading import PIECES_MAX, Reading

PIECES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=20)


def span_of(pieces: list[tuple[int, int]]) -> tuple[int, int]:
    """Return the same from a set of single bytes."""
    told = [(begin, count) for begin, count in pieces if count]
    if not told:
        return 0, 0
    read = {byte for begin, count in told for byte in range(begin, begin + count)}
    first = last = told[0][0]
    while first - 1 in read:
        first -= 1
    while last in read:
        last += 1
    return first, last - first


@given(PIECES)
def test_pieces_in_any_order_are_what_a_set_of_bytes_says(pieces: list[tuple[int, int]]) -> None:
    reading = Reading()
    for begin, count in pieces:
        reading.add(begin, count)
    assert reading.span == span_of(pieces)


def test_a_file_read_in_order_is_one_piece() -> None:
    reading = Reading()
    for begin in range(0, 3_200_000, 32_000):
        reading.add(begin, 32_000)
    assert reading.span == (0, 3_200_000)
    assert len(reading._begins) == 1


def test_who_makes_too_many_pieces_has_read_nothing_more() -> None:
    reading = Reading()
    for begin in range(0, 4 * PIECES_MAX, 2):
        reading.add(begin, 1)
    assert len(reading._begins) == PIECES_MAX
    assert reading.span == (0, 1)
    reading.add(1, 1)
    assert reading.span == (0, 3)
