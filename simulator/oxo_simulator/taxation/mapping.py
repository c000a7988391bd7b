"""From a ticket's meaning to the words of the taxation wire.

The spellings are those of docs/taxation.md: communication types as public programs read them
(facts: oxo 2.3, field), all others ours (facts: oxo 7.3). The tag set `observed` leaves out
every tag that no public program reads.

What cannot be said is never invented: a code the model does not know is written as it came
(`extras["taxation"]`), or as `Unknown` where it came from another wire.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Facility,
    Kind,
    ReminderState,
    RoomStatus,
    Service,
    Ticket,
    TrunkKind,
)

from oxo_simulator.taxation.codec import LAYOUT, WireTicket

TagSet = Literal["observed", "extended"]

UNKNOWN = "Unknown"

TICKET_TYPES: Mapping[Kind, str] = {
    Kind.CALL: "Call",
    Kind.LOCAL_CALL: "LocalCall",
    Kind.FACILITY: "Facility",
    Kind.REMINDER: "Reminder",
    Kind.ROOM_STATUS: "RoomStatus",
}

COMMUNICATION_TYPES: Mapping[CommunicationType, str] = {
    CommunicationType.OUTGOING: "Outgoing",
    CommunicationType.INCOMING: "Incoming",
    CommunicationType.OUTGOING_TRANSFER: "OutgoingTransfer",
    CommunicationType.INCOMING_TRANSFER: "IncomingTransfer",
    CommunicationType.OUTGOING_TRANSIT: "OutgoingTransit",
    CommunicationType.INCOMING_TRANSIT: "IncomingTransit",
    CommunicationType.OUTGOING_PRIVATE: "OutgoingPrivate",
    CommunicationType.INCOMING_PRIVATE: "IncomingPrivate",
    CommunicationType.OUTGOING_TRANSFER_PRIVATE: "OutgoingTransferPrivate",
    CommunicationType.INCOMING_TRANSFER_PRIVATE: "IncomingTransferPrivate",
    CommunicationType.OUTGOING_TRANSFER_TRANSIT: "OutgoingTransferTransit",
    CommunicationType.INCOMING_TRANSFER_TRANSIT: "IncomingTransferTransit",
    CommunicationType.FACILITY_REQUEST: "FacilityRequest",
    # No source has a word for a cancelled facility in XML; this one is ours.
    CommunicationType.FACILITY_CANCELLED: "FacilityCancelled",
    CommunicationType.BREAK_IN: "BreakIn",
    CommunicationType.BREAK_OUT: "BreakOut",
}

DIAL_MODES: Mapping[DiallingMode, str] = {
    DiallingMode.MANUAL: "Manual",
    DiallingMode.REDIAL: "Redial",
    DiallingMode.INDIVIDUAL_SPEED_DIAL: "IndividualSpeedDial",
    DiallingMode.COLLECTIVE_SPEED_DIAL: "CollectiveSpeedDial",
}

SERVICES: Mapping[Service, str] = {Service.TELEPHONY: "Telephony", Service.DATA: "Data"}

FACILITIES: Mapping[Facility, str] = {
    Facility.EXTERNAL_FORWARDING: "ExternalForwarding",
    Facility.FORWARDING: "Forwarding",
    Facility.ONLINE_METERING: "OnlineMetering",
    Facility.REMOTE_SUBSTITUTION: "RemoteSubstitution",
    Facility.TRANSFER: "Transfer",
    Facility.USER_TO_USER: "UserToUser",
}

REMINDER_STATES: Mapping[ReminderState, str] = {
    ReminderState.ACTIVATION: "Activation",
    ReminderState.CANCELLATION: "Cancellation",
    ReminderState.FAILED: "Failed",
    ReminderState.COMPLETE: "Complete",
}

ROOM_STATUSES: Mapping[RoomStatus, str] = {RoomStatus.CLEANED: "0", RoomStatus.NOT_CLEANED: "1"}
"""First digit of the status (facts: oxo 4, documented; that XML has it in this tag is ours)."""

TRUNK_LETTERS: Mapping[TrunkKind, str] = {
    TrunkKind.ANALOGUE: "L",
    TrunkKind.T0: "N",
    TrunkKind.T2: "P",
    TrunkKind.VOIP: "V",
}

_KNOWN_TAGS = frozenset(tag.name for tag in LAYOUT)


def wire_ticket(ticket: Ticket, tag_set: TagSet) -> WireTicket:
    """Say a ticket in the wire's words, with the tags that the set has."""
    raw = ticket.extras.get("taxation", {})
    record = WireTicket(
        ticket_type=TICKET_TYPES.get(ticket.kind) or raw.get("TicketType", UNKNOWN),
        subscriber_name=ticket.subscriber_name,
        communication_type=_communication_type(ticket, raw),
        account_code=ticket.account_code,
        ring_seconds=ticket.ring_seconds,
    )
    shaped = (
        _local_call(record, ticket) if ticket.kind is Kind.LOCAL_CALL else _call(record, ticket)
    )
    return _extended(shaped, ticket, raw) if tag_set == "extended" else shaped


def _communication_type(ticket: Ticket, raw: Mapping[str, str]) -> str | None:
    if ticket.communication_type is None:
        return None
    known = COMMUNICATION_TYPES.get(ticket.communication_type)
    return known or raw.get("CommunicationType", UNKNOWN)


def _call(record: WireTicket, ticket: Ticket) -> WireTicket:
    return replace(
        record,
        charged_user=ticket.charged_user,
        dialled_number=ticket.dialled_number,
        date_time=ticket.local_time,
        call_seconds=ticket.call_seconds,
    )


def _local_call(record: WireTicket, ticket: Ticket) -> WireTicket:
    """Say who, with whom, from when till when; the duration is the difference of the two."""
    return replace(
        record,
        own_number=ticket.charged_user,
        correspondent=ticket.dialled_number,
        begin=ticket.local_time,
        end=_local_end(ticket),
    )


def _local_end(ticket: Ticket) -> datetime | None:
    if ticket.local_end is None and ticket.call_seconds is not None:
        return ticket.local_time + timedelta(seconds=ticket.call_seconds)
    return ticket.local_end


def _extended(record: WireTicket, ticket: Ticket, raw: Mapping[str, str]) -> WireTicket:
    return replace(
        record,
        initial_user=ticket.initial_user,
        trunk=_trunk(ticket),
        units=ticket.units,
        cost=ticket.cost,
        currency=ticket.currency,
        dial_mode=DIAL_MODES[ticket.dialling_mode] if ticket.dialling_mode else None,
        service=SERVICES[ticket.service] if ticket.service else None,
        facilities=tuple(FACILITIES[facility] for facility in ticket.facilities) or None,
        reminder_time=ticket.reminder_time,
        reminder_state=REMINDER_STATES[ticket.reminder_state] if ticket.reminder_state else None,
        room_status=ROOM_STATUSES[ticket.room_status] if ticket.room_status else None,
        room_problem=ticket.room_problem,
        # A tag that the layout knows has its field in the model; a second one would contradict it.
        other_tags={name: value for name, value in raw.items() if name not in _KNOWN_TAGS},
    )


def _trunk(ticket: Ticket) -> str | None:
    if ticket.trunk is None and ticket.trunk_kind is None:
        return None
    letter = TRUNK_LETTERS[ticket.trunk_kind] if ticket.trunk_kind else ""
    return letter + (ticket.trunk or "")
