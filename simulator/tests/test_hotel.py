"""Hotel mode on paper: guests, deposits, room status, and what is printed for whom."""

import contextlib
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.exchange import reminders
from oxo_simulator.exchange.appointment_orders import Appointment
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.life import ResetKind
from oxo_simulator.exchange.notices import Notice
from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.outlet import OutletTerms
from oxo_simulator.exchange.placed import OrderError, Placed
from oxo_simulator.exchange.rooms import Stay
from oxo_simulator.profile import choices, load_profile
from oxo_simulator.taxation import outlet_terms
from oxo_tickets import Kind, RoomStatus, Ticket


class Desk:
    """An exchange in hotel mode, with clock, ledger and notices on paper."""

    def __init__(self, mode: str = "hotel", **overrides: Any) -> None:
        dotted = {key.replace("__", "."): value for key, value in overrides.items()}
        profile = load_profile("certify", {"mode": mode, **dotted})
        self.clock = VirtualClock()
        self.wall = WallClock(self.clock, profile.start, ZoneInfo(profile.zone))
        self.lines: list[tuple[str, dict[str, Any]]] = []
        self.written: list[tuple[Ticket, datetime]] = []
        self.told: list[Notice] = []

        def hears(notice: Notice) -> bool:
            self.told.append(notice)
            return False

        paper = OutletTerms(wire="paper", capacity=9, alarm_percent=0, notices=hears)
        self.exchange = Exchange(
            profile=profile,
            seed=1,
            epoch="e",
            clock=self.wall,
            record=self._record,
            outlets=[outlet_terms(profile), paper],
        )
        self.hotel = self.exchange.hotel

    def _record(self, event: str, detail: dict[str, Any]) -> None:
        if detail.get("wire") == "paper":
            return
        self.lines.append((event, detail))
        if event == "made":
            self.written.append((detail["ticket"], self.wall.now().local))

    def go(self, placed: Placed) -> list[Ticket]:
        before = len(self.tickets())
        self.clock.advance(placed.seconds)
        return self.tickets()[before:]

    def tickets(self) -> list[Ticket]:
        return [detail["ticket"] for event, detail in self.lines if event == "made"]

    def call(self, user: str = "106", **order: Any) -> list[Ticket]:
        wanted: dict[str, Any] = {"direction": "outgoing", "number": "0390670000", **order}
        return self.go(self.exchange.place([CallOrder(user=user, **wanted)]))

    def document(self, kind: str) -> dict[str, str]:
        (found,) = [notice for notice in self.told if notice.kind == kind]
        return dict(found.items)

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
    assert len(desk.tickets()) == 2, "that the room is to be cleaned is not ticketed"
    assert [notice.kind for notice in desk.told] == [
        "check-in",
        "reminder",
        "guest information",
        "reminder",
        "check-out",
        "guest bill",
    ]


def test_a_check_in_tells_the_wires_all_of_it_and_prints_what_a_guest_may_see() -> None:
    desk = Desk()
    stay = Stay(
        guest_name="García",
        language="3",
        direct_number="8540",
        password="4711",
        barring="2",
        do_not_disturb=True,
        deposit=Decimal("50.5"),
        wake_up="07:00",
    )
    desk.hotel.check_in(["106"], stay)
    assert desk.document("check-in") == {
        "room": "106",
        "by": "operator",
        "guest_name": "García",
        "language": "3",
        "direct_number": "8540",
        "password": "4711",
        "barring": "2",
        "do_not_disturb": "yes",
        "deposit": "50.50",
        "reminder_time": "07:00",
    }
    assert desk.document("guest information") == {
        "room": "106",
        "guest_name": "García",
        "from": "2020-02-24T14:00:00",
        "language": "3",
        "direct_number": "8540",
        "barring": "2",
        "do_not_disturb": "yes",
        "reminder_time": "07:00",
        "calls": "0",
        "units": "0",
        "cost": "0.00",
        "currency": "EUR",
        "vat_rate": "20.00",
        "vat": "0.00",
        "deposit": "50.50",
        "balance": "50.50",
        "footnote": "THANKS FOR COMING",
    }
    assert "4711" not in repr(desk.told) + repr(stay) + repr(desk.exchange.rooms)
    assert "4711" not in repr(desk.lines)


def test_a_bill_says_what_the_tickets_cost() -> None:
    desk = Desk()
    desk.hotel.check_in(["106"], Stay(guest_name="Garcia"))
    desk.call(units=2, call_seconds=60)
    desk.call(units=1, call_seconds=10)
    desk.call(direction="incoming", call_seconds=10)
    desk.call(user="107", units=9)
    desk.hotel.check_out(["106"])
    assert desk.document("guest bill") == {
        "room": "106",
        "guest_name": "Garcia",
        "from": "2020-02-24T14:00:00",
        "to": f"{desk.wall.now().local:%Y-%m-%dT%H:%M:%S}",
        "calls": "2",
        "units": "3",
        "cost": "5.10",
        "currency": "EUR",
        "vat_rate": "20.00",
        "vat": "0.85",
        "footnote": "THANKS FOR COMING",
    }


def test_a_booths_call_has_its_bill_at_once() -> None:
    desk = Desk()
    desk.call(user="120", units=3, call_seconds=3_725)
    desk.call(user="120", call_seconds=0)
    assert desk.document("booth bill") == {
        "room": "120",
        "number": "0390670000",
        "from": "2020-02-24T14:00:00",
        "to": "2020-02-24T15:02:05",
        "duration": "01:02:05",
        "calls": "1",
        "units": "3",
        "cost": "5.10",
        "currency": "EUR",
        "vat_rate": "20.00",
        "vat": "0.85",
        "footnote": "THANKS FOR COMING",
    }
    assert [detail for event, detail in desk.lines if event == "document"] == [
        {"kind": "booth bill", "room": "120"}
    ]


def test_business_mode_prints_no_booth_bill() -> None:
    desk = Desk("business")
    desk.call(user="120", units=3)
    assert desk.told == []


def test_the_profile_says_which_documents_are_printed_and_how() -> None:
    desk = Desk(hotel__guest_information=False, hotel__guest_bill=False, hotel__booth_bill=False)
    desk.hotel.check_in(["106"], Stay(guest_name="G"))
    desk.hotel.check_out(["106"])
    desk.call(user="120")
    assert [notice.kind for notice in desk.told] == ["check-in", "check-out"]
    other = Desk(hotel__vat_rate="6", hotel__footnote="BYE", charging__currency="CHF")
    other.call(user="120", units=1)
    bill = other.document("booth bill")
    assert (bill["vat_rate"], bill["vat"]) == ("6.00", "0.10"), "9.6 hundredths"
    assert (bill["footnote"], bill["currency"]) == ("BYE", "CHF")


def test_lines_close_when_the_deposit_is_used_up_and_open_with_more_of_it() -> None:
    desk = Desk()
    desk.hotel.check_in(["106"], Stay(guest_name="G", deposit=Decimal("3.40")))
    assert desk.hotel.allowance("106") == Decimal("3.40")
    desk.call(units=2)
    assert desk.hotel.allowance("106") == 0
    assert desk.exchange.place(
        [CallOrder(direction="outgoing", user="106", number="1")]
    ).outcomes == ["barred"]
    desk.hotel.modify("106", Stay(deposit=Decimal(10)))
    assert desk.hotel.allowance("106") == Decimal("6.60")
    assert desk.happened() == ["checked in", "lines closed", "modified", "lines open"]
    desk.hotel.modify("106", Stay(deposit=Decimal(1)))
    assert desk.exchange.rooms["106"].balance == 0, "less than the cost, and not below zero"
    assert desk.hotel.allowance("107") is None
    assert desk.hotel.allowance("128") is None


def test_a_call_that_began_before_the_guest_came_is_on_nobodys_bill() -> None:
    desk = Desk()
    desk.exchange.place(
        [CallOrder(direction="outgoing", user="106", number="0390", call_seconds=90, units=9)]
    )
    desk.clock.advance(30)
    desk.hotel.check_in(["106"], Stay(guest_name="G"))
    desk.clock.advance(90)
    assert len(desk.tickets()) == 1
    assert desk.exchange.rooms["106"].cost == 0


def test_who_comes_with_nothing_paid_finds_the_lines_closed() -> None:
    desk = Desk()
    desk.hotel.check_in(["106"], Stay(guest_name="G", deposit=Decimal(0)))
    assert desk.happened() == ["checked in", "lines closed"]
    desk.hotel.modify("106", Stay(deposit=Decimal(5)))
    assert desk.happened()[2:] == ["modified", "lines open"]


def test_nobody_comes_and_nothing_changes_where_no_wake_up_can_be_programmed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reminders, "APPOINTMENTS_MAX", 2)  # one less than is needed
    desk = Desk()
    desk.exchange.reminders.program(Appointment("128", "09:00"))
    desk.hotel.check_in(["108"], Stay(guest_name="Guest"))
    before = len(desk.lines), len(desk.told)
    with pytest.raises(OrderError, match="2 appointments are the most there may be"):
        desk.hotel.check_in(["106", "107"], Stay(guest_name="Group", wake_up="07:00"))
    monkeypatch.setattr(reminders, "APPOINTMENTS_MAX", 1)
    with pytest.raises(OrderError, match="1 appointments are the most there may be"):
        desk.hotel.modify("108", Stay(guest_name="Other", wake_up="07:00"))
    assert (len(desk.lines), len(desk.told)) == before
    assert [room.guest_name for room in desk.exchange.rooms.values() if room.occupied] == ["Guest"]


def test_a_group_is_told_the_same_in_each_room_or_nobody_comes() -> None:
    desk = Desk()
    desk.hotel.check_in(["106", "107"], Stay(guest_name="Tour", wake_up="06:30"))
    assert [room.guest_name for room in desk.exchange.rooms.values() if room.occupied] == [
        "Tour"
    ] * 2
    assert [each.order.user for each in desk.exchange.reminders.awaited()] == ["106", "107"]
    with pytest.raises(OrderError, match="room 107 is occupied; check it out first"):
        desk.hotel.check_in(["108", "107"], Stay(guest_name="Late"))
    assert not desk.exchange.rooms["108"].occupied


def test_a_guest_who_is_not_to_be_disturbed_has_a_silent_set() -> None:
    desk = Desk()

    def condition() -> str:
        return desk.exchange.calls.states["106"].condition

    desk.hotel.check_in(["106"], Stay(guest_name="G", do_not_disturb=True))
    assert condition() == "do not disturb"
    desk.hotel.modify("106", Stay(do_not_disturb=False))
    assert condition() == "free"
    desk.hotel.modify("106", Stay(do_not_disturb=True))
    desk.hotel.check_out(["106"])
    assert condition() == "free"


def test_housekeepings_status_survives_the_guests() -> None:
    desk = Desk()
    desk.hotel.tell_status("106", RoomStatus.NOT_CLEANED, 42)
    desk.hotel.check_in(["106"], Stay(guest_name="G"))
    room = desk.exchange.rooms["106"]
    assert (room.room_status, room.problem) == (RoomStatus.NOT_CLEANED, 42)


def test_a_wake_up_told_anew_replaces_the_one_before() -> None:
    desk = Desk()
    desk.hotel.check_in(["106"], Stay(guest_name="G", wake_up="07:00"))
    desk.hotel.modify("106", Stay(wake_up="07:00"))
    desk.hotel.modify("106", Stay(wake_up="08:00"))
    desk.clock.advance(5)
    states = [str(ticket.reminder_state) for ticket in desk.tickets()]
    assert states == ["activation", "cancellation", "activation"]
    (waiting,) = desk.exchange.reminders.awaited()
    assert (waiting.order.time, waiting.order.by) == ("08:00", "operator")


@pytest.mark.parametrize(
    ("rooms", "stay", "words"),
    [
        (["200"], {}, "'200' is no guest room; there are 106, 107"),
        ([], {}, "rooms none; each room once, at least one, is expected"),
        (["106", "106"], {}, "rooms 106, 106; each room once"),
        (["106"], {"guest_name": "x" * 21}, "guest_name 'x+'; 1 to 20 characters"),
        *(
            (["106"], {"guest_name": name}, "guest_name .+; 1 to 20 characters, none for control")
            for name in ("a\nb", "a\x85b", "a\u2028b", "a\u202eb", "a\uffffb", " ", " a", "a ")
        ),
        (["106"], {"password": "471"}, "password; four or six digits are expected"),
        (["106"], {"deposit": Decimal(-1)}, "deposit -1; 0 to 999999.99"),
        (["106"], {"deposit": Decimal("0.001")}, "deposit 0.001"),
        (["106"], {"deposit": Decimal("NaN")}, "deposit NaN"),
        (["106"], {"wake_up": "7"}, "appointment time '7'; HH:MM"),
        (["106"], {"direct_number": "x"}, "direct_number 'x'; 1 to 8 digits"),
        (["106", "107"], {"direct_number": "8540"}, "a group has none in common"),
    ],
)
def test_a_wrong_check_in_says_what_is_allowed(
    rooms: list[str], stay: dict[str, Any], words: str
) -> None:
    desk = Desk()
    with pytest.raises(OrderError, match=words):
        desk.hotel.check_in(rooms, Stay(**{"guest_name": "G", **stay}))
    assert (desk.lines, desk.told) == ([], [])


def test_orders_to_a_vacant_room_and_wrong_problems_are_refused() -> None:
    desk = Desk()
    with pytest.raises(OrderError, match="room 106 is vacant; check a guest in first"):
        desk.hotel.check_out(["106"])
    with pytest.raises(OrderError, match="room 106 is vacant; check a guest in first"):
        desk.hotel.modify("106", Stay())
    with pytest.raises(OrderError, match="problem 1000; 0 to 999 is expected"):
        desk.hotel.tell_status("106", RoomStatus.CLEANED, 1000)


def test_a_warm_reset_keeps_the_guests_and_a_cold_one_forgets_them() -> None:
    desk = Desk()
    desk.hotel.check_in(["106"], Stay(guest_name="G", wake_up="07:00"))
    desk.exchange.reset(ResetKind.WARM, "e2")
    assert [room.room for room in desk.exchange.rooms.values() if room.occupied] == ["106"]
    assert len(desk.exchange.reminders.awaited()) == 1
    desk.hotel.tell_status("106", RoomStatus.CLEANED)
    desk.exchange.reset(ResetKind.COLD, "e3")
    desk.clock.advance(86_400)
    assert [room.room for room in desk.exchange.rooms.values() if room.occupied] == []
    written = [str(ticket.reminder_state) for ticket in desk.tickets()]
    assert written == ["activation"], "before the warm reset; the status is lost with the cold one"


def test_another_release_goes_on_with_rooms_and_wake_ups() -> None:
    before, after = Desk(), Desk()
    before.hotel.check_in(["106"], Stay(guest_name="G", deposit=Decimal(5), wake_up="07:00"))
    after.exchange.follow(before.exchange)
    room = after.exchange.rooms["106"]
    assert (room.guest_name, room.balance) == ("G", Decimal(5))
    after.clock.advance(86_400)
    assert [str(ticket.reminder_state) for ticket in after.tickets()] == ["failed"]


# whatever happens in a house


steps = st.lists(
    st.one_of(
        st.tuples(st.just("in"), st.sampled_from(["106", "107"]), st.none() | st.integers(0, 60)),
        st.tuples(st.just("out"), st.sampled_from(["106", "107"]), st.none()),
        st.tuples(st.just("pay"), st.sampled_from(["106", "107"]), st.integers(0, 90)),
        st.tuples(st.just("call"), st.sampled_from(["106", "107", "120"]), st.integers(0, 9)),
        st.tuples(st.just("two calls"), st.sampled_from(["106", "107"]), st.integers(0, 9)),
        st.tuples(st.just("wait"), st.just("106"), st.integers(0, 120)),
    ),
    max_size=30,
)


@given(steps=steps)
@settings(deadline=None, max_examples=80)
def test_bills_add_up_to_the_tickets_and_no_deposit_falls_below_zero(steps: list[Any]) -> None:
    desk = Desk()
    for what, room, value in steps:
        order(desk, what, room, value)
        for each in desk.exchange.rooms.values():
            assert each.balance is None or each.balance >= 0
            assert each.closed == (desk.hotel.allowance(each.room) == 0)
    for room in ("106", "107"):
        if desk.exchange.rooms[room].occupied:
            desk.clock.advance(300)
            desk.hotel.check_out([room])
    assert all(bill_is_true(desk, notice) for notice in desk.told if notice.kind == "guest bill")
    booths = [notice for notice in desk.told if notice.kind == "booth bill"]
    paid = [each for each in desk.tickets() if each.charged_user == "120" and each.call_seconds]
    assert [notice.item("cost") for notice in booths] == [f"{each.cost:.2f}" for each in paid]


def order(desk: Desk, what: str, room: str, value: int | None) -> None:
    """Order a step, or let it be refused."""
    with contextlib.suppress(OrderError):
        if what == "in":
            deposit = None if value is None else Decimal(value)
            desk.hotel.check_in([room], Stay(guest_name="G", deposit=deposit))
        elif what == "out":
            desk.hotel.check_out([room])
        elif what == "pay":
            desk.hotel.modify(room, Stay(deposit=Decimal(value or 0)))
        elif what == "wait":
            desk.clock.advance(value or 0)
        else:
            call = CallOrder(direction="outgoing", user=room, number="0390", units=value or 0)
            desk.exchange.place([call] * (2 if what == "two calls" else 1))
    desk.clock.advance(1)


def bill_is_true(desk: Desk, bill: Notice) -> bool:
    """Hold a bill against the tickets that were written during the stay, by the ledger."""
    begin, end = (datetime.fromisoformat(str(bill.item(name))) for name in ("from", "to"))
    mine = [
        ticket
        for ticket, written in desk.written
        if ticket.charged_user == bill.item("room")
        and ticket.local_time >= begin
        and written <= end
    ]
    cost = sum((ticket.cost or Decimal(0) for ticket in mine), Decimal(0))
    vat = (cost * 20 / 120).quantize(Decimal("0.01"), ROUND_HALF_UP)
    said = (bill.item("calls"), bill.item("units"), bill.item("cost"), bill.item("vat"))
    count = sum(1 for ticket in mine if ticket.call_seconds)
    units = sum(ticket.units or 0 for ticket in mine)
    return said == (str(count), str(units), f"{cost:.2f}", f"{vat}")


def test_what_is_chosen_of_a_hotel_is_a_choice_in_hotel_mode_only() -> None:
    def chosen(mode: str) -> bool:
        listed = [each["key"] for each in choices(load_profile("certify", {"mode": mode}))]
        return "hotel.vat_rate" in listed

    assert (chosen("business"), chosen("hotel")) == (False, True)
