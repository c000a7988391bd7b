"""What a call ticket means, in the words of the trade, whatever wire it came by.

One `Ticket` is one fact that an exchange wrote down about itself: a call, a facility asked of
the public network, an appointment reminder, a room's status. Nothing here knows a byte, a tag or a
column.
Sender and receiver each map their own wire onto this model; the carriage table
(`oxo_tickets.carriage`) says what each wire is able to tell.

Three conventions hold for every field:

* `None` means "the wire did not tell" (absent or blank); an empty string means that the wire
  told an empty value (facts: oxo 2.3, a charged user may be empty, documented).
* Numbers of users, trunks and correspondents are strings: `0` in front, `*` and `#` count.
  A masked number keeps its place holders, and `masked` says how many of its digits they hide.
* What a wire carries and this model has no word for stays in `extras[wire]`, untouched.

Source of the meanings: facts oxo 2.1-2.3, 3.2, 5.2; their standing is in the carriage table.
"""

from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal
from enum import StrEnum

import msgspec

COST_DIGITS_MAX = 12
"""No exchange charges a call with more digits, before or behind the point."""

ROOM_PROBLEM_MAX = 999
"""A problem has up to three digits (facts: oxo 4, documented)."""


class Kind(StrEnum):
    """What the ticket is about (facts: oxo 2.3, 3.2; the XML spelling of the kinds is ours)."""

    CALL = "call"
    LOCAL_CALL = "local call"
    FACILITY = "facility"
    REMINDER = "reminder"
    ROOM_STATUS = "room status"
    UNKNOWN = "unknown"


class Direction(StrEnum):
    """Who called, seen from the exchange."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"
    LOCAL = "local"


class CommunicationType(StrEnum):
    """The call type (facts: oxo 2.3 and the table of 5.2, documented; siblings inferred)."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"
    OUTGOING_TRANSFER = "outgoing transfer"
    INCOMING_TRANSFER = "incoming transfer"
    OUTGOING_TRANSIT = "outgoing transit"
    INCOMING_TRANSIT = "incoming transit"
    OUTGOING_PRIVATE = "outgoing private"
    INCOMING_PRIVATE = "incoming private"
    OUTGOING_TRANSFER_PRIVATE = "outgoing transfer private"
    INCOMING_TRANSFER_PRIVATE = "incoming transfer private"
    OUTGOING_TRANSFER_TRANSIT = "outgoing transfer transit"
    INCOMING_TRANSFER_TRANSIT = "incoming transfer transit"
    FACILITY_REQUEST = "facility request"
    FACILITY_CANCELLED = "facility cancelled"
    BREAK_IN = "break-in"
    BREAK_OUT = "break-out"
    UNKNOWN = "unknown"


class DiallingMode(StrEnum):
    """How the number was dialled (facts: oxo 2.1 DMO, documented; redial has no letter there)."""

    MANUAL = "manual"
    REDIAL = "redial"
    INDIVIDUAL_SPEED_DIAL = "individual speed dial"
    COLLECTIVE_SPEED_DIAL = "collective speed dial"


class Facility(StrEnum):
    """A supplementary service that took part in the call (facts: oxo 2.1 FAC, documented)."""

    TRANSFER = "transfer"
    EXTERNAL_FORWARDING = "external forwarding"
    FORWARDING = "forwarding"
    REMOTE_SUBSTITUTION = "remote substitution"
    ONLINE_METERING = "online metering"
    USER_TO_USER = "user-to-user signalling"


class UserKind(StrEnum):
    """What a charged or initial user is when the wire tells it (facts: oxo 2.1, 5.2)."""

    SET = "set"
    HUNTING_GROUP = "hunting group"
    ATTENDANT_GROUP = "attendant group"
    ANALOGUE_LINE = "analogue line"
    T0 = "T0"
    T2 = "T2"
    VOIP = "VoIP"


class TrunkKind(StrEnum):
    """The kind of public access (facts: oxo 2.1 TRK, documented)."""

    ANALOGUE = "analogue"
    T0 = "T0"
    T2 = "T2"
    VOIP = "VoIP"


class Service(StrEnum):
    """Bearer of the call (facts: oxo 2.1 SER, documented)."""

    TELEPHONY = "telephony"
    DATA = "data"


class ReminderState(StrEnum):
    """What happened to an appointment (facts: oxo 3.2; names documented, spelling ours)."""

    ACTIVATION = "activation"
    CANCELLATION = "cancellation"
    FAILED = "failed"
    COMPLETE = "complete"


class RoomStatus(StrEnum):
    """What housekeeping says of a room (facts: oxo 4: user guides say cleaned or not; documented).

    The manual words the same digit as free or occupied; the guides have the prefix with it.
    """

    CLEANED = "cleaned"
    NOT_CLEANED = "not cleaned"


class Resolution(StrEnum):
    """How fine the wire's time stamp is: a V24 statement knows no seconds."""

    SECOND = "second"
    MINUTE = "minute"


class Ticket(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    gc=False,  # texts and figures make no cycle, and a file of them would be traced for nothing
):
    """One ticket. Seconds are whole seconds, `cost` is in `currency`, times are local.

    Attributes:
        kind: what the ticket is about.
        direction: who called; of a reminder there is none.
        communication_type: the exchange's call type; `UNKNOWN` keeps its code in `extras`.
        local_time: wall clock of the exchange, without offset. The sources do not say whether
            it stamps the begin or the end of a call; one billing program takes the begin.
        local_end: second instant of the local-call shape (facts: oxo 2.3 `DateOfEnd`).
        resolution: fineness of `local_time`.
        zone: IANA name of the exchange's zone; a receiver takes it from its configuration.
        fold: 1 in the second pass of an hour repeated by daylight saving, where a wire tells.
        charged_user: the set, group or line that is charged; may be empty.
        charged_user_kind: what `charged_user` is, where the wire tells.
        initial_user: the number first called (incoming).
        initial_user_kind: what `initial_user` is.
        dialled_number: number dialled; of an incoming call the caller's number.
        masked: per number field, how many of its last digits are masked.
        dialling_mode: how the number was dialled.
        facilities: supplementary services, sorted and without repetition.
        service: telephony or data.
        trunk: number of the line.
        trunk_kind: kind of the line.
        ring_seconds: all ringing phases of an incoming call.
        call_seconds: time the line was allocated; 0 means not answered.
        units: metering units.
        cost: decimal, with the decimals of its source.
        currency: ISO 4217 code or the local name.
        account_code: up to 16 characters.
        subscriber_name: caller (outgoing) or called party (incoming).
        reminder_time: the programmed hour and minute of an appointment.
        reminder_state: what happened to the appointment.
        room_status: of a room, whose number is `charged_user`, and whose guest `subscriber_name`.
        room_problem: number of what housekeeping found there, 0 to 999.
        extras: wire name -> the wire's own name of the value -> text as it came.
    """

    kind: Kind
    local_time: datetime
    direction: Direction | None = None
    communication_type: CommunicationType | None = None
    local_end: datetime | None = None
    resolution: Resolution = Resolution.SECOND
    zone: str | None = None
    fold: int | None = None
    charged_user: str | None = None
    charged_user_kind: UserKind | None = None
    initial_user: str | None = None
    initial_user_kind: UserKind | None = None
    dialled_number: str | None = None
    masked: Mapping[str, int] = {}
    dialling_mode: DiallingMode | None = None
    facilities: tuple[Facility, ...] = ()
    service: Service | None = None
    trunk: str | None = None
    trunk_kind: TrunkKind | None = None
    ring_seconds: int | None = None
    call_seconds: int | None = None
    units: int | None = None
    cost: Decimal | None = None
    currency: str | None = None
    account_code: str | None = None
    subscriber_name: str | None = None
    reminder_time: time | None = None
    reminder_state: ReminderState | None = None
    room_status: RoomStatus | None = None
    room_problem: int | None = None
    extras: Mapping[str, Mapping[str, str]] = {}

    def __post_init__(self) -> None:
        """Refuse what no wire may say: offsets in a local time, unsorted facilities."""
        begin, end = self.local_time, self.local_end
        if begin.tzinfo is not None or (end is not None and end.tzinfo is not None):
            raise ValueError(
                "local_time and local_end are wall clock without an offset; put the zone in `zone`"
            )
        if begin.microsecond or (end is not None and end.microsecond):
            raise ValueError("local_time and local_end are told in whole seconds")
        if self.facilities and self.facilities != tuple(sorted(set(self.facilities))):
            raise ValueError("facilities are sorted and without repetition")
        if self.fold not in (None, 0, 1):
            raise ValueError("fold is 0 or 1")
        if self.cost is not None and not _is_amount(self.cost):
            raise ValueError(f"cost is an amount of money from 0 to below 10^{COST_DIGITS_MAX}")
        if (self.ring_seconds or 0) < 0 or (self.call_seconds or 0) < 0 or (self.units or 0) < 0:
            raise ValueError(f"{self._negative()} is not negative")
        if not 0 <= (self.room_problem or 0) <= ROOM_PROBLEM_MAX:
            raise ValueError(f"room_problem is 0 to {ROOM_PROBLEM_MAX}")

    def _negative(self) -> str:
        figures = ("ring_seconds", "call_seconds", "units")
        return next(name for name in figures if (getattr(self, name) or 0) < 0)


def _is_amount(cost: Decimal) -> bool:
    """Tell money from what a decimal may be besides: NaN, infinity, a debt, an absurd exponent."""
    if not cost.is_finite() or cost.is_signed():
        return False
    return -COST_DIGITS_MAX <= cost.adjusted() < COST_DIGITS_MAX


FIELDS: tuple[str, ...] = Ticket.__struct_fields__
"""Every field name, in the order of the model."""
