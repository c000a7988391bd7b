"""A buffer against its model: a list, oldest first, newest or oldest let go when full."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oxo_simulator.exchange.buffer import TicketBuffer
from oxo_tickets import Kind, Ticket

TICKET = Ticket(kind=Kind.CALL, local_time=datetime(2020, 2, 24, 14))  # noqa: DTZ001
PUT = "put"


@given(
    capacity=st.integers(1, 20),
    percent=st.integers(1, 100),
    steps=st.lists(st.one_of(st.just(PUT), st.integers(0, 60)), max_size=120),
)
def test_any_order_of_puts_and_removals_behaves_like_a_list(
    capacity: int, percent: int, steps: list[str | int]
) -> None:
    buffer, given_so_far, number = TicketBuffer(capacity, percent), 0, 0
    model: list[tuple[int, int]] = []
    for step in steps:
        above = len(model) * 100 >= capacity * percent
        if isinstance(step, int):
            gone = buffer.remove_through(step)
            assert [each.sequence for each in gone] == [s for s, _ in model if s <= step]
            model = [(s, i) for s, i in model if s > step]
        else:
            number += 1
            placed = buffer.put(number, TICKET)
            if len(model) < capacity:
                given_so_far += 1
                model.append((given_so_far, number))
                assert placed.sequence == given_so_far
                assert placed.alarm == (not above and len(model) * 100 >= capacity * percent)
            else:
                assert placed == (None, False, number)
        assert [(each.sequence, each.id) for each in buffer.oldest(100)] == model
        assert len(buffer) == len(model)


def test_looking_takes_nothing_away_and_shows_no_more_than_asked() -> None:
    buffer = TicketBuffer(10, 70)
    for number in (1, 2, 3):
        buffer.put(number, TICKET)
    assert [each.id for each in buffer.oldest(2)] == [1, 2]
    assert [each.id for each in buffer.oldest(2)] == [1, 2]
    assert buffer.oldest(0) == ()


@given(capacity=st.integers(0, 6), puts=st.integers(0, 30))
def test_the_oldest_may_be_let_go_instead_and_the_sequence_still_has_no_gap(
    capacity: int, puts: int
) -> None:
    buffer, gone = TicketBuffer(capacity, 100, "oldest"), []
    for number in range(1, puts + 1):
        placed = buffer.put(number, TICKET)
        assert placed.sequence == (number if capacity else None)
        gone += [] if placed.gone is None else [placed.gone]
    kept = list(range(max(0, puts - capacity) + 1, puts + 1)) if capacity else []
    assert [(each.sequence, each.id) for each in buffer.oldest(100)] == [(n, n) for n in kept]
    assert gone == [number for number in range(1, puts + 1) if number not in kept]
    assert [each.id for each in buffer.after(puts - 2, 100)] == [n for n in kept if n > puts - 2]


@pytest.mark.parametrize(("capacity", "percent"), [(0, 70), (0, 0), (3, 0)])
def test_without_capacity_or_threshold_there_is_no_alarm(capacity: int, percent: int) -> None:
    buffer = TicketBuffer(capacity, percent)
    assert [buffer.put(number, TICKET).alarm for number in range(1, 6)] == [False] * 5
    assert not buffer.alarm
    assert len(buffer) == capacity
