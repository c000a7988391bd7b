"""Every key of the section `[ohl]` changes what happens, and a table that cannot be is refused."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from oxo_simulator.control.messages import HotelEvent
from oxo_simulator.exchange.outlet import Outlet
from oxo_simulator.ohl.machine import Begin, CarryOut, Due, End, Received, Send, SetTimer, Timer
from oxo_simulator.ohl.machine import Conversation as Machine
from oxo_simulator.ohl.reception import Reception, Session, frame_writer, outlet_terms
from oxo_simulator.ohl.settings import OhlSettings
from oxo_simulator.profile import load_profile
from oxo_simulator.profile_section import ProfileError
from oxo_tickets import Direction, Kind, Ticket

ACK = b"\x06"
CALL = Ticket(
    kind=Kind.CALL,
    direction=Direction.INCOMING,
    local_time=datetime.fromisoformat("2020-02-24T14:32:07"),
    charged_user="217",
    cost=Decimal(1),
)


class Stand:
    """A machine and a reception of some settings; what they do, as text."""

    def __init__(self, settings: OhlSettings) -> None:
        self.settings = settings
        self.ledger: list[str] = []
        self.outlet = Outlet(
            outlet_terms(settings), lambda event, _detail: self.ledger.append(event)
        )
        self.reception = Reception(self.outlet, settings)
        self.machine = Machine(settings, frame_writer(settings))
        self.begun = self.machine.receive(Begin())

    def sent(self, *events: Any) -> list[bytes]:
        commands = [each for event in events for each in self.machine.receive(event)]
        return [command.octets for command in commands if isinstance(command, Send)]

    def seconds(self, timer: Timer) -> list[float]:
        return [c.seconds for c in self.begun if isinstance(c, SetTimer) and c.timer is timer]

    def told(self, *events: HotelEvent) -> list[bytes | None]:
        for event in events:
            self.reception.say(event)
        return [self._next() for _ in range(len(events))]

    def _next(self) -> bytes | None:
        message = self.reception.next()
        if message is not None:
            self.reception.taken(message, Session("o1", "c1"))
        return message.octets if message else None

    def put(self, count: int) -> tuple[int, list[str]]:
        for number in range(count):
            self.outlet.put(number, CALL)
        first = self.outlet.waiting(1)
        return (first[0].sequence if first else 0), self.ledger

    def ends_after_naks(self) -> int:
        count = 0
        while not any(isinstance(each, End) for each in self.machine.receive(Received(b"\x15"))):
            count += 1
        return count

    def ordered(self) -> int:
        """Check out and count the replies."""
        (frame,) = [
            each.frame
            for each in self.machine.receive(Received(b"\x02D217     50\x03"))
            if isinstance(each, CarryOut)
        ]
        self.reception.carry_out(frame, Session("o1", "c1"))
        return sum(self._next() is not None for _ in range(3))


OUT = HotelEvent(event="check-out", room="217")
IN = HotelEvent(event="check-in", room="217")

FLIPS: Mapping[str, tuple[Any, Callable[[Stand], Any]]] = {
    "connection_text": ("0001", lambda stand: stand.begun),
    "keep_alive_text": ("WAKE", lambda s: s.sent(Received(ACK), Due(Timer.KEEP_ALIVE))),
    "keep_alive_seconds": (7, lambda stand: stand.seconds(Timer.KEEP_ALIVE)),
    "silence_seconds": (7, lambda stand: stand.seconds(Timer.SILENCE)),
    "answer_seconds": (7, lambda stand: stand.seconds(Timer.ANSWER)),
    "attempts": (5, lambda stand: stand.ends_after_naks()),
    "lrc_range": ("with-stx", lambda stand: stand.told(OUT)),
    "six_digit_passwords": (True, lambda stand: stand.told(IN)),
    "flow": ("none", lambda s: s.sent(Received(b"\x13\x06"), Due(Timer.KEEP_ALIVE))),
    "replies": ("questions", lambda stand: stand.ordered()),
    "events_max": (1, lambda stand: stand.told(OUT, OUT)),
    "capacity": (2, lambda stand: stand.put(3)),
    "alarm_percent": (100, lambda stand: stand.put(800)),
    "overflow": ("oldest", lambda stand: stand.put(1001)[0]),
    "layouts": ({"D": ["room 1-8 right zero"]}, lambda stand: stand.told(OUT)),
}
"""Key -> another value, and what shows it."""

ELSEWHERE = {"open": "test_ohl_hotel", "port": "test_ohl_hotel", "second_client": "test_ohl_shell"}


@pytest.mark.parametrize("key", FLIPS)
def test_a_key_changes_what_happens(key: str) -> None:
    value, shown = FLIPS[key]
    as_it_is, flipped = Stand(OhlSettings()), Stand(OhlSettings(**{key: value}))
    assert getattr(as_it_is.settings, key) != getattr(flipped.settings, key)
    assert shown(as_it_is) != shown(flipped)


def test_no_key_is_without_its_test() -> None:
    assert {*FLIPS, *ELSEWHERE} == set(OhlSettings.model_fields)


def test_the_check_value_of_a_profile_is_read_as_it_is_written() -> None:
    stand = Stand(OhlSettings(lrc_range="with-etx"))
    assert stand.sent(Received(b"\x02D217     50\x03")) == [b"\x15"]
    assert stand.sent(Received(b"\x02D217     53\x03")) == [ACK]


def test_the_licence_is_asked_for() -> None:
    """facts: oxo 1.2, Call Accounting over IP must be open for the hotel link too."""
    assert outlet_terms(OhlSettings()).licensed


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("connection_text", "FFF", "ohl.connection_text"),
        ("connection_text", "FF\x03F", "ohl.connection_text"),
        ("attempts", 0, "ohl.attempts"),
        ("answer_seconds", 0, "ohl.answer_seconds"),
        ("lrc_range", "all", "type-to-body"),
        ("second_client", "both", "take-over"),
        ("layouts", {"D": ["room 1-9"]}, "D: room 1-9 lies over another or outside 1-8"),
        ("layouts", {"Q": []}, "'Q' has no places"),
    ],
)
def test_what_no_profile_can_have_is_named(key: str, value: Any, why: str) -> None:
    with pytest.raises(ProfileError, match=why):
        load_profile("certify", {f"ohl.{key}": value})
