"""Mapping of a V24 statement onto the model (facts: oxo 2.1; carriage `v24.fifteen`).

The stamp has no seconds, the arrows know outgoing and incoming only, and redial prints like
manual. What the model has no word for stays in `extras["v24"]`, under the exchange's short name
of the column.
"""

import re
from collections.abc import Callable, Mapping
from datetime import time
from decimal import Decimal
from typing import NamedTuple

from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    Resolution,
    RoomStatus,
    Service,
    Ticket,
    TrunkKind,
    UserKind,
)

from oxo_collector.decoders.v24_statement import UNKNOWN, Party, Statement
from oxo_collector.decoders.values import Unreadable, clock_time

WIRE = "v24"

PROGRAMMED_DIGITS = 4
"""A wake-up line has the programmed hour and minute in the number column, `0700` (ours)."""

_ROOM_STATUS = re.compile(r"([01])([0-9]{3})?")
"""A room status line has there the digit and, where a problem is told, its number (ours)."""

KINDS: Mapping[str, Kind] = {
    "call": Kind.CALL,
    "facility request": Kind.FACILITY,
    "wake-up": Kind.REMINDER,
    "room status": Kind.ROOM_STATUS,
}
TYPES: Mapping[str, tuple[CommunicationType, Direction]] = {
    "-->": (CommunicationType.OUTGOING, Direction.OUTGOING),
    "<--": (CommunicationType.INCOMING, Direction.INCOMING),
    "CS+": (CommunicationType.FACILITY_REQUEST, Direction.OUTGOING),
    "CS-": (CommunicationType.FACILITY_CANCELLED, Direction.OUTGOING),
}
USERS: Mapping[str, UserKind] = {
    "set": UserKind.SET,
    "hunting group": UserKind.HUNTING_GROUP,
    "attendant group": UserKind.ATTENDANT_GROUP,
    "analogue line": UserKind.ANALOGUE_LINE,
    "T0": UserKind.T0,
    "T2": UserKind.T2,
    "VoIP": UserKind.VOIP,
}
TRUNKS: Mapping[str, TrunkKind] = {
    "L": TrunkKind.ANALOGUE,
    "N": TrunkKind.T0,
    "P": TrunkKind.T2,
    "V": TrunkKind.VOIP,
}
FACILITIES: Mapping[str, Facility] = {
    "X": Facility.TRANSFER,
    "R": Facility.EXTERNAL_FORWARDING,
    "N": Facility.FORWARDING,
    "S": Facility.REMOTE_SUBSTITUTION,
    "T": Facility.ONLINE_METERING,
    "I": Facility.USER_TO_USER,
}
ROOM_STATUSES: Mapping[str, RoomStatus] = {
    "0": RoomStatus.CLEANED,
    "1": RoomStatus.NOT_CLEANED,
}
DIALLING_MODES: Mapping[str, DiallingMode] = {
    "M": DiallingMode.MANUAL,
    "I": DiallingMode.INDIVIDUAL_SPEED_DIAL,
    "R": DiallingMode.COLLECTIVE_SPEED_DIAL,
}


def to_ticket(statement: Statement, zone: str | None) -> Ticket:
    """Map a statement; a site that prints eight digits is read from those columns."""
    extras: dict[str, str] = {}
    call = statement.kind not in NO_CALLS
    column = _NumberColumn(statement.dialled_number)
    if not call:
        column = NO_CALLS[statement.kind](statement.dialled_number)
    charged_user, charged_user_kind = _user(statement.charged_user_8 or statement.charged_user)
    initial_user, initial_user_kind = _user(statement.initial_user_8 or statement.initial_user)
    trunk_kind, trunk = _trunk(statement, extras)
    communication_type, direction = TYPES[statement.type.code] if statement.type else (None, None)
    _keep_the_rest(statement, extras)
    return Ticket(
        kind=KINDS[statement.kind],
        local_time=statement.date_time,
        direction=direction,
        communication_type=communication_type,
        resolution=Resolution.MINUTE,
        zone=zone,
        charged_user=charged_user,
        charged_user_kind=charged_user_kind,
        initial_user=initial_user,
        initial_user_kind=initial_user_kind,
        dialled_number=column.number,
        masked=statement.masked if column.number else {},
        dialling_mode=_dialling_mode(statement),
        facilities=_facilities(statement),
        service=_service(statement) if call else None,
        trunk=trunk,
        trunk_kind=trunk_kind,
        ring_seconds=statement.ring_s,
        call_seconds=_unless_filler(statement.duration_s, call=call),
        units=_unless_filler(statement.units, call=call),
        cost=None if statement.cost is None else Decimal(statement.cost),
        account_code=statement.account_code,
        subscriber_name=statement.subscriber_name,
        reminder_time=column.reminder_time,
        room_status=column.room_status,
        room_problem=column.room_problem,
        extras={WIRE: extras} if extras else {},
    )


class _NumberColumn(NamedTuple):
    """What the number column tells: a number, or what stands there of what is no call."""

    number: str | None = None
    reminder_time: time | None = None
    room_status: RoomStatus | None = None
    room_problem: int | None = None


def _programmed(number: str | None) -> _NumberColumn:
    """Return the programmed time of a wake-up, or the text of the column where it is none."""
    if number is None or len(number) != PROGRAMMED_DIGITS:
        return _NumberColumn(number)
    try:
        return _NumberColumn(reminder_time=clock_time(f"{number[:2]}:{number[2:]}"))
    except Unreadable:
        return _NumberColumn(number)


def _housekeeping(number: str | None) -> _NumberColumn:
    """Return status and problem of a room, or the text of the column where it is neither."""
    found = _ROOM_STATUS.fullmatch(number or "")
    if found is None:
        return _NumberColumn(number)
    problem = None if found[2] is None else int(found[2])
    return _NumberColumn(room_status=ROOM_STATUSES[found[1]], room_problem=problem)


NO_CALLS: Mapping[str, Callable[[str | None], _NumberColumn]] = {
    "wake-up": _programmed,
    "room status": _housekeeping,
}
"""Kind of a statement that is no call -> reader of its number column."""


def _unless_filler(figure: int | None, *, call: bool) -> int | None:
    """What is no call fills the columns of a call with zeros; they tell nothing."""
    return figure if call or figure else None


def _user(party: Party | None) -> tuple[str | None, UserKind | None]:
    """`****` is nobody; a letter that no source knows stays in front of the number."""
    if party is None or party.word == "outgoing call":
        return None, None
    if party.number is None:
        return party.code, None
    return party.number, USERS[party.word]


def _trunk(statement: Statement, extras: dict[str, str]) -> tuple[TrunkKind | None, str | None]:
    """`N**` means that the number needs four characters: it has its own column, or none."""
    line = statement.line_4 or statement.line
    if line is None:
        return None, None
    kind = TRUNKS.get(line.code)
    if kind is None or line.number is None:
        if line.word == UNKNOWN:
            extras["TRK"] = line.code
        return None, None
    if line.number.startswith("*"):
        extras["TRK"] = line.code + line.number
        return kind, None
    return kind, line.number


def _dialling_mode(statement: Statement) -> DiallingMode | None:
    mode = statement.dialling_mode
    return DIALLING_MODES.get(mode.code) if mode else None


def _facilities(statement: Statement) -> tuple[Facility, ...]:
    if not statement.facilities.raw:
        return ()
    known = {FACILITIES[letter] for letter in statement.facilities.raw if letter in FACILITIES}
    return tuple(sorted(known))


def _service(statement: Statement) -> Service | None:
    if statement.service is None or statement.service.word == UNKNOWN:
        return None
    return Service(statement.service.word)


def _keep_the_rest(statement: Statement, extras: dict[str, str]) -> None:
    """Columns and codes that the model has no word for; `T2` says more than data."""
    if statement.node is not None:
        extras["NOD"] = statement.node
    if statement.carrier is not None:
        extras["CAR"] = statement.carrier
    if statement.account_code_name is not None:
        extras["ACCOUNT CODE NAME"] = statement.account_code_name
    if statement.service and statement.service.code != "ST":
        extras["SER"] = statement.service.code
    if statement.dialling_mode and statement.dialling_mode.word == UNKNOWN:
        extras["DMO"] = statement.dialling_mode.code
    if any(coded.word == UNKNOWN for coded in statement.facilities.set):
        extras["FAC"] = statement.facilities.raw
