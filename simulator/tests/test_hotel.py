"""Hotel mode on paper: guests, deposits, room status, and what is printed for whom."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.placed import OrderError, Placed
from oxo_simulator.exchange.rooms import Stay
from oxo_simulator.profile import load_profile
from oxo_simulator.taxation import outlet_terms
from oxo_tickets import Kind, RoomStatus, Ticket

if TYPE_CHECKING:
    from oxo_simulator.exchange.notices import Notice


class Desk:
    """An exchange in hotel mode, with clock, ledger and notices on paper."""

    def __init__(self, mode: str = "hotel", **overrides: Any) -> None:
        dotted = {key.replace("__", "."): value for key, value in overrides.items()}
        profile = load_profile("certify", {"mode": mode, **dotted})
        self.clock = VirtualClock()
        self.wall = WallClock(self.clock, profile.start, ZoneInfo(profile.zone))
        self.lines: list[tuple[str, dict[str, Any]]] = []
        self.exchange = Exchange(
            profile=profile,
            seed=1,
            epoch="e",
            clock=self.wall,
            record=lambda event, detail: self.lines.append((event, detail)),
            outlets=[outlet_terms(profile)],
        )
        self.hotel = self.exchange.hotel
        self.told: list[Notice] = []
        self.hotel._notify = self.told.append

    def go(self, placed: Placed) -> list[Ticket]:
        before = len(self.tickets())
        self.clock.advance(placed.seconds)
        return self.tickets()[before:]

    def tickets(self) -> list[Ticket]:
        return [detail["ticket"] for event, detail in self.lines if event == "made"]

    def happened(self) -> list[str]:
        return [detail["what"] for event, detail in self.lines if event == "room"]


def test_housekeeping_tells_a_rooms_status_and_a_ticket_says_it() -> None:
    desk = Desk()
    desk.hotel.check_in(["106"], Stay(guest_name="Guest of many names"))
    (ticket,) = desk.go(desk.hotel.tell_status("106", RoomStatus.NOT_CLEANED, 42, "room"))
    assert (ticket.kind, ticket.charged_user) == (Kind.ROOM_STATUS, "106")
    assert (ticket.room_status, ticket.room_problem) == (RoomStatus.NOT_CLEANED, 42)
    assert ticket.subscriber_name == "Guest of many na"
    assert [detail["source"] for event, detail in desk.lines if event == "made"] == ["room status"]
    assert desk.exchange.rooms["106"].problem == 42
    desk.go(desk.hotel.tell_status("106", RoomStatus.CLEANED))
    assert desk.exchange.rooms["106"].problem == 42
    (ticket,) = desk.go(desk.hotel.tell_status("106", RoomStatus.CLEANED, 0))
    assert ticket.room_problem == 0
    assert desk.exchange.rooms["106"].problem is None


def test_a_room_status_is_ticketed_only_where_the_profile_says_so() -> None:
    desk = Desk(hotel__print_room_status=False)
    assert desk.go(desk.hotel.tell_status("106", RoomStatus.CLEANED)) == []
    assert desk.exchange.rooms["106"].room_status is RoomStatus.CLEANED
    assert [notice.kind for notice in desk.told] == ["room status"]


def test_business_mode_has_no_rooms_to_order() -> None:
    desk = Desk("business")
    with pytest.raises(OrderError, match=r'business mode; rooms are ordered with mode = "hotel"'):
        desk.hotel.check_in(["106"], Stay(guest_name="G"))
    assert desk.lines == []
    assert desk.hotel.allowance("106") is None


def test_a_guest_comes_and_goes() -> None:
    desk = Desk()
    desk.hotel.check_in(["106"], Stay(guest_name="Garcia", deposit=Decimal(50), wake_up="07:00"))
    room = desk.exchange.rooms["106"]
    assert (room.occupied, room.guest_name, room.balance) == (True, "Garcia", Decimal(50))
    assert f"{room.reminder_time:%H:%M}" == "07:00"
    desk.go(desk.hotel.check_out(["106"]))
    assert [str(ticket.reminder_state) for ticket in desk.tickets()] == [
        "activation",
        "cancellation",
    ]
    left = desk.exchange.rooms["106"]
    assert (left.occupied, left.guest_name, left.deposit) == (False, None, None)
    assert left.room_status is RoomStatus.NOT_CLEANED
    assert desk.happened() == ["checked in", "checked out"]
    assert [notice.kind for notice in desk.told] == [
        "check-in",
        "guest information",
        "check-out",
        "guest bill",
    ]
