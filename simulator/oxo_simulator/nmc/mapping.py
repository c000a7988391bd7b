"""From a ticket's meaning to a record of the NMC file.

The codes are those of the document (facts: oxo 5.2, documented). Where the record has no code for
what a ticket says, or no room, the ticket cannot be rendered: the exchange lets it go with that
reason, and nothing is altered on the way. A name alone is cut off, at its sixteen characters,
and a cost rounded to ten-thousandths, for the record can hold no more of them.

Ours: a redial reads manual, since the record knows none (facts: oxo 2.1); a trunk of unknown kind
has the code 255, as other undefined values have; years 70 to 99 are of the last century.
"""

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple

from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    Service,
    Ticket,
    TrunkKind,
    UserKind,
)

from oxo_simulator.nmc.codec import BLANK, COST_STEPS, AlzRecord

TrunkForm = Literal["left", "right", "spread"]
TicketMode = Literal["written-proof", "ticket", "network"]

UNDEFINED = 255
UNANSWERED = 255
"""In the place of the node, with network tickets (facts: oxo 5.2, documented)."""
REMINDER = 200
"""Call type of a reminder where the profile lets them in; ours, no source has one."""

SUBSCRIBER, GROUP = 0, 4
NETWORK_MODE = 3

CALL_TYPES: Mapping[CommunicationType, int] = {
    CommunicationType.OUTGOING: 0,
    CommunicationType.INCOMING: 1,
    CommunicationType.OUTGOING_TRANSFER: 2,
    CommunicationType.INCOMING_TRANSFER: 3,
    CommunicationType.OUTGOING_TRANSIT: 4,
    CommunicationType.INCOMING_TRANSIT: 5,
    CommunicationType.FACILITY_REQUEST: 8,
    CommunicationType.FACILITY_CANCELLED: 9,
    CommunicationType.OUTGOING_PRIVATE: 13,
    CommunicationType.INCOMING_PRIVATE: 14,
    CommunicationType.BREAK_OUT: 15,
    CommunicationType.BREAK_IN: 16,
    CommunicationType.UNKNOWN: UNDEFINED,
}

_UNTOLD = frozenset({CommunicationType.BREAK_IN, CommunicationType.UNKNOWN, None})
"""Types whose code does not say that somebody was called here."""

USER_TYPES: Mapping[UserKind, int] = {
    UserKind.SET: SUBSCRIBER,
    UserKind.ANALOGUE_LINE: 1,
    UserKind.T0: 2,
    UserKind.T2: 3,
    UserKind.HUNTING_GROUP: GROUP,
    UserKind.ATTENDANT_GROUP: GROUP,
    UserKind.VOIP: 6,
}

TRUNK_TYPES: Mapping[TrunkKind, int] = {
    TrunkKind.ANALOGUE: 1,
    TrunkKind.T0: 2,
    TrunkKind.T2: 3,
    TrunkKind.VOIP: 5,
}

SERVICES: Mapping[Service, int] = {Service.TELEPHONY: 0, Service.DATA: 1}

DIALLING_MODES: Mapping[DiallingMode, int] = {
    DiallingMode.MANUAL: 0,
    DiallingMode.REDIAL: 0,
    DiallingMode.INDIVIDUAL_SPEED_DIAL: 1,
    DiallingMode.COLLECTIVE_SPEED_DIAL: 2,
}

SERVICE_BITS: Mapping[Facility, int] = {
    Facility.USER_TO_USER: 1,
    Facility.EXTERNAL_FORWARDING: 2,
    Facility.ONLINE_METERING: 3,
    Facility.FORWARDING: 5,
    Facility.TRANSFER: 6,
    Facility.REMOTE_SUBSTITUTION: 7,
}

TICKET_MODES: Mapping[TicketMode, int] = {
    "written-proof": 1,
    "ticket": 2,
    "network": NETWORK_MODE,
}

# What the record has room for (facts: oxo 2.2, 5.2).
CALL_SECONDS_MAX = 24 * 3600 - 1
RING_SECONDS_MAX = 60 * 60 - 1
UNITS_MAX = COST_WHOLE_MAX = 65_535
FIRST_YEAR, LAST_YEAR = 1970, 2069
TRUNK_CHARACTERS_MAX = 3
NAME_CHARACTERS = 16

_USER = re.compile(r"[0-9A-D*#]{0,8}")
_DIALLED = re.compile(r"[0-9*#]{0,26}")
_ACCOUNT = re.compile(r"[0-9*#]{0,16}")
_TRUNK = re.compile(r"[0-9]{0,3}")
_STEP = Decimal(1) / COST_STEPS


class Manner(NamedTuple):
    """What a profile chooses about a record's values (facts: oxo 7.3, ours).

    Attributes:
        trunk_form: `left` writes `7` as `7`, two blanks; `right` as two blanks, `7`; `spread` as
            `0`, blank, `7`, the form of the printed sample.
        ticket_mode: the ticket mode of every record; `network` adds node and unanswered mark.
        node: number of the node, for `network`.
        reminders: whether reminders are written.
        character_set: of names.
    """

    trunk_form: TrunkForm = "left"
    ticket_mode: TicketMode = "written-proof"
    node: int = 1
    reminders: bool = False
    character_set: str = "iso-8859-1"


MANNER = Manner()
"""What no profile has changed."""


def unrenderable(ticket: Ticket, manner: Manner = MANNER) -> str | None:
    """Say what of a ticket the record cannot hold; `None` when it can hold all."""
    if ticket.kind is Kind.REMINDER:
        wrong = None if manner.reminders else "kind"
    elif ticket.kind not in (Kind.CALL, Kind.FACILITY, Kind.UNKNOWN):
        wrong = "kind"
    else:
        wrong = _type(ticket) or _numbers(ticket) or _figures(ticket)
    return wrong or _user_and_time(ticket, manner)


def alz_record(ticket: Ticket, manner: Manner = MANNER) -> AlzRecord:
    """Say a ticket in the record's words; only one of which nothing is `unrenderable`."""
    if ticket.kind is Kind.REMINDER:
        return AlzRecord(
            call_type=REMINDER,
            charged_user_type=_user_type(ticket.charged_user_kind, ticket.charged_user),
            charged_user=ticket.charged_user,
            date_time=ticket.local_time,
            subscriber_name=_name(ticket),
            ticket_mode=TICKET_MODES[manner.ticket_mode],
        )
    return AlzRecord(
        charged_user_type=_user_type(ticket.charged_user_kind, ticket.charged_user),
        charged_user=ticket.charged_user,
        call_type=CALL_TYPES.get(ticket.communication_type or CommunicationType.UNKNOWN, UNDEFINED),
        trunk_type=TRUNK_TYPES[ticket.trunk_kind] if ticket.trunk_kind else UNDEFINED,
        trunk=_trunk(ticket.trunk or "", manner.trunk_form),
        date_time=ticket.local_time,
        duration_seconds=ticket.call_seconds or 0,
        units=ticket.units or 0,
        service=SERVICES[ticket.service] if ticket.service else UNDEFINED,
        complementary_services=tuple(SERVICE_BITS[each] for each in ticket.facilities),
        dialled_number=ticket.dialled_number,
        dialling_mode=DIALLING_MODES[ticket.dialling_mode] if ticket.dialling_mode else UNDEFINED,
        ring_seconds=_ring(ticket),
        cost=_cost(ticket),
        account_code=ticket.account_code,
        subscriber_name=_name(ticket),
        initial_user_type=(
            _user_type(ticket.initial_user_kind, ticket.initial_user)
            if ticket.initial_user
            else UNDEFINED
        ),
        initial_user=ticket.initial_user,
        node=_node(ticket, manner),
        ticket_mode=TICKET_MODES[manner.ticket_mode],
    )


def _type(ticket: Ticket) -> str | None:
    """A record always has a type: one of a ticket without would be made up."""
    return None if ticket.communication_type in CALL_TYPES else "communication_type"


def _numbers(ticket: Ticket) -> str | None:
    for name, allowed in (
        ("initial_user", _USER),
        ("dialled_number", _DIALLED),
        ("account_code", _ACCOUNT),
        ("trunk", _TRUNK),
    ):
        if not allowed.fullmatch(getattr(ticket, name) or ""):
            return name
    return None


def _figures(ticket: Ticket) -> str | None:
    for name, value, most in (
        ("call_seconds", ticket.call_seconds, CALL_SECONDS_MAX),
        ("ring_seconds", _ring(ticket), RING_SECONDS_MAX),
        ("units", ticket.units, UNITS_MAX),
        ("cost", _cost(ticket), COST_WHOLE_MAX + 1 - _STEP),
    ):
        if value is not None and value > most:
            return name
    return None


def _user_and_time(ticket: Ticket, manner: Manner) -> str | None:
    if not _USER.fullmatch(ticket.charged_user or ""):
        return "charged_user"
    if not FIRST_YEAR <= ticket.local_time.year <= LAST_YEAR:
        return "local_time"
    try:
        _name(ticket).encode(manner.character_set)
    except UnicodeEncodeError:
        return "subscriber_name"
    return None


def _user_type(kind: UserKind | None, number: str | None) -> int:
    return USER_TYPES[kind] if kind and number else SUBSCRIBER


def _trunk(digits: str, form: TrunkForm) -> str:
    if form == "spread" and len(digits) < TRUNK_CHARACTERS_MAX:
        return " ".join(digits.zfill(2)) if digits else " " * TRUNK_CHARACTERS_MAX
    if form == "right":
        return digits.rjust(TRUNK_CHARACTERS_MAX)
    return digits.ljust(TRUNK_CHARACTERS_MAX)


def _ring(ticket: Ticket) -> int:
    """Ring time is a value of incoming calls only (facts: oxo 5.2, documented)."""
    incoming = ticket.direction is Direction.INCOMING and ticket.communication_type not in _UNTOLD
    return (ticket.ring_seconds or 0) if incoming else 0


def _cost(ticket: Ticket) -> Decimal:
    return (ticket.cost or Decimal(0)).quantize(_STEP, ROUND_HALF_UP)


def _name(ticket: Ticket) -> str:
    return (ticket.subscriber_name or "").strip()[:NAME_CHARACTERS].rstrip()


def _node(ticket: Ticket, manner: Manner) -> int:
    if manner.ticket_mode != "network":
        return BLANK
    incoming = ticket.direction is Direction.INCOMING
    return UNANSWERED if incoming and not ticket.call_seconds else manner.node
