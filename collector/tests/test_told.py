"""How a room stands where the clocks of the exchange and of this machine differ."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from oxo_collector.decoders.taxation_soap import TicketsAnswer
from oxo_collector.intake import Intake
from oxo_collector.receipt import Source, Wire, WireEvent
from oxo_collector.store import Reading, open_for_writing
from oxo_collector.told import rooms, rooms_of_the_link, told_of
from oxo_tickets import Kind, RoomStatus, Ticket

LINK = Source("site", Wire.OHL)


class Store(Intake):
    """A store whose clock goes on by a minute with each keeping."""

    number = 0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    hours = (datetime(2026, 11, 23, 10, tzinfo=UTC) + timedelta(minutes=n) for n in range(99))
    with closing(open_for_writing(tmp_path / "t.db")) as connection:
        yield Store(connection, lambda: next(hours))


def by_ticket(store: Store, status: RoomStatus, year: int) -> None:
    ticket = Ticket(
        kind=Kind.ROOM_STATUS,
        local_time=datetime(year, 11, 23, 11),  # noqa: DTZ001 - a wall clock
        charged_user="117",
        room_status=status,
    )
    store.number += 1
    number = store.number
    store.keep_batch("site", "E1", TicketsAnswer(number, number, 0, (ticket,)), b"x")


def by_link(store: Store, status: RoomStatus) -> None:
    store.number += 1
    event = WireEvent("room status", {"room": "117", "room_status": str(status)}, b"C")
    store.keep_stream(LINK, "ohl:1", store.number, [event], b"C")


def standing(store: Store) -> list[RoomStatus | None]:
    with Reading(store.store) as reading:
        link = rooms_of_the_link(reading.events(), {"site": "Europe/Paris"})
        told = [*told_of(Kind.ROOM_STATUS, reading), *link]
    return [one.ticket.room_status for one in rooms(told)]


@pytest.mark.parametrize("year", [1970, 2026, 2099])
def test_what_came_last_counts_between_a_ticket_and_the_hotel_link(store: Store, year: int) -> None:
    """The link tells no instant: its receipt is by our clock, a stamp by the exchange's."""
    by_link(store, RoomStatus.CLEANED)
    by_ticket(store, RoomStatus.NOT_CLEANED, year)
    assert standing(store) == [RoomStatus.NOT_CLEANED]
    by_link(store, RoomStatus.CLEANED)
    assert standing(store) == [RoomStatus.CLEANED]
