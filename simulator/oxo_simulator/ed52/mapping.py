"""From a ticket's meaning to a record ED5.2.

Codes are those of the document (facts: oxe 2.1 to 2.3), the rest of a record is filled as counted
in real files (facts: oxe 2.4, field). Where the record has no code for what a ticket says, or no
room, the ticket cannot be rendered: the exchange lets it go with that reason, and nothing is
altered on the way. A name alone is cut off at its twenty characters and loses its accents (no real
record has other than ASCII), and a cost is rounded to the decimals of the profile.

Ours: which code an OXO call type has, since the bigger sister knows others; a redial reads manual;
T0, T2 and VoIP are all ISDN; the transferring party is not known, so its column stays blank.
"""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    Service,
    Ticket,
    TrunkKind,
)

from oxo_simulator.ed52.layout import ED52, NO_NODE, NO_TRUNK, Layout, Record

UNRENDERABLE: Final = "cannot be rendered"

OUTGOING, INCOMING, OUTGOING_PRIVATE, INCOMING_PRIVATE, LOCAL, TRANSIT = 0, 4, 7, 13, 14, 15
UNSPECIFIED = 6
INWARDS, OUTWARDS = frozenset({INCOMING, INCOMING_PRIVATE}), frozenset({OUTGOING, OUTGOING_PRIVATE})

CALL_TYPES: Mapping[CommunicationType, int] = {
    CommunicationType.OUTGOING: OUTGOING,
    CommunicationType.OUTGOING_TRANSFER: OUTGOING,
    CommunicationType.INCOMING: INCOMING,
    CommunicationType.INCOMING_TRANSFER: INCOMING,
    CommunicationType.OUTGOING_PRIVATE: OUTGOING_PRIVATE,
    CommunicationType.OUTGOING_TRANSFER_PRIVATE: OUTGOING_PRIVATE,
    CommunicationType.INCOMING_PRIVATE: INCOMING_PRIVATE,
    CommunicationType.INCOMING_TRANSFER_PRIVATE: INCOMING_PRIVATE,
    CommunicationType.OUTGOING_TRANSIT: TRANSIT,
    CommunicationType.OUTGOING_TRANSFER_TRANSIT: TRANSIT,
    CommunicationType.FACILITY_REQUEST: OUTGOING,
    CommunicationType.FACILITY_CANCELLED: OUTGOING,
    CommunicationType.UNKNOWN: UNSPECIFIED,
}
"""CallType of each call type that has one."""

_OF_DIRECTION: Mapping[Direction | None, int] = {
    Direction.OUTGOING: OUTGOING,
    Direction.INCOMING: INCOMING,
}

TRANSFERS = frozenset(
    {
        CommunicationType.OUTGOING_TRANSFER,
        CommunicationType.INCOMING_TRANSFER,
        CommunicationType.OUTGOING_TRANSFER_PRIVATE,
        CommunicationType.INCOMING_TRANSFER_PRIVATE,
        CommunicationType.OUTGOING_TRANSFER_TRANSIT,
    }
)
_FACILITY_TYPES: Mapping[CommunicationType, int] = {
    CommunicationType.FACILITY_REQUEST: 3,
    CommunicationType.FACILITY_CANCELLED: 4,
}
VOICE, DATA = 1, 2

# Numbers of flags (facts: oxe 2.3).
PRESENTATION, FORWARDED_OUTSIDE, METERED, USER_TO_USER = 0, 5, 10, 14
FORWARDED, TRANSFERRED, BASIC_CALL, SUBSTITUTED = 5, 8, 23, 25
COLLECTIVE, INDIVIDUAL, ROUTED = 32, 33, 36
PULSES_BY_THE_EXCHANGE, ANALOGUE_WITHOUT_PULSES = 2, 3

EXTERNAL: Mapping[Facility, int] = {
    Facility.EXTERNAL_FORWARDING: FORWARDED_OUTSIDE,
    Facility.ONLINE_METERING: METERED,
    Facility.USER_TO_USER: USER_TO_USER,
}
INTERNAL: Mapping[Facility, int] = {
    Facility.FORWARDING: FORWARDED,
    Facility.TRANSFER: TRANSFERRED,
    Facility.REMOTE_SUBSTITUTION: SUBSTITUTED,
}
_DIALLED: Mapping[DiallingMode | None, tuple[int, ...]] = {
    DiallingMode.COLLECTIVE_SPEED_DIAL: (COLLECTIVE,),
    DiallingMode.INDIVIDUAL_SPEED_DIAL: (INDIVIDUAL,),
}

ANALOGUE, ISDN = 1, 2
UNRESTRICTED, SPEECH, AUDIO = 1, 2, 3
TELEPHONY = 1

NUMBERS: tuple[tuple[str, str], ...] = (
    ("charged_user", "ChargedNumber"),
    ("dialled_number", "CalledNumber"),
    ("initial_user", "InitialDialledNumber"),
    ("account_code", "AccessCode"),
)
UNITS_MAX = 99_999
RING_SECONDS_MAX = 99_999
CALL_SECONDS_MAX = 10**9
"""The column holds ten digits; a date does not reach so far."""
FIRST_YEAR, LAST_YEAR = 1900, 9900
TRUNK_DIGITS_MAX = 20
COST_MAX = 10**10 - 1


class NoCallType(ValueError):
    """A ticket's type has no code in the record; the text names it."""


class Manner(NamedTuple):
    """What a profile chooses about a record's values.

    Attributes:
        node: of the exchange, 100 x subnetwork + node.
        cost_decimals: of the currency; a cost is a whole number of its last decimal.
        trunk_group: of every trunk.
        routed: outgoing calls pass the route table (ARS): the number as dialled is told twice.
        transit: what a transit call tells of number and trunk: `told`, or `blank` as counted.
        non_ticketed: users whose records hide all numbers.
        hidden_digits: so many last digits of the number called are hidden, on outgoing calls.
    """

    node: int = 102
    cost_decimals: int = 2
    trunk_group: int = 211
    routed: bool = False
    transit: Literal["told", "blank"] = "told"
    non_ticketed: frozenset[str] = frozenset()
    hidden_digits: int = 0


MANNER = Manner()
"""What no profile has changed."""


def accepts(ticket: Ticket, manner: Manner = MANNER, layout: Layout = ED52) -> str | None:
    """Say why a ticket is not kept, in the ledger's words; `None` when it is."""
    return UNRENDERABLE if unrenderable(ticket, manner, layout) else None


def unrenderable(ticket: Ticket, manner: Manner = MANNER, layout: Layout = ED52) -> str | None:
    """Say what of a ticket the record cannot hold, by the ticket's field; `None`: it holds all."""
    if ticket.kind not in (Kind.CALL, Kind.LOCAL_CALL, Kind.FACILITY, Kind.UNKNOWN):
        return "kind"
    call_type = _call_type(ticket)
    if call_type is None:
        return "communication_type"
    for name, column in NUMBERS:
        number = getattr(ticket, name)
        if number and not _printable(number, layout.widths[column]):
            return name
    if not _is_trunk(ticket.trunk):
        return "trunk"
    return _figures(ticket, manner, call_type)


def record_of(ticket: Ticket, manner: Manner = MANNER) -> Record:
    """Say a ticket in the record's words; only one of which nothing is `unrenderable`.

    Raises:
        NoCallType: no code says its type.
    """
    call_type = _call_type(ticket)
    if call_type is None:
        raise NoCallType(str(ticket.communication_type))
    if call_type == LOCAL:
        words = _local(ticket, manner)
    else:
        words = _incoming(ticket) if call_type in INWARDS else _outgoing(ticket, manner)
        words |= _external(ticket, manner, call_type)
    words |= _common(ticket, manner, call_type)
    if ticket.charged_user in manner.non_ticketed:
        words |= _HIDDEN
    return Record(**words)


def _call_type(ticket: Ticket) -> int | None:
    """Return the code of a ticket's type, or of its direction where it has none."""
    if ticket.kind is Kind.LOCAL_CALL or ticket.direction is Direction.LOCAL:
        return LOCAL
    if ticket.communication_type is None:
        return _OF_DIRECTION.get(ticket.direction, UNSPECIFIED)
    return CALL_TYPES.get(ticket.communication_type)


def _common(ticket: Ticket, manner: Manner, call_type: int) -> dict[str, Any]:
    return {
        "call_type": call_type,
        "charged_number": _masked(ticket, "charged_user", "*"),
        "charged_party_node": manner.node,
        "charge_units": ticket.units or 0,
        "cost_info": _cost(ticket, manner),
        "access_code": ticket.account_code or "",
        "external_facilities": _external_flags(ticket, call_type),
        "internal_facilities": _internal_flags(ticket, manner, call_type),
        "start_date_time": ticket.local_time,
    }


def _outgoing(ticket: Ticket, manner: Manner) -> dict[str, Any]:
    seconds = ticket.call_seconds or 0
    called = _called(ticket, manner)
    return {
        "called_number": called,
        "charged_user_name": _name(ticket.subscriber_name),
        "end_date_time": _end(ticket, seconds),
        "duration": seconds,
        "specific_charge_info": _charge_flags(ticket),
        "bearer_capability": SPEECH,
        "high_level_comp": TELEPHONY,
        "initial_dialled_number": called if manner.routed else "",
        "acting_extension_number": _masked(ticket, "charged_user", "*"),
        "acting_extension_number_node": manner.node,
    }


def _incoming(ticket: Ticket) -> dict[str, Any]:
    ring, talk = ticket.ring_seconds or 0, ticket.call_seconds or 0
    first = ticket.initial_user
    redirected = bool(first and ticket.charged_user and first != ticket.charged_user)
    return {
        "called_number": _masked(ticket, "dialled_number", "-"),
        "charged_user_name": _name(ticket.subscriber_name),
        "end_date_time": _end(ticket, ring + talk),
        "duration": ring + talk,
        "bearer_capability": AUDIO,
        "initial_dialled_number": _masked(ticket, "initial_user", "-"),
        "waiting_duration": ring,
        "effective_call_duration": talk,
        "redirected_call_indicator": int(redirected),
    }


def _local(ticket: Ticket, manner: Manner) -> dict[str, Any]:
    seconds = ticket.call_seconds or 0
    called = _masked(ticket, "dialled_number", "-")
    return {
        "cost_type": 0,
        "called_number": called,
        "end_date_time": _end(ticket, seconds),
        "duration": seconds,
        "com_type": DATA if ticket.service is Service.DATA else VOICE,
        "initial_dialled_number": called,
        "effective_call_duration": seconds,
        "acting_extension_number": _masked(ticket, "charged_user", "*"),
        "called_number_node": manner.node,
        "initial_dialled_number_node": manner.node,
        "acting_extension_number_node": manner.node,
        "transit_trunk_group_identity": 0,
    }


def _external(ticket: Ticket, manner: Manner, call_type: int) -> dict[str, Any]:
    """What every call over a trunk says of it; later words stand in place of earlier ones."""
    words: dict[str, Any] = {
        "cost_type": _cost_type(ticket, call_type),
        "trunk_identity": int(ticket.trunk) if ticket.trunk else NO_TRUNK,
        "trunk_group_identity": manner.trunk_group,
        "trunk_node": manner.node,
        "com_type": _com_type(ticket),
    }
    if ticket.trunk_kind is TrunkKind.ANALOGUE:
        words |= {"bearer_capability": 0, "high_level_comp": 0}
    elif words["com_type"] == DATA:
        words |= {"bearer_capability": UNRESTRICTED, "high_level_comp": 0}
    if call_type == TRANSIT:
        words["transit_trunk_group_identity"] = manner.trunk_group
        if manner.transit == "blank":
            words |= _BLANK_TRANSIT
    return words


_BLANK_TRANSIT: Mapping[str, Any] = {
    "called_number": "",
    "acting_extension_number": "",
    "acting_extension_number_node": NO_NODE,
    "trunk_identity": NO_TRUNK,
}

_ALL_DASHES, _ALL_STARS = "-" * 30, "*" * 30
_HIDDEN: Mapping[str, Any] = {
    "called_number": _ALL_DASHES,
    "initial_dialled_number": _ALL_DASHES,
    "charged_number": _ALL_STARS,
    "calling_number": _ALL_STARS,
    "acting_extension_number": _ALL_STARS,
    "charged_cost_center": "*" * 10,
    "charged_user_name": "",
    "external_facilities": (),
}
"""Of a user who is not ticketed (facts: oxe 2.4, field)."""


def _cost_type(ticket: Ticket, call_type: int) -> int:
    if ticket.trunk_kind is TrunkKind.ANALOGUE:
        return ANALOGUE
    return 0 if call_type == INCOMING_PRIVATE else ISDN


def _com_type(ticket: Ticket) -> int:
    kind = ticket.communication_type or CommunicationType.UNKNOWN
    return _FACILITY_TYPES.get(kind, DATA if ticket.service is Service.DATA else VOICE)


def _charge_flags(ticket: Ticket) -> tuple[int, ...]:
    if ticket.units:
        metered = Facility.ONLINE_METERING in ticket.facilities
        return () if metered else (PULSES_BY_THE_EXCHANGE,)
    return (ANALOGUE_WITHOUT_PULSES,) if ticket.trunk_kind is TrunkKind.ANALOGUE else ()


def _external_flags(ticket: Ticket, call_type: int) -> tuple[int, ...]:
    told = tuple(EXTERNAL[each] for each in ticket.facilities if each in EXTERNAL)
    shown = call_type in OUTWARDS and ticket.trunk_kind is not TrunkKind.ANALOGUE
    return (PRESENTATION, *told) if shown else told


def _internal_flags(ticket: Ticket, manner: Manner, call_type: int) -> tuple[int, ...]:
    told = tuple(INTERNAL[each] for each in ticket.facilities if each in INTERNAL)
    if call_type == LOCAL:
        return told
    told += (BASIC_CALL,)
    if ticket.communication_type in TRANSFERS and TRANSFERRED not in told:
        told += (TRANSFERRED,)
    if call_type in INWARDS:
        return told
    told += _DIALLED.get(ticket.dialling_mode, ())
    return (*told, ROUTED) if manner.routed else told


def _called(ticket: Ticket, manner: Manner) -> str:
    number = _masked(ticket, "dialled_number", "-")
    hidden = min(manner.hidden_digits, len(number))
    return number[: len(number) - hidden] + "-" * hidden


def _masked(ticket: Ticket, name: str, character: str) -> str:
    number: str = getattr(ticket, name) or ""
    hidden = min(ticket.masked.get(name, 0), len(number)) if ticket.masked else 0
    return number[: len(number) - hidden] + character * hidden if hidden else number


@lru_cache(4096)
def _name(name: str | None) -> str:
    """Return a name in ASCII: letters without their accents, anything else as `?`."""
    letters = (
        each
        for each in unicodedata.normalize("NFKD", (name or "").strip())
        if not unicodedata.combining(each)
    )
    return "".join(each if " " <= each <= "~" else "?" for each in letters)[:20].rstrip()


def _cost(ticket: Ticket, manner: Manner) -> int:
    if not ticket.cost:
        return 0
    amount = ticket.cost.scaleb(manner.cost_decimals)
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def _end(ticket: Ticket, seconds: int) -> datetime:
    """Return when a call ended, by the wall clock: it jumps where the zone's clocks change."""
    if ticket.local_end is not None:
        return ticket.local_end
    length = timedelta(seconds=seconds)
    if ticket.zone is None:
        return ticket.local_time + length
    zone = ZoneInfo(ticket.zone)
    begin = ticket.local_time.replace(tzinfo=zone, fold=ticket.fold or 0)
    return (begin.astimezone(UTC) + length).astimezone(zone).replace(tzinfo=None)


def _printable(number: str, width: int) -> bool:
    plain = number.isascii() and number.isprintable() and number == number.strip()
    return plain and len(number) <= width


def _is_trunk(trunk: str | None) -> bool:
    if not trunk:
        return True
    digits = trunk.isascii() and trunk.isdigit() and len(trunk) <= TRUNK_DIGITS_MAX
    return digits and int(trunk) < NO_TRUNK


def _figures(ticket: Ticket, manner: Manner, call_type: int) -> str | None:
    ring = (ticket.ring_seconds or 0) if call_type in INWARDS else 0
    if ring > RING_SECONDS_MAX:
        return "ring_seconds"
    if (ticket.call_seconds or 0) > CALL_SECONDS_MAX:
        return "call_seconds"
    if (ticket.units or 0) > UNITS_MAX:
        return "units"
    if not FIRST_YEAR <= ticket.local_time.year <= LAST_YEAR:
        return "local_time"
    return "cost" if _cost(ticket, manner) > COST_MAX else None
