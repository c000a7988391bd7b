"""What the taxation wire tells of its living session, and the buffer of its tickets, on paper."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from oxo_simulator.exchange.buffer import TicketBuffer
from oxo_tickets import Kind, Ticket


def silent(wire: Any) -> float | None:
    living = wire.taxation.living
    return None if living is None else living.idle_seconds


def test_how_long_a_session_is_silent(make_wire: Callable[..., Any]) -> None:
    wire = make_wire(idle_seconds=60)
    assert silent(wire) is None
    wire.login()
    assert wire.taxation.living.session.name == "s1"
    wire.clock.advance(7)
    assert silent(wire) == 7
    wire.get()
    assert silent(wire) == 0
    wire.clock.advance(59)
    assert silent(wire) == 59
    wire.clock.advance(1)
    assert silent(wire) is None


@pytest.mark.parametrize(
    ("after", "count", "expected"),
    [
        (0, 9, [3, 4, 5]),
        (2, 9, [3, 4, 5]),
        (3, 9, [4, 5]),
        (3, 1, [4]),
        (4, 9, [5]),
        (5, 9, []),
        (99, 9, []),
        (0, 0, []),
        (0, -1, []),
    ],
)
def test_a_page_of_the_buffer(after: int, count: int, expected: list[int]) -> None:
    buffer = TicketBuffer(10, 70)
    ticket = Ticket(kind=Kind.CALL, local_time=datetime(2020, 2, 24, 14))  # noqa: DTZ001
    assert buffer.after(after, count) == ()
    for number in range(5):
        buffer.put(number, ticket)
    buffer.remove_through(2)
    assert [one.sequence for one in buffer.after(after, count)] == expected
