"""What happens to rooms, as frames: an exchange in hotel mode and its hotel link, in memory."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.placed import Placed
from oxo_simulator.exchange.rooms import Stay
from oxo_simulator.ohl.layout import body_length
from oxo_simulator.ohl.reader import Frame
from oxo_simulator.ohl.reception import Reception, Session, outlet_terms
from oxo_simulator.profile import load_profile
from oxo_simulator.taxation import outlet_terms as taxation_terms
from oxo_tickets import RoomStatus

SESSION = Session("o1", "c1")


class Site:
    """An exchange in hotel mode behind its link, and the ledger."""

    def __init__(self, **chosen: Any) -> None:
        keys = {key.replace("__", "."): value for key, value in chosen.items()}
        profile = load_profile("certify", {"mode": "hotel", "ohl.open": True, **keys})
        self.clock = VirtualClock()
        self.ledger: list[tuple[str, dict[str, Any]]] = []
        self.exchange = Exchange(
            profile=profile,
            seed=1,
            epoch="e",
            clock=WallClock(self.clock, profile.start, ZoneInfo(profile.zone)),
            record=lambda event, detail: self.ledger.append((event, detail)),
            outlets=[taxation_terms(profile), outlet_terms(profile.ohl)],
        )
        self.hotel = self.exchange.hotel
        self.reception = Reception(self.exchange.outlets["ohl"], profile.ohl, self.hotel)

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


def test_what_has_no_room_in_its_frame_is_lost_with_its_reason() -> None:
    site = Site()
    site.go(site.hotel.check_in(["106"], Stay(guest_name="Garcia", password="471147")))
    site.go(site.hotel.check_in(["107"], Stay(guest_name="\u0141ukasz")))
    assert site.told() == []
    first, second = site.lost()
    assert first.startswith("password: 6 characters")
    assert "471147" not in str(site.ledger)
    assert second.startswith("A: '\u0141' is no character")


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
