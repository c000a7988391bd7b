"""What messages of the hotel link are to the store."""

from datetime import datetime, time
from decimal import Decimal
from pathlib import Path

from oxo_collector.decoders.ohl import Frame, OhlDecoder
from oxo_collector.decoders.ohl_ticket import piece_of
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.receipt import Piece, WireEvent
from oxo_tickets import Direction, Kind, ReminderState, Resolution, Ticket

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "ohl"


def pieces(name: str) -> list[Piece | None]:
    events = OhlDecoder().receive((VECTORS / f"{name}.bin").read_bytes())
    return [piece_of(one, "Europe/Paris") for one in events if isinstance(one, Frame)]


def frame(body: str) -> Frame:
    return Frame(body[0], body[1:], "00", body.encode("latin-1"))


def test_calls() -> None:
    assert pieces("smdr-outgoing") == [
        Ticket(
            kind=Kind.CALL,
            local_time=datetime(2020, 2, 24, 14, 32, 7),  # noqa: DTZ001 - wall clock
            direction=Direction.OUTGOING,
            zone="Europe/Paris",
            charged_user="104",
            dialled_number="00199001234",
            call_seconds=45296,
            units=123456,
            cost=Decimal("98765432.10"),
        )
    ]
    (incoming,) = pieces("smdr-incoming")
    assert isinstance(incoming, Ticket)
    assert (incoming.direction, incoming.units) == (Direction.INCOMING, 0)
    assert incoming.resolution is Resolution.SECOND


def test_wake_ups() -> None:
    told = [one for one in pieces("wake-up") if isinstance(one, Ticket)]
    assert [one.reminder_state for one in told] == [
        ReminderState.ACTIVATION,
        ReminderState.CANCELLATION,
        ReminderState.FAILED,
        ReminderState.COMPLETE,
    ]
    assert told[2] == Ticket(
        kind=Kind.REMINDER,
        local_time=datetime(2020, 2, 23, 3, 53),  # noqa: DTZ001 - wall clock
        resolution=Resolution.MINUTE,
        zone="Europe/Paris",
        charged_user="21031217",
        subscriber_name="VAUDRUY-QUILLORE ANÉ",
        reminder_time=time(6, 45),
        reminder_state=ReminderState.FAILED,
        extras={"ohl": {"attempts": "3"}},
    )
    assert told[0].extras == {}


def test_a_night() -> None:
    told = pieces("a-night")
    kinds = [one.kind if isinstance(one, Ticket | WireEvent) else one for one in told]
    assert kinds == [
        None,
        "check-in",
        Kind.REMINDER,
        Kind.CALL,
        Kind.CALL,
        None,
        Kind.REMINDER,
        "room status",
        "check-out",
    ]
    assert told[3] == told[4]


def test_hotel_events_keep_their_bytes_and_hold_the_password_back() -> None:
    event = pieces("check-in")[0]
    assert isinstance(event, WireEvent)
    assert dict(event.fields) == {
        "room": "217",
        "guest_name": "LÜDELING",
        "language": "2",
        "direct_number": "8540",
        "barring": "3",
        "do_not_disturb": True,
        "deposit": "123.45",
        "reminder_time": "06:45:00",
    }
    assert event.raw == (VECTORS / "check-in.bin").read_bytes()[:61]
    status = pieces("room-status")[1]
    assert isinstance(status, WireEvent)
    assert dict(status.fields) == {"room": "1031", "room_status": "not cleaned", "problem": 42}


def test_a_body_that_nobody_knows_is_an_event_and_one_that_does_not_fit_is_kept() -> None:
    told = [piece for piece in pieces("every-type") if piece is not None]
    events = {one.kind for one in told if isinstance(one, WireEvent)}
    assert "re-initialisation" in events
    assert "re-initialisation request" in events
    bad = [one for one in told if isinstance(one, Malformed)]
    assert {one.place for one in bad} >= {"message J", "message P"}
    assert len(told) == 18
    (call,) = [one for one in bad if one.place == "message J"]
    assert call.reason.startswith("SMDR ticket: units '9 ABCD' is no whole number; date")
    assert call.raw.startswith(b"\x02J0123456789")


def test_of_a_body_that_nobody_knows_no_figure_is_told_but_the_room() -> None:
    told = piece_of(frame("U117     " + "TROSTAVEL".ljust(25) + "7391".ljust(57)), None)
    assert isinstance(told, WireEvent)
    assert dict(told.fields) == {"body": "117     " + "TROSTAVEL".ljust(25) + "****".ljust(57)}
    assert b"7391" in told.raw


def test_letters_that_no_source_knows_stay_in_the_extras() -> None:
    body = "J104     X00000624022014320700001200199001234               0000000000"
    told = piece_of(frame(body), None)
    assert isinstance(told, Ticket)
    assert (told.direction, told.extras) == (None, {"ohl": {"direction": "X"}})
    wake = "P217     Q2102200151044500" + "TROSTAVEL".ljust(19)
    told = piece_of(frame(wake[:45]), None)
    assert isinstance(told, Ticket)
    assert (told.reminder_state, told.extras) == (None, {"ohl": {"wake_up_event": "Q"}})


def test_a_stamp_that_cannot_be_is_kept_aside() -> None:
    body = "J104     O00000631022014320700001200199001234               0000000000"
    told = piece_of(frame(body), None)
    assert isinstance(told, Malformed)
    assert told.reason == "SMDR ticket: date '310220' is a date that does not exist"
    blank = body[:16] + " " * 6 + body[22:]
    told = piece_of(frame(blank), None)
    assert isinstance(told, Malformed)
    assert "date is blank" in told.reason
