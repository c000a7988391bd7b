"""What a message of the hotel link is to the store: a ticket, a hotel event, or nothing.

Calls (`J`) and wake-ups (`P`) are tickets (carriage `ohl.smdr`); the messages that open and keep
the connection are nothing; every other is a hotel event under its word, a guest's password kept
back: of a body that no layout knows, every digit behind the room. A body that its layout does not
fit is kept as it came; its frame was whole, so that the peer has nothing to mend by sending it
again.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from oxo_tickets import Direction, Kind, ReminderState, Resolution, Ticket

from oxo_collector.decoders.ohl import Frame
from oxo_collector.decoders.ohl_body import UNKNOWN, Body, read_body
from oxo_collector.decoders.ohl_layout import BODIES, Field
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.values import Coded, Unreadable
from oxo_collector.receipt import WireEvent

WIRE = "ohl"

CONNECTION, KEEP_ALIVE = "@", "$"

ROOM_CHARACTERS = 8
"""A body begins with the room (facts: oxo 4.1, inferred)."""

DIRECTIONS: Mapping[str, Direction] = {"O": Direction.OUTGOING, "I": Direction.INCOMING}
STATES: Mapping[str, ReminderState] = {
    "A": ReminderState.ACTIVATION,
    "C": ReminderState.CANCELLATION,
    "F": ReminderState.FAILED,
    "D": ReminderState.COMPLETE,
}


def piece_of(
    frame: Frame, zone: str | None, layouts: Mapping[str, tuple[Field, ...]] = BODIES
) -> Ticket | WireEvent | Malformed | None:
    """Return what a message is to the store; None for those that only serve the connection."""
    if frame.letter in (CONNECTION, KEEP_ALIVE):
        return None
    try:
        body = read_body(frame.letter, frame.body, layouts)
        if body is not None and frame.letter == "J":
            return _call(body, zone)
        if body is not None and frame.letter == "P":
            return _reminder(body, zone)
    except Unreadable as fault:
        return Malformed(f"{frame.word}: {fault}", frame.raw, f"message {frame.letter}")
    fields = {"body": _hidden(frame.body)} if body is None else _plain(body)
    return WireEvent(frame.word, fields, frame.raw)


def _call(body: Body, zone: str | None) -> Ticket:
    """Map a body `J`; a direction that no source knows stays in the extras."""
    direction = _told(body, "direction")
    extras = {} if direction.code in DIRECTIONS else {WIRE: {"direction": direction.code}}
    return Ticket(
        kind=Kind.CALL,
        local_time=_stamp(body),
        direction=DIRECTIONS.get(direction.code),
        zone=zone,
        charged_user=body["charged_user"],
        dialled_number=body["dialled_number"],
        call_seconds=body["duration_s"],
        units=body["units"],
        cost=body["cost"],
        extras=extras,
    )


def _reminder(body: Body, zone: str | None) -> Ticket:
    """Map a body `P`, whose stamp ends with the minute."""
    state = _told(body, "wake_up_event")
    extras = {} if state.code in STATES else {"wake_up_event": state.code}
    if body["attempts"]:
        extras["attempts"] = str(body["attempts"])
    return Ticket(
        kind=Kind.REMINDER,
        local_time=_stamp(body),
        resolution=Resolution.MINUTE,
        zone=zone,
        charged_user=body["room"],
        subscriber_name=body["guest_name"],
        reminder_time=body["reminder_time"],
        reminder_state=STATES.get(state.code),
        extras={WIRE: extras} if extras else {},
    )


def _told(body: Body, name: str) -> Coded:
    code = body[name]
    return Coded("", UNKNOWN) if code is None else code


def _stamp(body: Body) -> Any:
    if "date_time" not in body:
        raise Unreadable("has no date and time")
    return body["date_time"]


def _plain(body: Body) -> dict[str, str | int | None]:
    """Return the fields as texts and figures; a password is nobody's business but the hotel's."""
    return {name: _plain_value(value) for name, value in body.items() if name != "password"}


def _hidden(body: str) -> str:
    """Return a body of unknown places: any figure in it may be the guest's password."""
    return body[:ROOM_CHARACTERS] + re.sub(r"[0-9]", "*", body[ROOM_CHARACTERS:])


def _plain_value(value: Any) -> str | int | None:
    if isinstance(value, Coded):
        return value.code if value.word == UNKNOWN else value.word
    if value is None or isinstance(value, int):
        return value
    return str(msgspec.to_builtins(value))
