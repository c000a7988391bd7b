"""Mapping of the taxation wire: a record becomes a `Ticket`; and the reader of a whole list.

Meanings by docs/taxation.md. A code that no source knows does not spoil a ticket: its text goes
to `extras["taxation"]` under the tag's name, as does every tag the model has no word for.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

from lxml import etree
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    ReminderState,
    RoomStatus,
    Service,
    Ticket,
    TrunkKind,
)

from oxo_collector.decoders.outcome import Decoded, Malformed, quoted
from oxo_collector.decoders.taxation_record import UNKNOWN, CallAccounting, read_record
from oxo_collector.decoders.values import CACHED_COUNT_MAX, Coded, Unreadable
from oxo_collector.decoders.xml_document import DOCUMENT, local_name, originals, parse
from oxo_collector.wall_clock import shortest

Word = TypeVar("Word")

LIST = "CallAccountingList"
TICKET = "CallAccounting"
WIRE = "taxation"

REPEATED_HOUR_SECONDS = 3600
"""So far back a clock may go between begin and end of a call (daylight saving ends)."""

KINDS: Mapping[str, Kind] = {
    "Call": Kind.CALL,
    "LocalCall": Kind.LOCAL_CALL,
    "Facility": Kind.FACILITY,
    "Reminder": Kind.REMINDER,
    "RoomStatus": Kind.ROOM_STATUS,
}
TRUNKS: Mapping[str, TrunkKind] = {
    "L": TrunkKind.ANALOGUE,
    "N": TrunkKind.T0,
    "P": TrunkKind.T2,
    "V": TrunkKind.VOIP,
}
DIALLING_MODES: Mapping[str, DiallingMode] = {
    "Manual": DiallingMode.MANUAL,
    "Redial": DiallingMode.REDIAL,
    "IndividualSpeedDial": DiallingMode.INDIVIDUAL_SPEED_DIAL,
    "CollectiveSpeedDial": DiallingMode.COLLECTIVE_SPEED_DIAL,
}
SERVICES: Mapping[str, Service] = {"Telephony": Service.TELEPHONY, "Data": Service.DATA}
FACILITIES: Mapping[str, Facility] = {
    "ExternalForwarding": Facility.EXTERNAL_FORWARDING,
    "Forwarding": Facility.FORWARDING,
    "OnlineMetering": Facility.ONLINE_METERING,
    "RemoteSubstitution": Facility.REMOTE_SUBSTITUTION,
    "Transfer": Facility.TRANSFER,
    "UserToUser": Facility.USER_TO_USER,
}
REMINDER_STATES: Mapping[str, ReminderState] = {
    "Activation": ReminderState.ACTIVATION,
    "Cancellation": ReminderState.CANCELLATION,
    "Failed": ReminderState.FAILED,
    "Complete": ReminderState.COMPLETE,
}

ROOM_STATUSES: Mapping[str, RoomStatus] = {
    "0": RoomStatus.CLEANED,
    "1": RoomStatus.NOT_CLEANED,
}


def decode_list(document: bytes, zone: str | None) -> list[Decoded]:
    """Read a `CallAccountingList`: its tickets in order; one that cannot be read is kept as it is.

    A document that is broken, too long, of another root or with a document type is one
    `Malformed` with all its bytes; none of its tickets is delivered.
    """
    root = parse(document)
    if isinstance(root, Malformed):
        return [root]
    if local_name(root) != LIST:
        reason = f"wrong root: {quoted(local_name(root))} instead of {LIST}"
        return [Malformed(reason, document, DOCUMENT)]
    return decode_elements(document, root, root, zone)


def decode_elements(
    document: bytes,
    root: etree._Element,
    listed: etree._Element,
    zone: str | None,
    ticket: str = TICKET,
) -> list[Decoded]:
    """Read every child of a list that stands somewhere in a parsed document.

    Args:
        document: the bytes that were parsed.
        root: what was parsed from them.
        listed: the list, in it or itself the root.
        zone: IANA name, for the tickets.
        ticket: name of a ticket's element, without namespace.
    """
    elements = list(listed)
    outcomes = [_decode(element, zone, ticket) for element in elements]
    bad = [place for place, outcome in enumerate(outcomes) if isinstance(outcome, Unreadable)]
    raws = iter(originals(document, root, [elements[place] for place in bad]) if bad else ())
    decoded: list[Decoded] = [
        Malformed(str(outcome), next(raws), f"ticket {number}")
        if isinstance(outcome, Unreadable)
        else outcome
        for number, outcome in enumerate(outcomes, 1)
    ]
    texts = [listed.text, *(element.tail for element in elements)]
    if stray := "\n".join(text.strip() for text in texts if text and not text.isspace()):
        reason = f"text {quoted(stray)} between the tickets"
        decoded.append(Malformed(reason, stray.encode(), DOCUMENT))
    return decoded


def to_ticket(record: CallAccounting, zone: str | None) -> Ticket:
    """Map a record onto the model.

    Raises:
        Unreadable: the record tells no time, or an end long before its begin.
    """
    extras = dict(record.other_tags)
    local_time, charged_user, dialled_number = _either_shape(record, extras)
    kind = _kind(record, extras)
    communication_type, direction = _communication(record.communication_type)
    if communication_type is CommunicationType.UNKNOWN and record.communication_type:
        extras["CommunicationType"] = record.communication_type.code
    trunk_kind, trunk = _trunk(record.line, extras)
    return Ticket(
        kind=kind,
        local_time=local_time,
        direction=Direction.LOCAL if kind is Kind.LOCAL_CALL else direction,
        communication_type=communication_type,
        local_end=record.end,
        zone=zone,
        charged_user=charged_user,
        initial_user=record.initial_user,
        dialled_number=dialled_number,
        dialling_mode=_word(DIALLING_MODES, "DialMode", record.dialling_mode, extras),
        facilities=_facilities(record.facilities, extras) if record.facilities else (),
        service=_word(SERVICES, "Service", record.service, extras),
        trunk=trunk,
        trunk_kind=trunk_kind,
        ring_seconds=record.ring_s,
        call_seconds=_call_seconds(record, zone),
        units=record.units,
        cost=record.cost,
        currency=record.currency,
        account_code=record.account_code,
        subscriber_name=record.subscriber_name,
        reminder_time=record.reminder_time,
        reminder_state=_word(REMINDER_STATES, "ReminderState", record.reminder_state, extras),
        room_status=_word(ROOM_STATUSES, "RoomStatus", record.room_status, extras),
        room_problem=record.room_problem,
        extras={WIRE: extras} if extras else {},
    )


FACILITY_CODES = ("FacilityRequest", "FacilityCancelled")


def _decode(element: etree._Element, zone: str | None, ticket: str) -> Ticket | Unreadable:
    name = local_name(element)
    if name != ticket:
        return Unreadable(f"unexpected tag {quoted(name)} instead of {ticket}")
    try:
        return to_ticket(read_record(element), zone)
    except Unreadable as fault:
        return fault


def _either_shape(
    record: CallAccounting, extras: dict[str, str]
) -> tuple[datetime, str | None, str | None]:
    """Return time, charged user and number; where both shapes tell them, the call shape leads."""
    local_time = record.date_time or record.begin
    if local_time is None:
        raise Unreadable("Date and Time are absent")
    if record.date_time and record.begin:
        extras["DateOfBegin"] = record.begin.isoformat()
    if record.own_number is None and record.correspondent is None:
        return local_time, record.charged_user, record.dialled_number
    return (
        local_time,
        _first("DirNumber", record.charged_user, record.own_number, extras),
        _first("CorrNumber", record.dialled_number, record.correspondent, extras),
    )


def _first(tag: str, leading: str | None, other: str | None, extras: dict[str, str]) -> str | None:
    if leading is None:
        return other
    if other is not None:
        extras[tag] = other
    return leading


def _kind(record: CallAccounting, extras: dict[str, str]) -> Kind:
    """Without `TicketType` the shape tells."""
    if record.ticket_type:
        return _word(KINDS, "TicketType", record.ticket_type, extras) or Kind.UNKNOWN
    if record.begin is not None:
        return Kind.LOCAL_CALL
    called = record.communication_type
    return Kind.FACILITY if called and called.code in FACILITY_CODES else Kind.CALL


@lru_cache(CACHED_COUNT_MAX)
def _communication(coded: Coded | None) -> tuple[CommunicationType | None, Direction | None]:
    """Everything containing `Incoming`, and `BreakIn`, is incoming; the others are outgoing."""
    if coded is None:
        return None, None
    incoming = "Incoming" in coded.code or coded.code == "BreakIn"
    known = CommunicationType.UNKNOWN if coded.word == UNKNOWN else CommunicationType(coded.word)
    return known, Direction.INCOMING if incoming else Direction.OUTGOING


def _trunk(line: str | None, extras: dict[str, str]) -> tuple[TrunkKind | None, str | None]:
    """`N01` is T0 line 01; another letter says nothing that the model has a word for."""
    if not line:
        return None, None
    kind = TRUNKS.get(line[0])
    if kind is None:
        extras["TrunkID"] = line
        return None, None
    return kind, line[1:] or None


def _facilities(text: str, extras: dict[str, str]) -> tuple[Facility, ...]:
    words = text.split()
    if not all(word in FACILITIES for word in words):
        extras["Facilities"] = text
    return tuple(sorted({FACILITIES[word] for word in words if word in FACILITIES}))


def _word(
    table: Mapping[str, Word], tag: str, text: str | None, extras: dict[str, str]
) -> Word | None:
    """Return the model's word for a code; the text of an unknown one is kept."""
    if not text:
        return None
    word = table.get(text)
    if word is None:
        extras[tag] = text
    return word


def _call_seconds(record: CallAccounting, zone: str | None) -> int | None:
    """Return the duration; a local call has none but the difference of its two instants.

    Wall clocks are put forward and back once a year. The zone tells what that makes of a duration:
    the shortest that the stamps allow, for a call is rather short than an hour longer. Without a
    zone, a call over the repeated hour has no certain duration, so none is told.
    """
    if record.duration_s is not None or record.begin is None or record.end is None:
        return record.duration_s
    if zone is not None:
        seconds = int(shortest(record.begin, record.end, zone).total_seconds())
    else:
        seconds = int((record.end - record.begin).total_seconds())
    if seconds < (-REPEATED_HOUR_SECONDS if zone is None else 0):
        raise Unreadable(f"DateOfEnd {record.end} is before DateOfBegin {record.begin}")
    return seconds if seconds >= 0 else None
