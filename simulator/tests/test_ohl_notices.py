"""What happens to rooms, as frames: an exchange in hotel mode and its hotel link, in memory."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.control.messages import HotelEvent
from oxo_simulator.exchange.appointment_orders import Appointment
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.placed import OrderError, Placed
from oxo_simulator.exchange.rooms import Stay
from oxo_simulator.ohl.codec import CannotSay
from oxo_simulator.ohl.layout import body_length
from oxo_simulator.ohl.reader import Frame
from oxo_simulator.ohl.reception import Reception, Session, outlet_terms
from oxo_simulator.ohl.settings import OhlSettings
from oxo_simulator.profile import load_profile
from oxo_simulator.taxation import outlet_terms as taxation_terms
from oxo_tickets import RoomStatus

SESSION = Session("o1", "c1")


class Site:
    """An exchange in hotel mode behind its link, and the ledger."""

    def __init__(self, **chosen: Any) -> None:
        self.clock = VirtualClock()
        self.ledger: list[tuple[str, dict[str, Any]]] = []
        self.chosen: dict[str, Any] = {"mode": "hotel", "ohl.open": True}
        self.exchange, self.settings = self.made(**chosen)
        self.hotel = self.exchange.hotel
        self.open()

    def made(self, **chosen: Any) -> tuple[Exchange, OhlSettings]:
        self.chosen |= {key.replace("__", "."): value for key, value in chosen.items()}
        profile = load_profile("certify", self.chosen)
        own = [outlet_terms(profile.ohl)] if profile.ohl.open else []
        exchange = Exchange(
            profile=profile,
            seed=1,
            epoch="e",
            clock=WallClock(self.clock, profile.start, ZoneInfo(profile.zone)),
            record=lambda event, detail: self.ledger.append((event, detail)),
            outlets=[taxation_terms(profile), *own],
        )
        return exchange, profile.ohl

    def open(self) -> None:
        """Stand in front of the outlet, where there is one."""
        outlet = self.exchange.outlets.get("ohl")
        hotel = self.hotel if self.hotel.open else None
        self.reception: Any = outlet and Reception(outlet, self.settings, hotel)

    def upgrade(self, **chosen: Any) -> None:
        """Let another release take this one's place, with what it remembers."""
        before, link = self.exchange, self.reception
        self.exchange, self.settings = self.made(**chosen)
        self.exchange.follow(before)
        self.hotel = self.exchange.hotel
        self.open()
        if link and self.reception:
            self.reception.follow(link, lost=False)

    def go(self, placed: Placed) -> None:
        self.clock.advance(placed.seconds)

    def order(self, letter: str, body: str) -> list[str]:
        """Let the hotel system order, and take what the exchange says then."""
        length = body_length(letter)
        assert self.reception.carry_out(Frame(letter, body.ljust(length), None, b""), SESSION)
        return self.told()

    def told(self) -> list[str]:
        """Take every frame, as a hotel system that acknowledges; letter and body."""
        frames = []
        while message := self.reception.next():
            frames.append(message.octets.decode("latin-1")[1:-3])
            self.reception.taken(message, SESSION)
        return frames

    def lost(self) -> list[Any]:
        return [detail["reason"] for event, detail in self.ledger if event == "hotel event lost"]


@pytest.mark.parametrize(("six", "letter"), [(False, "A"), (True, "B")])
def test_a_check_in_is_told_whole(*, six: bool, letter: str) -> None:
    site = Site(ohl__six_digit_passwords=six)
    password = "471147" if six else "4711"
    stay = Stay(guest_name="Garcia", language="2", password=password, deposit=Decimal("20.50"),
                do_not_disturb=True, direct_number="8540")  # fmt: skip
    site.go(site.hotel.check_in(["106"], stay))
    body = f"106      Garcia              28540{password} 100002050        "
    assert site.told() == [letter + body]
    assert site.reception.rooms["106"].guest_name == "Garcia"
    told = [detail for event, detail in site.ledger if event == "hotel event"]
    assert told == [{"number": 1, "happened": "check-in", "room": "106", "wire": "ohl"}]


def test_a_stay_is_told_in_the_order_in_which_it_happened() -> None:
    site = Site(hotel__print_room_status=False)
    site.go(site.hotel.check_in(["106"], Stay(guest_name="Garcia")))
    call = CallOrder(direction="outgoing", user="106", number="0390670000", units=3)
    site.go(site.exchange.place([call]))
    site.go(site.hotel.modify("106", Stay(language="1")))
    site.go(site.hotel.check_out(["106"]))
    site.go(site.hotel.tell_status("106", RoomStatus.NOT_CLEANED, 42, "room"))
    frames = site.told()
    assert [frame[0] for frame in frames] == ["A", "J", "M", "D", "T", "C"]
    assert frames[2] == "M106      Garcia              1                          "
    assert frames[3] == "D106     "
    (ticket,) = [detail["ticket"] for event, detail in site.ledger if event == "made"]
    cost = f"{int(ticket.cost * 100):012}"
    # The bill is of the moment of the check-out, on 24 February 2020.
    assert frames[4].startswith("T106     240220140")
    assert frames[4][19:] == "0001" + "00003" + cost
    assert frames[5] == "C106     1042"
    assert site.told() == []
    assert not site.exchange.outlets["ohl"].notices


def test_what_the_hotel_system_ordered_itself_is_not_told_but_known() -> None:
    site = Site()
    site.go(site.hotel.check_in(["106"], Stay(guest_name="Garcia"), by="hotel system"))
    assert site.told() == []
    assert site.reception.rooms["106"].occupied


@pytest.mark.parametrize(
    ("told", "body", "left_out", "why"),
    [
        # Half a number would be another one: its place is blank, and the ledger says so.
        ({"direct_number": "38854017"}, "Garcia", "direct_number", "8 characters; 4 have room"),
        ({"password": "471147"}, "Garcia", "password", "6 characters; 4 have room"),
        ({"guest_name": "\u0141ukasz"}, "", "guest_name", "'\u0141' is no character"),
    ],
)
def test_a_check_in_says_what_has_room_and_the_ledger_the_rest(
    told: dict[str, Any], body: str, left_out: str, why: str
) -> None:
    site = Site()
    stay = Stay(**{"guest_name": "Garcia", "language": "2", **told})
    site.go(site.hotel.check_in(["106"], stay))
    (frame,) = site.told()
    assert frame == f"A106      {body:<20}2".ljust(57)
    (line,) = [detail for event, detail in site.ledger if event == "hotel event"]
    assert [*line["left_out"]] == [left_out]
    assert why in line["left_out"][left_out]
    assert "471147" not in str(site.ledger)
    assert site.lost() == []


def test_what_says_nothing_without_it_is_lost_with_its_reason() -> None:
    site = Site(ohl__layouts={"C": ["room 1-2", "room_status 9-9"]})
    site.go(site.hotel.tell_status("106", RoomStatus.CLEANED))
    assert site.told() == []
    assert site.lost() == ["room: 3 characters; 2 have room"]


def test_events_have_a_queue_of_their_own_beside_a_full_buffer() -> None:
    site = Site(ohl__capacity=1, ohl__overflow="oldest", ohl__events_max=2)
    call = CallOrder(direction="outgoing", user="128", number="0390670000")
    site.go(site.exchange.place([call]))
    site.go(site.hotel.check_in(["106", "107", "108"], Stay(guest_name="Group")))
    assert [frame[0] for frame in site.told()] == ["J", "A", "A"]
    assert site.lost() == ["queue full"]
    assert not [detail for event, detail in site.ledger if event == "notice dropped"]


def test_the_hotel_systems_orders_are_carried_out_by_the_exchanges_own_rooms() -> None:
    site = Site()
    reply = "R106         00"
    assert site.order("A", "106      Garcia") == [reply]
    assert site.exchange.rooms["106"].guest_name == "Garcia"
    assert site.order("A", "106      Garcia              2") == [reply]
    assert site.exchange.rooms["106"].language == "2"
    assert site.order("M", "106                          3") == [reply]
    assert site.exchange.rooms["106"].language == "3"
    again, bill = site.order("A", "106      Siering")
    assert (again, bill[:9]) == (reply, "T106     ")
    assert site.exchange.rooms["106"].guest_name == "Siering"
    assert [frame[0] for frame in site.order("D", "106")] == ["R", "T"]
    assert not site.exchange.rooms["106"].occupied
    assert site.order("D", "106") == ["R106         01"]


def test_a_check_in_where_no_room_is_is_refused() -> None:
    site = Site()
    assert site.order("A", "999      Garcia") == ["R999         02"]
    assert not site.reception.rooms["999"].occupied


def test_a_phone_allocation_names_the_rooms_own_set_or_cannot_be() -> None:
    site = Site()
    assert site.order("H", "106      106") == ["R106         01"]
    site.go(site.hotel.check_in(["106"], Stay(guest_name="Garcia", password="4711")))
    site.told()
    assert site.order("H", "106      106") == ["R106     471100"]
    assert site.order("H", "106      107") == ["R106     471102"]
    assert site.order("H", "999      999") == ["R999         02"]


def test_questions_are_answered_by_the_exchanges_own_rooms() -> None:
    site = Site()
    site.go(site.hotel.check_in(["106"], Stay(guest_name="Garcia", password="4711")))
    # Nobody tells the link: a queue that is full, a frame that is lost.
    site.reception.rooms.told("D", {"room": "106"})
    site.go(site.hotel.check_in(["107"], Stay(guest_name="Siering", wake_up="07:00")))
    site.go(site.hotel.tell_status("107", RoomStatus.NOT_CLEANED, 42))
    site.told()
    assert site.order("I", "106") == ["R106     471100"]
    assert site.order("I", "108") == ["R108         01"]
    assert site.order("I", "999") == ["R999         02"]
    first, second, last = site.order("Z", "")
    assert (first[:9], first[10:16]) == ("U106     ", "Garcia")
    assert (second[:9], second[10:17]) == ("U107     ", "Siering")
    assert (second[49:53], second[53:57]) == ("0700", "1042")
    assert last == "R            00"


def test_a_password_of_six_digits_is_left_out_of_a_reply_that_has_four() -> None:
    site = Site()
    site.go(site.hotel.check_in(["106"], Stay(guest_name="Garcia", password="471147")))
    site.told()
    assert site.order("I", "106") == ["R106         00"]
    (line,) = [detail for event, detail in site.ledger if event == "hotel reply shortened"]
    assert (line["letter"], [*line["left_out"]]) == ("R", ["password"])
    assert "471147" not in str(site.ledger)


def test_a_link_that_opens_during_a_stay_knows_who_is_in() -> None:
    site = Site(ohl__open=False)
    site.go(site.hotel.check_in(["106"], Stay(guest_name="Garcia")))
    site.upgrade(ohl__open=True)
    assert site.order("I", "106") == ["R106         00"]
    assert site.order("M", "106                          3") == ["R106         00"]
    assert site.hotel.rooms["106"].language == "3"
    site.upgrade(ohl__keep_alive_seconds=9)
    site.go(site.hotel.check_out(["106"]))
    assert [frame[0] for frame in site.told()] == ["D", "T"]
    assert site.order("I", "106") == ["R106         01"]


def reminded(site: Site, **order: Any) -> None:
    site.go(site.exchange.program(Appointment("106", "15:00", **order)))


@pytest.mark.parametrize(
    ("order", "chosen", "told"),
    [
        ({}, {}, ["A0", "F3"]),
        ({}, {"appointments__attempts": 2}, ["A0", "F2"]),
        ({"answered_at": 1}, {}, ["A0", "D1"]),
        ({"answered_at": 2}, {}, ["A0", "D2"]),
        ({"answered_at": 3}, {}, ["A0", "D3"]),
        # One digit has room for nine: what is more is not known there.
        ({}, {"appointments__attempts": 10}, ["A0", "F "]),
    ],
)
def test_a_wake_up_says_how_often_the_set_rang(
    order: dict[str, Any], chosen: dict[str, Any], told: list[str]
) -> None:
    site = Site(**chosen)
    reminded(site, **order)
    site.clock.advance(2 * 3600)
    frames = site.told()
    assert [frame[0] for frame in frames] == ["P", "P"]
    assert [frame[9] + frame[24] for frame in frames] == told


def test_a_wake_up_cancelled_between_two_attempts_has_rung() -> None:
    site = Site()
    reminded(site)
    site.clock.advance(3600 + 30)
    site.go(site.exchange.reminders.cancel("106"))
    assert [frame[9] + frame[24] for frame in site.told()] == ["A0", "C1"]


def test_attempts_outlive_an_upgrade_and_are_forgotten_with_their_tickets() -> None:
    site = Site(ohl__capacity=2)
    for _ in range(5):
        reminded(site, answered_at=2)
        site.clock.advance(24 * 3600)
    site.upgrade(ohl__answer_seconds=2)
    # Nothing was taken: two of ten tickets have room, and they are known.
    assert [frame[9] + frame[24] for frame in site.told()] == ["A0", "D2"]
    assert len(site.reception._attempts) <= 4


def test_a_guest_account_is_told_as_it_stands() -> None:
    site = Site()
    site.go(site.hotel.check_in(["106"], Stay(guest_name="Garcia")))
    call = CallOrder(direction="outgoing", user="106", number="0390670000", units=3)
    site.go(site.exchange.place([call]))
    site.told()
    account = HotelEvent(event="guest account", room="106")
    site.reception.say(account)
    (frame,) = site.told()
    cost = int(site.hotel.rooms["106"].cost * 100)
    assert frame == f"T106     24022014000001{3:05}{cost:012}"
    assert site.hotel.rooms["106"].occupied
    with pytest.raises(OrderError, match="room 107 is vacant"):
        site.reception.say(HotelEvent(event="guest account", room="107"))
    with pytest.raises(OrderError, match="'999' is no guest room"):
        site.reception.say(HotelEvent(event="guest account", room="999"))
    site.hotel.check_out(["106"])
    assert site.told()[1][19:] == frame[19:]


def test_in_business_mode_a_guest_account_is_refused_with_the_reason() -> None:
    site = Site(mode="business")
    with pytest.raises(CannotSay, match="rooms have an account in hotel mode only"):
        site.reception.say(HotelEvent(event="guest account", room="106"))
