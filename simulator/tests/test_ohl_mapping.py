"""From the model's words to the frames of the hotel link."""

from datetime import datetime, time
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from oxo_simulator.control.messages import HotelEvent
from oxo_simulator.ohl import mapping
from oxo_simulator.ohl.codec import CannotSay
from oxo_simulator.ohl.mapping import FrameWriter, event_body, ticket_body
from oxo_simulator.ohl.reception import outlet_terms
from oxo_simulator.ohl.settings import OhlSettings
from oxo_tickets import Direction, Kind, ReminderState, Ticket, carriage

CALL = Ticket(
    kind=Kind.CALL,
    direction=Direction.OUTGOING,
    local_time=datetime.fromisoformat("2020-02-24T14:32:07"),
    charged_user="104",
    dialled_number="00199001234",
    call_seconds=45296,
    units=123456,
    cost=Decimal("98765432.10"),
    currency="EUR",
    subscriber_name="NOBODY",
)
WAKE_UP = Ticket(
    kind=Kind.REMINDER,
    local_time=datetime.fromisoformat("2020-02-23T03:53:59"),
    charged_user="21031217",
    reminder_time=time(6, 45),
    reminder_state=ReminderState.FAILED,
    subscriber_name="VAUDRUY-QUILLORE ANÉ",
)


def text(ticket: Ticket) -> str:
    return FrameWriter().ticket(ticket)[1:-1].decode("iso-8859-1")


def test_a_call() -> None:
    """The bytes of the vector `smdr-outgoing`."""
    assert text(CALL) == (
        "J104     O12345624022014320712345600199001234               987654321001"
    )


def test_an_incoming_call_free_of_charge_and_unanswered() -> None:
    ticket = Ticket(
        kind=Kind.CALL,
        direction=Direction.INCOMING,
        local_time=datetime.fromisoformat("2021-11-30T23:58:57"),
    )
    assert text(ticket)[:-2] == (
        "J        I000000301121235857000000                          0000000000"
    )


def test_a_wake_up() -> None:
    """The bytes of the vector `wake-up`."""
    assert text(WAKE_UP) == "P21031217F230220035306453VAUDRUY-QUILLORE ANÉA5"


@pytest.mark.parametrize(
    ("state", "letter", "attempts"),
    [
        (ReminderState.ACTIVATION, "A", "0"), (ReminderState.CANCELLATION, "C", "0"),
        (ReminderState.FAILED, "F", "3"), (ReminderState.COMPLETE, "D", "1"),
    ],
)  # fmt: skip
def test_each_event_of_a_wake_up(state: ReminderState, letter: str, attempts: str) -> None:
    said = text(replace(WAKE_UP, reminder_state=state))
    assert (said[9], said[24]) == (letter, attempts)


def test_money_is_rounded_to_hundredths_and_a_name_ends_with_its_place() -> None:
    assert text(replace(CALL, cost=Decimal("0.125")))[-12:-2] == "0000000013"
    name = " VAUDRUY-QUILLORE ANÉMONE "
    assert "VAUDRUY-QUILLORE ANÉA5" in text(replace(WAKE_UP, subscriber_name=name))


@pytest.mark.parametrize(
    "changed",
    [
        {"charged_user": "123456789"}, {"dialled_number": "1" * 27}, {"units": 1_000_000},
        {"call_seconds": 360_000}, {"cost": Decimal(100_000_000)}, {"direction": None},
        {"direction": Direction.LOCAL}, {"dialled_number": "Ł"},
        {"dialled_number": "1\x032"}, {"local_time": datetime.fromisoformat("1999-12-31T23:59:59")},
        {"kind": Kind.REMINDER},
        {"kind": Kind.REMINDER, "reminder_state": "failed", "charged_user": "123456789"},
    ],
    ids=lambda changed: "-".join(map(str, changed)),
)  # fmt: skip
def test_what_no_frame_can_say_is_not_kept(changed: dict[str, Any]) -> None:
    ticket = replace(CALL, **changed)
    with pytest.raises(CannotSay):
        FrameWriter().ticket(ticket)
    assert outlet_terms(OhlSettings()).accepts(ticket) == "cannot be rendered"


def test_the_ticket_of_a_room_status_is_told_otherwise_here() -> None:
    """The C frame of the notice says it: nothing is lost that the wire could not say."""
    ticket = replace(CALL, kind=Kind.ROOM_STATUS, direction=None)
    assert outlet_terms(OhlSettings()).accepts(ticket) == "not carried by this wire"


@pytest.mark.parametrize("kind", [Kind.CALL, Kind.FACILITY, Kind.LOCAL_CALL, Kind.UNKNOWN])
def test_whatever_has_a_public_direction_is_a_call(kind: Kind) -> None:
    assert ticket_body(replace(CALL, kind=kind))[0] == "J"


def test_no_word_of_the_model_is_without_a_letter() -> None:
    assert set(mapping.WAKE_UP_EVENTS) == set(ReminderState)
    assert set(mapping.DIRECTIONS) == set(Direction) - {Direction.LOCAL}
    assert [*mapping.WAKE_UP_EVENTS.values(), *mapping.DIRECTIONS.values()] == [*"ACFDOI"]


def test_what_the_carriage_table_says_is_carried_changes_the_frame() -> None:
    """A field that the table calls carried and the mapping forgets would be lost in silence."""
    through = carriage("ohl", "smdr")
    others: dict[str, Any] = {
        "local_time": datetime.fromisoformat("2001-01-01T00:00:00"),
        "direction": Direction.INCOMING,
        "reminder_state": ReminderState.COMPLETE,
    }
    for ticket in (CALL, WAKE_UP):
        for name in set(through.standings) - {"kind"}:
            if through.carries(name, ticket.kind):
                changed = replace(ticket, **{name: others.get(name)})
                assert text(changed) != text(ticket), (ticket.kind, name)


# Hotel events.


def frame_text(event: HotelEvent, *, six_digits: bool = False) -> str:
    letter, body = event_body(event, six_digits=six_digits)
    return FrameWriter().body(letter, body)[1:-1].decode("iso-8859-1")


STAY: dict[str, Any] = {
    "room": "217",
    "guest_name": "LÜDELING",
    "language": "2",
    "direct_number": "8540",
    "barring": "3",
    "do_not_disturb": True,
    "deposit": Decimal("123.45"),
    "reminder_time": "06:45",
}


def test_a_check_in() -> None:
    """The bytes of the vectors `check-in` and `check-in-six-digits`, but for the class there."""
    event = HotelEvent(event="check-in", password="0417", **STAY)
    assert frame_text(event) == "A217      LÜDELING            28540041731000123450645    D5"
    six = HotelEvent(event="check-in", password="041783", **{**STAY, "barring": "4"})
    assert frame_text(six, six_digits=True) == (
        "B217      LÜDELING            2854004178341000123450645    DA"
    )


@pytest.mark.parametrize(
    ("event", "six_digits", "expected"),
    [
        (HotelEvent(event="check-out", room="217"), False, "D217     50"),
        (
            HotelEvent(event="room status", room="1031", room_status="not cleaned", problem=42),
            False,
            "C1031    104247",
        ),
        (
            HotelEvent(event="room status", room="217", room_status="cleaned"),
            False,
            "C217     000057",
        ),
    ],
)
def test_events_of_the_vectors(event: HotelEvent, six_digits: bool, expected: str) -> None:  # noqa: FBT001
    assert frame_text(event, six_digits=six_digits) == expected


@pytest.mark.parametrize(
    ("happened", "letters"),
    [("modification", "MN"), ("voice mail", "MN"), ("phone allocation", "HH"),
     ("check-out", "DD"), ("re-initialisation", "UV")],
)  # fmt: skip
def test_every_event_has_its_letter(happened: Any, letters: str) -> None:
    event = HotelEvent(event=happened, room="217")
    said = [frame_text(event, six_digits=six)[0] for six in (False, True)]
    assert said == [*letters]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"event": "guest account"}, "rooms have an account in hotel mode only"),
        ({"room": "  "}, "room: is empty"),
        ({"room": "123456789"}, "room: 9 characters; 8 have room"),
        ({"event": "room status"}, "room_status: is missing"),
        ({"reminder_time": "25:00"}, "reminder_time: '25:00'; HH:MM is expected"),
        ({"password": "04178"}, "password: 5 characters; 4 have room"),
        ({"deposit": Decimal(1000000)}, "deposit: 9 characters; 8 have room"),
        ({"deposit": Decimal("-0.01")}, "deposit: -0.01 is no amount"),
        ({"guest_name": "A\x02"}, "a control character cannot stand in a body"),
        ({"event": "room status", "room_status": "cleaned", "problem": 1000}, "problem: 4 ch"),
        ({"event": "room status", "room_status": "cleaned", "problem": -1}, "problem: -1 is no"),
    ],
)
def test_an_event_that_cannot_be_said(changed: dict[str, Any], why: str) -> None:
    fields: dict[str, Any] = {"event": "check-in", "room": "217", **changed}
    with pytest.raises(CannotSay, match=why):
        frame_text(HotelEvent(**fields))
