"""The rules of the record ED5.2, which account files and the on-the-fly stream share.

They run in the order of the field names: the type before the direction, the numbers before
`masked` (facts: oxe 2.1 to 2.4).
"""

import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from oxo_tickets.rules import (
    CONTROL,
    FACILITY_TYPES,
    Rule,
    kind_of_its_type,
    redial_reads_manual,
    set_field,
)
from oxo_tickets.ticket import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    Service,
    Ticket,
    TrunkKind,
)

if TYPE_CHECKING:
    from oxo_tickets.carriage import Carriage

_TYPE_OF = {
    Direction.OUTGOING: CommunicationType.OUTGOING,
    Direction.INCOMING: CommunicationType.INCOMING,
}
_TRANSFERRED = {
    CommunicationType.OUTGOING: CommunicationType.OUTGOING_TRANSFER,
    CommunicationType.INCOMING: CommunicationType.INCOMING_TRANSFER,
    CommunicationType.OUTGOING_TRANSIT: CommunicationType.OUTGOING_TRANSFER_TRANSIT,
    CommunicationType.OUTGOING_PRIVATE: CommunicationType.OUTGOING_TRANSFER_PRIVATE,
    CommunicationType.INCOMING_PRIVATE: CommunicationType.INCOMING_TRANSFER_PRIVATE,
}
_WITHOUT_CALL_TYPE = (None, CommunicationType.UNKNOWN)


def _is_local(ticket: Ticket) -> bool:
    return ticket.kind is Kind.LOCAL_CALL or ticket.direction is Direction.LOCAL


def _call_local_call_or_facility(ticket: Ticket, through: "Carriage", field: str) -> Ticket:
    if _is_local(ticket):
        return set_field(ticket, field, Kind.LOCAL_CALL)
    return kind_of_its_type(ticket, through, field)


def _call_types_of_ed52(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """A transfer is a facility of the call there, and a local call has no type."""
    if _is_local(ticket):
        return set_field(ticket, field, None)
    told = ticket.communication_type or (
        _TYPE_OF.get(ticket.direction) if ticket.direction else None
    )
    if told is not None and Facility.TRANSFER in ticket.facilities:
        told = _TRANSFERRED.get(told, told)
    return set_field(ticket, field, told or CommunicationType.UNKNOWN)


def _direction(ticket: Ticket) -> Direction | None:
    """Return who called, as the call type says; the type speaks where the two disagree."""
    if _is_local(ticket):
        return Direction.LOCAL
    if ticket.communication_type in _WITHOUT_CALL_TYPE:
        return ticket.direction if ticket.communication_type is None else None
    incoming = str(ticket.communication_type).startswith("incoming")
    return Direction.INCOMING if incoming else Direction.OUTGOING


def _direction_of_its_call_type(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    return set_field(ticket, field, _direction(ticket))


_AN_HOUR = timedelta(hours=1)


def _end_of_the_call(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """The end is always told; over a change of summer time it stands an hour off the sum."""
    ring = ticket.ring_seconds if _direction(ticket) is Direction.INCOMING else 0
    lasted = timedelta(seconds=(ring or 0) + (ticket.call_seconds or 0))
    by_its_seconds = ticket.local_time + lasted
    told = ticket.local_end
    if told is None or abs(told - by_its_seconds) == _AN_HOUR:
        told = by_its_seconds
    return set_field(ticket, field, told)


def _telephony_unless_told(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """One column tells telephony, data, or a facility, which then has no service."""
    facility = ticket.communication_type in FACILITY_TYPES and not _is_local(ticket)
    return set_field(ticket, field, None if facility else ticket.service or Service.TELEPHONY)


def _masked_by(mark: str) -> Rule:
    def _masked(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
        number = getattr(ticket, field) or ""
        hidden = min(ticket.masked.get(field, 0), len(number))
        return set_field(ticket, field, f"{number[: len(number) - hidden]}{mark * hidden}" or None)

    return _masked


_masked_by_stars = _masked_by("*")
_masked_by_dashes = _masked_by("-")
_MARKS = {"dialled_number": "-", "initial_user": "-", "charged_user": "*"}


def _first_called(ticket: Ticket, through: "Carriage", field: str) -> Ticket:
    if _direction(ticket) is not Direction.INCOMING:
        return set_field(ticket, field, None)
    return _masked_by_dashes(ticket, through, field)


def _told_by_dashes_and_stars(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """No mark says what is masked: the marks at the end of a number do."""
    told = {}
    for name, mark in _MARKS.items():
        number = getattr(ticket, name) or ""
        if hidden := len(number) - len(number.rstrip(mark)):
            told[name] = hidden
    return set_field(ticket, field, told)


def _speed_dial_or_manual(ticket: Ticket, through: "Carriage", field: str) -> Ticket:
    if _direction(ticket) is not Direction.OUTGOING:
        return set_field(ticket, field, None)
    told = set_field(ticket, field, ticket.dialling_mode or DiallingMode.MANUAL)
    return redial_reads_manual(told, through, field)


def _transfer_beside_its_type(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    if ticket.communication_type not in _TRANSFERRED.values():
        return ticket
    return set_field(ticket, field, tuple(sorted({*ticket.facilities, Facility.TRANSFER})))


_NO_LINE = 65535


def _number_of_the_line(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """A line is a number there; what is none, and any line of a local call, is not told."""
    told = ticket.trunk or ""
    line = int(told) if told.isascii() and told.isdigit() else _NO_LINE
    return set_field(ticket, field, None if _is_local(ticket) or line >= _NO_LINE else str(line))


def _analogue_alone(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """One code stands for every digital line, none for its kind."""
    analogue = ticket.trunk_kind is TrunkKind.ANALOGUE and not _is_local(ticket)
    return ticket if analogue else set_field(ticket, field, None)


_NAME_CHARACTERS = 20


def _twenty_ascii_characters(ticket: Ticket, _through: "Carriage", field: str) -> Ticket:
    """Letters lose their accents, and what is none then reads `?` (ours); local calls have none."""
    if _is_local(ticket):
        return set_field(ticket, field, None)
    bare = unicodedata.normalize("NFKD", (getattr(ticket, field) or "").strip())
    plain = "".join(letter for letter in bare if not unicodedata.combining(letter))
    told = CONTROL.sub("?", plain.encode("ascii", "replace").decode("ascii"))
    return set_field(ticket, field, told[:_NAME_CHARACTERS].rstrip(" ") or None)


RULES: Mapping[str, Rule] = {
    "call, local call or facility": _call_local_call_or_facility,
    "call types of ED5.2": _call_types_of_ed52,
    "direction of its call type": _direction_of_its_call_type,
    "end of the call": _end_of_the_call,
    "telephony unless told, or a facility": _telephony_unless_told,
    "masked by stars": _masked_by_stars,
    "masked by dashes": _masked_by_dashes,
    "first called, masked by dashes": _first_called,
    "told by dashes and stars": _told_by_dashes_and_stars,
    "speed dial or manual": _speed_dial_or_manual,
    "transfer beside its type": _transfer_beside_its_type,
    "number of the line": _number_of_the_line,
    "analogue alone": _analogue_alone,
    "twenty ASCII characters": _twenty_ascii_characters,
}
"""Rules that the table may name for the record ED5.2."""
