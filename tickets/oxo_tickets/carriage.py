"""The carriage table: which fields each wire carries, coarsens or leaves out.

The judge compares *projections*: what the exchange made, seen through the wire, against what a
collector delivered, seen through the same wire. A field that the wire does not carry can be
neither right nor wrong there: it is *not observable*.

The figures and texts of a fixed-column wire are always there: a blank is no text, a zero may be
no figure. Both sides of a comparison are projected, so that whichever of the two a reader says
counts as the same.

Hotel events (check-in and check-out, room status, a guest's data) travel on the hotel link beside
the tickets and are none: they say what a hotel wants of the exchange, they are not what the
exchange wrote down about a call or an appointment, no other wire carries them, and nobody is
charged by them. They have no row here and no place in `Ticket`.
"""

import re
import tomllib
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from oxo_tickets.ticket import (
    FIELDS,
    CommunicationType,
    DiallingMode,
    Direction,
    Kind,
    Resolution,
    Service,
    Ticket,
    UserKind,
)

ON_EVERY_WIRE = ("kind", "local_time")
"""Fields that no wire may lack: a record without them is no ticket.

The taxation list, the NMC record (call type, bytes 15-20), a statement (its line, DAT and TIM) and
the hotel link (message letter, date and time) all have both.
"""

CALLS = "calls"
REMINDERS = "reminders"


class Standing(StrEnum):
    """How firm a layout or behaviour is."""

    DOCUMENTED = "documented"
    FIELD = "field"
    INFERRED = "inferred"
    OURS = "ours"


class Carriage(msgspec.Struct, frozen=True):
    """What one wire under one tag set carries.

    Attributes:
        wire: name of the wire, such as `taxation`.
        tag_set: name of the selection of tags or columns.
        title: the same in words.
        standings: field -> how firm it is that the wire carries it.
        rules: field -> name of the rule that coarsens it; a field without rule arrives whole.
        only: field -> `calls` (facilities among them) or `reminders`, where the wire has it for
            those alone.
        blank_is_absent: an empty text and none at all look alike on the wire.
    """

    wire: str
    tag_set: str
    title: str
    standings: Mapping[str, Standing]
    rules: Mapping[str, str]
    only: Mapping[str, str] = {}
    blank_is_absent: bool = False

    def carries(self, field: str, kind: Kind | None = None) -> bool:
        """Tell whether the field arrives, be it coarser; with `kind`, in tickets of that kind."""
        if field not in self.standings:
            return False
        if kind is None or field not in self.only:
            return True
        return self.only[field] == (REMINDERS if kind is Kind.REMINDER else CALLS)


class CarriageUnknown(LookupError):
    """The carriage table has no such wire or tag set; the text lists those it has."""


@cache
def carriages() -> Mapping[tuple[str, str], Carriage]:
    """Return the whole table by (wire, tag set)."""
    table = tomllib.loads(files("oxo_tickets").joinpath("carriage.toml").read_text("utf-8"))
    return {
        (wire, tag_set): _carriage(wire, tag_set, entry)
        for wire, tag_sets in table.items()
        for tag_set, entry in tag_sets.items()
    }


def carriage(wire: str, tag_set: str) -> Carriage:
    """Return one row of the table.

    Raises:
        CarriageUnknown: no such row.
    """
    try:
        return carriages()[wire, tag_set]
    except KeyError:
        known = ", ".join("/".join(key) for key in carriages())
        raise CarriageUnknown(
            f"{wire}/{tag_set} is not in the carriage table; known: {known}"
        ) from None


def project(ticket: Ticket, through: Carriage) -> Ticket:
    """Return the ticket as it can be known after the wire: absent fields gone, others coarsened.

    `kind` and `local_time` exist on every wire and stay, be it coarser. Projecting twice through
    one wire is projecting once.
    """
    seen = {
        name: _told(getattr(ticket, name), through)
        for name in FIELDS
        if name in ON_EVERY_WIRE or through.carries(name, ticket.kind)
    }
    projected = Ticket(**seen)
    for name in sorted(through.rules):
        if name in seen:
            projected = RULES[through.rules[name]](projected, through, name)
    return projected


def _told(value: Any, through: Carriage) -> Any:
    return None if through.blank_is_absent and value == "" else value


class Rule(Protocol):
    """Coarsens one field of a ticket that was already reduced to what the wire carries."""

    def __call__(self, ticket: Ticket, through: Carriage, field: str, /) -> Ticket:
        """Return the ticket as the wire tells it."""


def _set(ticket: Ticket, field: str, value: Any) -> Ticket:
    return ticket if getattr(ticket, field) == value else replace(ticket, **{field: value})


# Times.


def _to_the_minute(ticket: Ticket, _through: Carriage, _field: str) -> Ticket:
    minute = ticket.local_time.replace(second=0, microsecond=0)
    return replace(ticket, local_time=minute, resolution=Resolution.MINUTE)


def _reminders_to_the_minute(ticket: Ticket, through: Carriage, field: str) -> Ticket:
    return _to_the_minute(ticket, through, field) if ticket.kind is Kind.REMINDER else ticket


# Kind, type and direction.

_FACILITY_TYPES = (CommunicationType.FACILITY_REQUEST, CommunicationType.FACILITY_CANCELLED)
_WITHOUT_DIRECTION = (
    None,
    CommunicationType.UNKNOWN,
    CommunicationType.BREAK_IN,
    CommunicationType.BREAK_OUT,
)
_NO_CALLS = (Kind.REMINDER, Kind.ROOM_STATUS)


def _kind_of_its_type(ticket: Ticket, _through: Carriage, field: str) -> Ticket:
    """No such wire has a mark for the kind: a call's type says whether it is a facility."""
    if ticket.kind in _NO_CALLS:
        return ticket
    facility = ticket.communication_type in _FACILITY_TYPES
    return _set(ticket, field, Kind.FACILITY if facility else Kind.CALL)


def _calls_and_reminders(ticket: Ticket, _through: Carriage, field: str) -> Ticket:
    """A hotel link has one message for every call."""
    return ticket if ticket.kind in _NO_CALLS else _set(ticket, field, Kind.CALL)


_ARROWS = {
    Direction.OUTGOING: CommunicationType.OUTGOING,
    Direction.INCOMING: CommunicationType.INCOMING,
}


def _arrow(ticket: Ticket, _through: Carriage, field: str) -> Ticket:
    """An arrow knows outgoing and incoming; `CS+` and `CS-` are facilities."""
    if ticket.communication_type in _FACILITY_TYPES:
        return ticket
    return _set(ticket, field, _ARROWS.get(ticket.direction) if ticket.direction else None)


def _public_directions(ticket: Ticket, _through: Carriage, field: str) -> Ticket:
    return _set(ticket, field, None) if ticket.direction is Direction.LOCAL else ticket


def _direction_of_its_type(ticket: Ticket, _through: Carriage, field: str) -> Ticket:
    """The record has a call type and no direction beside it; some types tell none."""
    return _set(ticket, field, None) if ticket.communication_type in _WITHOUT_DIRECTION else ticket


# Users and lines.

_USERS = {"charged_user_kind": "charged_user", "initial_user_kind": "initial_user"}


def _a_set_unless_told(ticket: Ticket, _through: Carriage, field: str) -> Ticket:
    """A letter or a code always stands before the number, and `a set` is the plain one."""
    if getattr(ticket, _USERS[field]) is None:
        return _set(ticket, field, None)
    return _set(ticket, field, getattr(ticket, field) or UserKind.SET)


def _any_group_alike(ticket: Ticket, through: Carriage, field: str) -> Ticket:
    """One code stands for a group of subscribers and for the attendants."""
    seen = _a_set_unless_told(ticket, through, field)
    group = getattr(seen, field) is UserKind.ATTENDANT_GROUP
    return _set(seen, field, UserKind.HUNTING_GROUP) if group else seen


def _last_four_digits(ticket: Ticket, _through: Carriage, field: str) -> Ticket:
    number: str | None = getattr(ticket, field)
    return _set(ticket, field, number[-4:] if number else number)


def _two_digits_behind_a_letter(ticket: Ticket, _through: Carriage, field: str) -> Ticket:
    """A longer number prints as two stars; without its letter a line cannot be told."""
    told = ticket.trunk_kind is not None and len(ticket.trunk or "") <= _TRUNK_DIGITS
    return ticket if told else _set(ticket, field, None)


_TRUNK_DIGITS = 2


def _only_with_its_number(ticket: Ticket, _through: Carriage, field: str) -> Ticket:
    """No line, no letter; a number that prints as stars takes its letter with it."""
    return ticket if ticket.trunk is not None else _set(ticket, field, None)


def _told_by_its_stars(ticket: Ticket, _through: Carriage, field: str) -> Ticket:
    """No mark says what is masked: the last four digits are, where stars stand in their place."""
    number = ticket.dialled_number or ""
    hidden = min(len(number), _MASKED_DIGITS)
    told = {"dialled_number": hidden} if hidden and number.endswith("*" * hidden) else {}
    return _set(ticket, field, told)


_MASKED_DIGITS = 4


def _redial_reads_manual(ticket: Ticket, _through: Carriage, field: str) -> Ticket:
    redial = ticket.dialling_mode is DiallingMode.REDIAL
    return _set(ticket, field, DiallingMode.MANUAL) if redial else ticket


def _telephony_unless_told(ticket: Ticket, _through: Carriage, field: str) -> Ticket:
    return _set(ticket, field, ticket.service or Service.TELEPHONY)


# Figures, names, tags.

CHARACTER_SET = "iso-8859-1"
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def _absent_reads_zero(ticket: Ticket, _through: Carriage, field: str) -> Ticket:
    """A figure that the wire always fills."""
    return _set(ticket, field, getattr(ticket, field) or 0)


def _ring_of_an_incoming_call(ticket: Ticket, through: Carriage, field: str) -> Ticket:
    if ticket.direction is not Direction.INCOMING:
        return _set(ticket, field, None)
    return _absent_reads_zero(ticket, through, field)


def _amount(step: Decimal) -> Rule:
    def _rounded(ticket: Ticket, _through: Carriage, field: str) -> Ticket:
        return _set(ticket, field, (ticket.cost or Decimal(0)).quantize(step, ROUND_HALF_UP))

    return _rounded


def _cut(characters: int) -> Rule:
    """A column pads with blanks, so that those around a name are not told; the end is cut off.

    What ISO-8859-1 has no letter for reads `?`, as does a control character (ours).
    """

    def _short(ticket: Ticket, _through: Carriage, field: str) -> Ticket:
        name = (getattr(ticket, field) or "").strip()
        told = name.encode(CHARACTER_SET, "replace").decode(CHARACTER_SET)
        return _set(ticket, field, _CONTROL.sub("?", told)[:characters].rstrip(" ") or None)

    return _short


def _own_tags(ticket: Ticket, through: Carriage, field: str) -> Ticket:
    own = {wire: tags for wire, tags in ticket.extras.items() if wire == through.wire}
    return _set(ticket, field, own)


RULES: Mapping[str, Rule] = {
    "minute": _to_the_minute,
    "reminders to the minute": _reminders_to_the_minute,
    "kind of its type": _kind_of_its_type,
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
    "redial reads manual": _redial_reads_manual,
    "telephony unless told": _telephony_unless_told,
    "absent reads zero": _absent_reads_zero,
    "ring of an incoming call": _ring_of_an_incoming_call,
    "hundredths": _amount(Decimal("0.01")),
    "ten-thousandths": _amount(Decimal("0.0001")),
    "sixteen characters": _cut(16),
    "twenty characters": _cut(20),
    "own tags": _own_tags,
}
"""Every rule that the table may name. They run in the order of the field names."""


def _carriage(wire: str, tag_set: str, entry: Mapping[str, Any]) -> Carriage:
    standings = {name: Standing(value) for name, value in entry["carried"].items()}
    rules: dict[str, str] = {}
    for name, row in entry.get("coarser", {}).items():
        detail = msgspec.convert(row, dict[str, str])
        standings[name] = Standing(detail["standing"])
        rules[name] = detail["rule"]
    return Carriage(
        wire,
        tag_set,
        str(entry["title"]),
        standings,
        rules,
        msgspec.convert(entry.get("only", {}), dict[str, str]),
        bool(entry.get("blank_is_absent", False)),
    )
