"""From what the exchange knows to what a frame says.

Calls become `J`, reminders become `P`; anything else the model knows has no frame of its own here
(a room status is a hotel event, not a ticket). What does not go into its place is not shortened:
such a ticket is not kept on this wire, for it would stand before all others. Two things are
coarser by nature: a name ends at the width of its place, money is rounded to hundredths.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from oxo_tickets import Direction, Kind, ReminderState, Ticket

from oxo_simulator.control.messages import HotelEvent
from oxo_simulator.exchange.notices import Notice
from oxo_simulator.ohl.codec import Body, CannotSay, LrcRange, Value, body_text, frame
from oxo_simulator.ohl.layout import FULL, FULL_SIX, LAYOUTS, PARTIAL, PARTIAL_SIX, Layouts

DIRECTIONS: Mapping[Direction, str] = {Direction.OUTGOING: "O", Direction.INCOMING: "I"}
"""Letters of ours; of a local call none is known."""

WAKE_UP_EVENTS: Mapping[ReminderState, str] = {
    ReminderState.ACTIVATION: "A",
    ReminderState.CANCELLATION: "C",
    ReminderState.FAILED: "F",
    ReminderState.COMPLETE: "D",
}
"""Letters of ours (facts: oxo 3.2 has the four events)."""

ATTEMPTS: Mapping[ReminderState, int] = {ReminderState.FAILED: 3, ReminderState.COMPLETE: 1}
"""So often a wake-up has rung whose ticket was loaded (facts: oxo 3.1, three); no ticket tells it,
and of its own reminders the exchange knows."""

ROOM_STATUS = {"cleaned": 0, "not cleaned": 1}
"""First digit of the status (facts: oxo 4, user guides)."""

NAME_CHARACTERS_MAX = 20

_OF_GUEST = frozenset({
    "guest_name", "language", "direct_number", "password", "barring", "do_not_disturb", "deposit",
    "reminder_time",
})  # fmt: skip
_BLANK: Mapping[str, Collection[str]] = {
    **dict.fromkeys(("A", "B", "M", "N", "R", "S"), _OF_GUEST),
    **dict.fromkeys((FULL, PARTIAL, FULL_SIX, PARTIAL_SIX), _OF_GUEST),
    "P": frozenset({"attempts"}),
}
"""What a frame may leave blank where it has no room, and still say what happened."""

_EVENTS = frozenset({"check-in", "check-out", "modification", "room status"})
_TEXTS = (
    "room", "guest_name", "language", "direct_number", "password", "barring", "reminder_time",
    "room_status",
)  # fmt: skip

_LETTERS: Mapping[str, tuple[str, str]] = {
    "check-in": ("A", "B"),
    "modification": ("M", "N"),
    "voice mail": ("M", "N"),
    "check-out": ("D", "D"),
    "room status": ("C", "C"),
    "phone allocation": ("H", "H"),
    "re-initialisation": (FULL, FULL_SIX),
}
"""Hotel event -> letter with a password of four digits, and of six."""


class FrameWriter:
    """Writes frames as one profile has them.

    Args:
        layouts: places in the bodies.
        lrc_range: what the check value covers.
    """

    def __init__(self, layouts: Layouts = LAYOUTS, lrc_range: LrcRange = "type-to-body") -> None:
        self._layouts = layouts
        self._lrc_range = lrc_range

    def text(self, letter: str, text: str) -> bytes:
        """Return a frame around characters that have no places.

        Raises:
            CannotSay: no frame can be around them.
        """
        return frame(letter, text, self._lrc_range)

    def body(self, letter: str, body: Body) -> bytes:
        """Return the frame that says `body`; a small letter is a partial re-initialisation.

        Raises:
            CannotSay: names what does not go into its place.
        """
        text = body_text(letter, body, self._layouts[letter])
        return frame(letter.upper(), text, self._lrc_range)

    def fitting(self, letter: str, body: Body) -> tuple[bytes, Mapping[str, str]]:
        """Return the frame that says of `body` what has room, and why the rest has none, by field.

        What is left out is blank: half a number would be another one.

        Raises:
            CannotSay: without what has no room the frame would say nothing.
        """
        left_out = {}
        for name in body.keys() & _BLANK.get(letter, ()):
            try:
                self.body(letter, {name: body[name]})
            except CannotSay as cannot:
                left_out[name] = str(cannot)
        return self.body(letter, {**body, **dict.fromkeys(left_out)}), left_out

    def ticket(self, ticket: Ticket, attempts: int | None = None) -> bytes:
        """Return the frame of a ticket; `attempts`: how often the set rang, where that is known.

        Raises:
            CannotSay: this wire has no way to say it.
        """
        return self.fitting(*ticket_body(ticket, attempts))[0]


def ticket_body(ticket: Ticket, attempts: int | None = None) -> tuple[str, Body]:
    """Return letter and values of a ticket's frame.

    Raises:
        CannotSay: this wire has no frame for such a ticket.
    """
    if ticket.kind is Kind.REMINDER:
        return "P", _wake_up(ticket, attempts)
    letter = DIRECTIONS.get(ticket.direction) if ticket.direction else None
    if ticket.kind is Kind.ROOM_STATUS or letter is None:
        direction = ticket.direction or "no direction"
        raise CannotSay(f"no frame says a {ticket.kind} of {direction}")
    return "J", _call(ticket, letter)


def _call(ticket: Ticket, direction: str) -> Body:
    return {
        "charged_user": ticket.charged_user,
        "direction": direction,
        "units": ticket.units or 0,
        "date": ticket.local_time.date(),
        "time": ticket.local_time.time(),
        "duration": ticket.call_seconds or 0,
        "dialled_number": ticket.dialled_number,
        "cost": (ticket.cost or Decimal(0)).quantize(Decimal("0.01"), ROUND_HALF_UP),
    }


def _wake_up(ticket: Ticket, attempts: int | None) -> Body:
    state = ticket.reminder_state
    if state is None:
        raise CannotSay("no frame says a reminder without its state")
    return {
        "room": ticket.charged_user,
        "wake_up_event": WAKE_UP_EVENTS[state],
        "date": ticket.local_time.date(),
        "time": ticket.local_time.time(),
        "reminder_time": ticket.reminder_time,
        "attempts": ATTEMPTS.get(state, 0) if attempts is None else attempts,
        "guest_name": _name(ticket.subscriber_name),
    }


def is_told(notice: Notice) -> bool:
    """Tell whether a notice has a frame, or tells something of one.

    Guest information and booth bills have none.
    """
    return notice.kind in _EVENTS or notice.kind in ("guest bill", "reminder")


def notice_body(notice: Notice, *, six_digits: bool) -> tuple[str, Body]:
    """Return letter and values of the frame that says what happened to a room, or its bill.

    Raises:
        CannotSay: a value cannot be one; names the field.
    """
    items = dict(notice.items)
    if notice.kind == "guest bill":
        return "T", bill_body(items)
    said: dict[str, Any] = {"event": notice.kind}
    said |= {name: items[name] for name in _TEXTS if name in items}
    if "do_not_disturb" in items:
        said["do_not_disturb"] = items["do_not_disturb"] == "yes"
    if "deposit" in items:
        said["deposit"] = Decimal(items["deposit"])
    if "problem" in items:
        said["problem"] = int(items["problem"])
    return event_body(HotelEvent(**said), six_digits=six_digits)


def bill_body(items: Mapping[str, str]) -> Body:
    """Return what a guest account says, of the items of a bill."""
    end = datetime.fromisoformat(items["to"])
    return {
        "room": items["room"],
        "date": end.date(),
        "time": end.time(),
        "calls": int(items["calls"]),
        "units": int(items["units"]),
        "cost": Decimal(items["cost"]).quantize(Decimal("0.01"), ROUND_HALF_UP),
    }


def event_body(event: HotelEvent, *, six_digits: bool) -> tuple[str, Body]:
    """Return letter and values of a hotel event's frame.

    Raises:
        CannotSay: no such frame is known, or a value cannot be one; names the field.
    """
    if event.event == "guest account":
        raise CannotSay(
            'rooms have an account in hotel mode only; this exchange has mode = "business"'
        )
    if event.event not in _LETTERS:
        raise CannotSay(f"event {event.event!r}: no body of its frame is known")
    if not event.room.strip():
        raise CannotSay("room: is empty; the number of a room is expected")
    letter = _LETTERS[event.event][six_digits]
    if letter == "C":
        return letter, _status(event)
    return letter, _guest(event)


def _status(event: HotelEvent) -> Body:
    if event.room_status is None:
        raise CannotSay("room_status: is missing; 'cleaned' or 'not cleaned' is expected")
    return {
        "room": event.room,
        "room_status": ROOM_STATUS[event.room_status],
        "problem": event.problem or 0,
    }


def _guest(event: HotelEvent) -> Body:
    guest: dict[str, Value] = {
        name: getattr(event, name)
        for name in (
            "room", "language", "direct_number", "password", "barring", "do_not_disturb",
            "deposit", "problem",
        )
    }  # fmt: skip
    return guest | {
        "guest_name": _name(event.guest_name),
        "reminder_time": _clock(event.reminder_time),
        "set": event.direct_number,
        "room_status": None if event.room_status is None else ROOM_STATUS[event.room_status],
    }


def _name(name: str | None) -> str | None:
    """End a name at the width of its place, as an exchange does."""
    return None if name is None else name.strip()[:NAME_CHARACTERS_MAX]


def _clock(text: str | None) -> time | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a wall clock's
    except ValueError:
        raise CannotSay(f"reminder_time: {text!r}; HH:MM is expected") from None
