"""From a ticket's meaning to the words of the print-out.

Letters, arrows and codes are those of the manual and of the one public program that reads them
(facts: oxo 2.1); the cells of a wake-up line other than its letter are ours, and so is the whole
line of a room status. Duration, units, cost
and service are always filled, the ring of an incoming call too, as the carriage table has it; what
else the ticket does not tell is blank. What the print-out has no word for is no statement at all
(`unprintable` says why), so that nothing is printed that means something else.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    RoomStatus,
    Service,
    Ticket,
    TrunkKind,
    UserKind,
)

from oxo_simulator.v24.codec import CellTooLong, Column, Statement, line
from oxo_simulator.v24.language import LANGUAGES
from oxo_simulator.v24.settings import V24Settings

CANNOT_BE_RENDERED = "cannot be rendered"
NO_STATEMENT = "no statement for a {}"
UNANSWERED = "unanswered call not printed"
LEASED = "leased line not printed"

OUTGOING_USER = "****"
"""Who was called first is nobody's question of an outgoing call (facts: oxo 2.1 IUS)."""

ATTENDANTS = "9"
"""`G9` is the attendant group (facts: oxo 2.1 IUS)."""

USER_DIGITS, USER_DIGITS_8 = 4, 8
"""Digits of a user beside its letter; of a longer number the last ones (facts: oxo 2.1 SUB)."""

LINE_DIGITS, LINE_DIGITS_4 = 2, 3

ARROWS: Mapping[Direction, str] = {Direction.OUTGOING: "-->", Direction.INCOMING: "<--"}

REQUESTS: Mapping[CommunicationType, str] = {
    CommunicationType.FACILITY_REQUEST: "CS+",
    CommunicationType.FACILITY_CANCELLED: "CS-",
}

USERS: Mapping[UserKind, str] = {
    UserKind.SET: "A",
    UserKind.HUNTING_GROUP: "G",
    UserKind.ATTENDANT_GROUP: "G",
    UserKind.ANALOGUE_LINE: "L",
    UserKind.T0: "N",
    UserKind.T2: "P",
    UserKind.VOIP: "V",
}

LINES: Mapping[TrunkKind, str] = {
    TrunkKind.ANALOGUE: "L",
    TrunkKind.T0: "N",
    TrunkKind.T2: "P",
    TrunkKind.VOIP: "V",
}

SERVICES: Mapping[Service, str] = {
    Service.TELEPHONY: "ST",
    # Values that begin with T are data; which one there is no source tells (facts: oxo 2.1 SER).
    Service.DATA: "T2",
}

FACILITIES: Mapping[Facility, str] = {
    Facility.TRANSFER: "X",
    Facility.EXTERNAL_FORWARDING: "R",
    Facility.FORWARDING: "N",
    Facility.REMOTE_SUBSTITUTION: "S",
    Facility.ONLINE_METERING: "T",
    Facility.USER_TO_USER: "I",
}
"""Letters in the order in which they combine (facts: oxo 2.1 FAC)."""

MODES: Mapping[DiallingMode, str] = {
    DiallingMode.MANUAL: "M",
    # No letter says redial, and R is a collective speed dial (facts: oxo 2.1, documented).
    DiallingMode.REDIAL: "M",
    DiallingMode.INDIVIDUAL_SPEED_DIAL: "I",
    DiallingMode.COLLECTIVE_SPEED_DIAL: "R",
}

ROOM_STATUS_LINE = "RST"
"""In the line column of a room status, in any language (ours; the setting's label is `RST`)."""

ROOM_STATUSES: Mapping[RoomStatus, str] = {RoomStatus.CLEANED: "0", RoomStatus.NOT_CLEANED: "1"}
"""First digit of the status; behind it the problem has three (facts: oxo 4, documented)."""

_PRIVATE = frozenset(kind for kind in CommunicationType if kind.value.endswith("private"))


def unprintable(ticket: Ticket, settings: V24Settings, columns: Sequence[Column]) -> str | None:
    """Say why this exchange prints no statement for a ticket; `None` when it does."""
    if ticket.kind not in (Kind.CALL, Kind.FACILITY, Kind.REMINDER, Kind.ROOM_STATUS):
        return NO_STATEMENT.format(ticket.kind.value)
    if _means_nothing(ticket):
        return CANNOT_BE_RENDERED
    if ticket.communication_type in _PRIVATE and not settings.leased_lines:
        return LEASED
    if not settings.unanswered and _unanswered(ticket):
        return UNANSWERED
    try:
        line(statement(ticket, settings), columns)
    except CellTooLong:
        return CANNOT_BE_RENDERED
    return None


def statement(ticket: Ticket, settings: V24Settings) -> Statement:
    """Say a ticket in the words of the print-out."""
    match ticket.kind:
        case Kind.REMINDER:
            letter = LANGUAGES[settings.language].wake_up
            programmed = ticket.reminder_time
            told = None if programmed is None else f"{programmed:%H%M}"
            return _event(ticket, settings, letter, told)
        case Kind.ROOM_STATUS:
            return _event(ticket, settings, ROOM_STATUS_LINE, _room_status(ticket))
    return _call(ticket, settings)


def _means_nothing(ticket: Ticket) -> bool:
    """Tell whether a line would leave out what it is about: its arrow, its room, its status."""
    match ticket.kind:
        case Kind.REMINDER:
            return False
        case Kind.ROOM_STATUS:
            return not ticket.charged_user or ticket.room_status is None
    return _type(ticket) is None


def _call(ticket: Ticket, settings: V24Settings) -> Statement:
    own = ticket.extras.get("v24", {})
    return Statement(
        initial_user=_initial(ticket, USER_DIGITS),
        charged_user=_user(ticket.charged_user, ticket.charged_user_kind, USER_DIGITS),
        type=_type(ticket),
        line=_line(ticket, LINE_DIGITS),
        date_time=ticket.local_time,
        duration_seconds=ticket.call_seconds or 0,
        units=ticket.units or 0,
        service=SERVICES[ticket.service or Service.TELEPHONY],
        facilities=_letters(ticket.facilities),
        dialled_number=_number(ticket, settings),
        dialling_mode=None if ticket.dialling_mode is None else MODES[ticket.dialling_mode],
        ring_seconds=_ring(ticket),
        cost=_money(ticket.cost or Decimal(0), settings.cost_decimals),
        account_code=_account_code(ticket.account_code, settings),
        subscriber_name=_name(ticket),
        node=own.get("NOD", str(settings.node)),
        carrier=own.get("CAR"),
        initial_user_8=_initial(ticket, USER_DIGITS_8),
        charged_user_8=_user(ticket.charged_user, ticket.charged_user_kind, USER_DIGITS_8),
        line_4=_line(ticket, LINE_DIGITS_4),
    )


def _event(ticket: Ticket, settings: V24Settings, letters: str, told: str | None) -> Statement:
    """Say what is no call: its letters as the line, its set, and what is told as the number.

    Of a reminder that is its hour, not what became of it. The letter of a reminder is documented
    (facts: oxo 3.2), all else is ours: the figures are fillers.
    """
    return Statement(
        charged_user=_user(ticket.charged_user, ticket.charged_user_kind, USER_DIGITS),
        line=letters,
        date_time=ticket.local_time,
        duration_seconds=0,
        units=0,
        service=SERVICES[Service.TELEPHONY],
        dialled_number=told,
        subscriber_name=_name(ticket),
        node=str(settings.node),
        charged_user_8=_user(ticket.charged_user, ticket.charged_user_kind, USER_DIGITS_8),
        line_4=letters,
    )


def _room_status(ticket: Ticket) -> str | None:
    """Say a status as its digit, and the problem, where one is told, in three more."""
    if ticket.room_status is None:
        return None
    problem = "" if ticket.room_problem is None else f"{ticket.room_problem:03}"
    return ROOM_STATUSES[ticket.room_status] + problem


def _unanswered(ticket: Ticket) -> bool:
    return (
        ticket.kind is Kind.CALL
        and ticket.direction is Direction.INCOMING
        and ticket.call_seconds == 0
    )


def _type(ticket: Ticket) -> str | None:
    requested = ticket.communication_type and REQUESTS.get(ticket.communication_type)
    if requested:
        return requested
    return None if ticket.direction is None else ARROWS.get(ticket.direction)


def _initial(ticket: Ticket, digits: int) -> str | None:
    if ticket.direction is Direction.OUTGOING and ticket.kind is Kind.CALL:
        return OUTGOING_USER
    return _user(ticket.initial_user, ticket.initial_user_kind, digits)


def _user(number: str | None, kind: UserKind | None, digits: int) -> str | None:
    """Say a user: a letter and the number's last digits; who is told without kind is a set."""
    if not number:
        return None
    if kind is UserKind.ATTENDANT_GROUP:
        number = ATTENDANTS
    return USERS[kind or UserKind.SET] + number[-digits:]


def _line(ticket: Ticket, digits: int) -> str | None:
    """Say an access; of one with more digits than fit, only its letter (facts: oxo 2.1 TR4)."""
    if ticket.trunk is None or ticket.trunk_kind is None:
        return None
    number = ticket.trunk if len(ticket.trunk) <= digits else "*" * digits
    return LINES[ticket.trunk_kind] + number


def _ring(ticket: Ticket) -> int | None:
    """An outgoing call rings elsewhere (facts: oxo 2.1 RIN, documented)."""
    return ticket.ring_seconds or 0 if ticket.direction is Direction.INCOMING else None


def _name(ticket: Ticket) -> str | None:
    return None if ticket.subscriber_name is None else ticket.subscriber_name.strip()


def _letters(facilities: Iterable[Facility]) -> str:
    taken = frozenset(facilities)
    return "".join(letter for facility, letter in FACILITIES.items() if facility in taken)


def _number(ticket: Ticket, settings: V24Settings) -> str | None:
    number = ticket.dialled_number
    if number is None:
        return None
    if settings.prefix == "removed" and ticket.direction is Direction.OUTGOING:
        number = number.removeprefix(settings.trunk_prefix)
    return masked(number, settings.mask_digits, settings.mask_character)


def _account_code(code: str | None, settings: V24Settings) -> str | None:
    if code is None:
        return None
    hidden = len(code) if settings.account_code_mask == "all" else int(settings.account_code_mask)
    return masked(code, hidden, settings.mask_character)


def masked(number: str, hidden: int, character: str) -> str:
    """Hide so many of the last characters; all of them where there are no more."""
    hidden = min(hidden, len(number))
    return number[: len(number) - hidden] + character * hidden


def _money(cost: Decimal, decimals: int) -> str:
    return f"{cost.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP):f}"
