"""How a wire coarsens a field: the rules that the carriage table names.

A rule sees a ticket that was already reduced to what the wire carries, and returns it as the wire
tells it. They run in the order of the field names.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Protocol

from msgspec.structs import replace

from oxo_tickets.ticket import (
    CommunicationType,
    DiallingMode,
    Direction,
    Kind,
    Resolution,
    Service,
    Ticket,
    UserKind,
)

if TYPE_CHECKING:
    from oxo_tickets.carriage import Carriage


class Rule(Protocol):
    """Coarsens one field of a ticket that was already reduced to what the wire carries."""

    def __call__(self, ticket: Ticket, through: "Carriage", field: str, /) -> Ticket:
        """Return the ticket as the wire tells it."""


def set_field(ticket: Ticket, field: str, value: Any) -> Ticket:
    """Return the ticket with another value in one field."""
    return ticket if getattr(ticket, field) == value else replace(ticket, **{field: value})


# Times.


def _to_the_minute(ticket: Ticket, _through: "Carriage", _field: str) -> Ticket:
    minute = ticket.local_time.replace(second=0, microsecond=0)
    return replace(ticket, local_time=minute, resolution=Resolution.MINUTE)


def _reminders_to_the_minute(ticket: Ticket, through: "Carriage", field: str) -> Ticket:
    return _to_the_minute(ticket, through, field) if ticket.kind is Kind.REMINDER else ticket


def _length_of_a_local_call(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """Its two instants are all there is of it; over a change of the clocks they may tell none."""
    if ticket.kind is not Kind.LOCAL_CALL or ticket.local_end is None:
        return ticket
    seconds = int((ticket.local_end - ticket.local_time).total_seconds())
    return set_field(ticket, field, seconds if seconds >= 0 else None)


def _end_of_a_local_call(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """No other ticket has one; where the length alone is known, the end is written by it."""
    if ticket.kind is not Kind.LOCAL_CALL:
        return set_field(ticket, field, None)
    if ticket.local_end is not None or ticket.call_seconds is None:
        return ticket
    return set_field(ticket, field, ticket.local_time + timedelta(seconds=ticket.call_seconds))


# Kind, type and direction.

FACILITY_TYPES = (CommunicationType.FACILITY_REQUEST, CommunicationType.FACILITY_CANCELLED)
_WITHOUT_DIRECTION = (
    None,
    CommunicationType.UNKNOWN,
    CommunicationType.BREAK_IN,
    CommunicationType.BREAK_OUT,
)
_NO_CALLS = (Kind.REMINDER, Kind.ROOM_STATUS)


def kind_of_its_type(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """No such wire has a mark for the kind: a call's type says whether it is a facility."""
    if ticket.kind in _NO_CALLS:
        return ticket
    facility = ticket.communication_type in FACILITY_TYPES
    return set_field(ticket, field, Kind.FACILITY if facility else Kind.CALL)


def _calls_and_reminders(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """A hotel link has one message for every call."""
    return ticket if ticket.kind in _NO_CALLS else set_field(ticket, field, Kind.CALL)


_ARROWS = {
    Direction.OUTGOING: CommunicationType.OUTGOING,
    Direction.INCOMING: CommunicationType.INCOMING,
}


def _arrow(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """An arrow knows outgoing and incoming; `CS+` and `CS-` are facilities."""
    if ticket.communication_type in FACILITY_TYPES:
        return ticket
    return set_field(ticket, field, _ARROWS.get(ticket.direction) if ticket.direction else None)


def _public_directions(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    return set_field(ticket, field, None) if ticket.direction is Direction.LOCAL else ticket


def _direction_of_its_type(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """The record has a call type and no direction beside it; some types tell none."""
    return (
        set_field(ticket, field, None)
        if ticket.communication_type in _WITHOUT_DIRECTION
        else ticket
    )


# Users and lines.

_USERS = {"charged_user_kind": "charged_user", "initial_user_kind": "initial_user"}


def _a_set_unless_told(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """A letter or a code always stands before the number, and `a set` is the plain one."""
    if getattr(ticket, _USERS[field]) is None:
        return set_field(ticket, field, None)
    return set_field(ticket, field, getattr(ticket, field) or UserKind.SET)


def _any_group_alike(ticket: Ticket, through: "Carriage", field: str) -> Ticket:
    """One code stands for a group of subscribers and for the attendants."""
    seen = _a_set_unless_told(ticket, through, field)
    group = getattr(seen, field) is UserKind.ATTENDANT_GROUP
    return set_field(seen, field, UserKind.HUNTING_GROUP) if group else seen


def _last_four_digits(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    number: str | None = getattr(ticket, field)
    return set_field(ticket, field, number[-4:] if number else number)


def _two_digits_behind_a_letter(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """A longer number prints as two stars; without its letter a line cannot be told."""
    told = ticket.trunk_kind is not None and len(ticket.trunk or "") <= _TRUNK_DIGITS
    return ticket if told else set_field(ticket, field, None)


_TRUNK_DIGITS = 2


def _only_with_its_number(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """No line, no letter; a number that prints as stars takes its letter with it."""
    return ticket if ticket.trunk is not None else set_field(ticket, field, None)


def _told_by_its_stars(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """No mark says what is masked: the last four digits are, where stars stand in their place."""
    number = ticket.dialled_number or ""
    hidden = min(len(number), _MASKED_DIGITS)
    told = {"dialled_number": hidden} if hidden and number.endswith("*" * hidden) else {}
    return set_field(ticket, field, told)


_MASKED_DIGITS = 4


def redial_reads_manual(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """No letter and no code stands for a redial (facts: oxo 2.1, documented)."""
    redial = ticket.dialling_mode is DiallingMode.REDIAL
    return set_field(ticket, field, DiallingMode.MANUAL) if redial else ticket


def _telephony_unless_told(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    return set_field(ticket, field, ticket.service or Service.TELEPHONY)


# Figures, names, tags.

_CHARACTER_SET = "iso-8859-1"
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def _absent_reads_zero(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """A figure that the wire always fills."""
    return set_field(ticket, field, getattr(ticket, field) or 0)


def _ring_of_an_incoming_call(ticket: Ticket, through: "Carriage", field: str) -> Ticket:
    if ticket.direction is not Direction.INCOMING:
        return set_field(ticket, field, None)
    return _absent_reads_zero(ticket, through, field)


def _amount(step: Decimal) -> Rule:
    def _rounded(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
        return set_field(ticket, field, (ticket.cost or Decimal(0)).quantize(step, ROUND_HALF_UP))

    return _rounded


def _cut(characters: int) -> Rule:
    """A column pads with blanks, so that those around a name are not told; the end is cut off.

    What ISO-8859-1 has no letter for reads `?`, as does a control character (ours).
    """

    def _short(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
        name = (getattr(ticket, field) or "").strip()
        told = name.encode(_CHARACTER_SET, "replace").decode(_CHARACTER_SET)
        return set_field(ticket, field, CONTROL.sub("?", told)[:characters].rstrip(" ") or None)

    return _short


def _own_tags(ticket: Ticket, through: "Carriage", field: str) -> Ticket:
    own = {wire: tags for wire, tags in ticket.extras.items() if wire == through.wire}
    return set_field(ticket, field, own)


RULES: Mapping[str, Rule] = {
    "minute": _to_the_minute,
    "reminders to the minute": _reminders_to_the_minute,
    "length of a local call": _length_of_a_local_call,
    "end of a local call": _end_of_a_local_call,
    "kind of its type": kind_of_its_type,
    "calls and reminders": _calls_and_reminders,
    "arrow": _arrow,
    "public directions": _public_directions,
    "direction of its type": _direction_of_its_type,
    "a set unless told": _a_set_unless_told,
    "any group alike": _any_group_alike,
    "last four digits": _last_four_digits,
    "two digits behind a letter": _two_digits_behind_a_letter,
    "only with its number": _only_with_its_number,
    "told by its stars": _told_by_its_stars,
    "redial reads manual": redial_reads_manual,
    "telephony unless told": _telephony_unless_told,
    "absent reads zero": _absent_reads_zero,
    "ring of an incoming call": _ring_of_an_incoming_call,
    "hundredths": _amount(Decimal("0.01")),
    "ten-thousandths": _amount(Decimal("0.0001")),
    "sixteen characters": _cut(16),
    "twenty characters": _cut(20),
    "own tags": _own_tags,
}
"""Rules of the exchange's own wires. They run in the order of the field names."""
