"""The XML of the taxation wire: wire records to bytes, by one layout table.

A wire record speaks in the wire's own names (facts: oxo 2.3); what they mean is `mapping`'s
affair. The table `LAYOUT` says which tag shows which value, how it is spelled, and in which
order tags are written: the order of docs/taxation.md. It is typed from the facts and read by
nobody but this encoder.

`None` leaves a tag out, an empty text writes it empty. Dates are `YYYY-MM-DD`, times and
durations `HH:MM:SS`; a duration of a hundred hours or more takes the digits it needs, because
a wrong duration would be worse than a wide one. A ticket's bytes name no namespace: they
stand in the default namespace of the envelope around them. Tags that no source knows
(`other_tags`) are unqualified, `xmlns=""`, so that a schema can allow them without ambiguity.

Characters that XML 1.0 cannot carry become U+FFFD, the replacement character: visible, and
never a broken document. Carriage return is written `&#13;`, or a reader would see a line feed.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal
from typing import Any, NamedTuple


@dataclass(frozen=True, kw_only=True)
class WireTicket:
    """One `CallAccounting`, in the wire's words; durations are whole seconds.

    `date_time` is shown by two tags, `Date` and `Time`; `begin`, `end`, `own_number` and
    `correspondent` are the local-call shape (facts: oxo 2.3, `DateOfBegin` and its siblings).
    """

    ticket_type: str | None = None
    charged_user: str | None = None
    subscriber_name: str | None = None
    communication_type: str | None = None
    dialled_number: str | None = None
    account_code: str | None = None
    date_time: datetime | None = None
    ring_seconds: int | None = None
    call_seconds: int | None = None
    begin: datetime | None = None
    end: datetime | None = None
    own_number: str | None = None
    correspondent: str | None = None
    initial_user: str | None = None
    trunk: str | None = None
    units: int | None = None
    cost: Decimal | None = None
    currency: str | None = None
    dial_mode: str | None = None
    service: str | None = None
    facilities: tuple[str, ...] | None = None
    reminder_time: time | None = None
    reminder_state: str | None = None
    room_status: str | None = None
    room_problem: int | None = None
    other_tags: Mapping[str, str] = field(default_factory=dict)


_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0, production [2] Char, negated."""

_NAME_START = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NOT_NAME = re.compile(f"[^{_NAME_START}\\-.0-9\u00b7\u0300-\u036f\u203f-\u2040]")
_NOT_NAME_START = re.compile(f"^(?![{_NAME_START}])")
"""XML 1.0, productions [4] and [4a], without the colon; U+FFFD is a name character."""

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


def visible(value: str) -> str:
    """Replace the characters that XML cannot carry."""
    return _NOT_XML.sub("\ufffd", value)


def text(value: str) -> str:
    """Spell a text as element content."""
    return visible(value).translate(_ESCAPES)


def tag_name(value: str) -> str:
    """Spell the name of a tag that the layout does not know."""
    return _NOT_NAME_START.sub("\ufffd", _NOT_NAME.sub("\ufffd", value))


def date(value: datetime) -> str:
    """Spell the date of an instant, `YYYY-MM-DD`."""
    return f"{value.year:04}-{value.month:02}-{value.day:02}"


def clock(value: datetime) -> str:
    """Spell the time of day of an instant, `HH:MM:SS`."""
    return f"{value.hour:02}:{value.minute:02}:{value.second:02}"


def instant(value: datetime) -> str:
    """Spell an instant of the local-call shape, `yyyy-MM-ddTHH:mm:ss`."""
    return f"{date(value)}T{clock(value)}"


def duration(seconds: int) -> str:
    """Spell whole seconds as `HH:MM:SS`."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def hour_and_minute(value: time) -> str:
    """Spell the programmed time of an appointment, `HH:MM`."""
    return f"{value.hour:02}:{value.minute:02}"


def decimal(value: Decimal) -> str:
    """Spell an amount with a decimal point, never with an exponent."""
    return f"{value:f}"


def words(values: Sequence[str]) -> str:
    """Spell several words, blank separated."""
    return text(" ".join(values))


class Tag(NamedTuple):
    """One line of the layout: the tag, the value it shows, how that is spelled."""

    name: str
    value: str
    spell: Callable[[Any], str]


LAYOUT: tuple[Tag, ...] = (
    Tag("TicketType", "ticket_type", text),
    Tag("ChargedUserID", "charged_user", text),
    Tag("SubscriberName", "subscriber_name", text),
    Tag("CommunicationType", "communication_type", text),
    Tag("DialledNumber", "dialled_number", text),
    Tag("BusinessCode", "account_code", text),
    Tag("Date", "date_time", date),
    Tag("Time", "date_time", clock),
    Tag("RingingDuration", "ring_seconds", duration),
    Tag("CallDuration", "call_seconds", duration),
    Tag("DateOfBegin", "begin", instant),
    Tag("DateOfEnd", "end", instant),
    Tag("DirNumber", "own_number", text),
    Tag("CorrNumber", "correspondent", text),
    Tag("InitialUserID", "initial_user", text),
    Tag("TrunkID", "trunk", text),
    Tag("Units", "units", str),
    Tag("Cost", "cost", decimal),
    Tag("Currency", "currency", text),
    Tag("DialMode", "dial_mode", text),
    Tag("Service", "service", text),
    Tag("Facilities", "facilities", words),
    Tag("ReminderTime", "reminder_time", hour_and_minute),
    Tag("ReminderState", "reminder_state", text),
    Tag("RoomStatus", "room_status", text),
    Tag("RoomProblem", "room_problem", str),
)
"""Every tag that docs/taxation.md names, in the order in which it is written."""


class ListNames(NamedTuple):
    """What list and ticket are called (docs/taxation.md, Foreign contracts).

    `prefix` stands before ticket and tags, colon included, where their namespace is their own.
    """

    tickets: str = "CallAccountingList"
    ticket: str = "CallAccounting"
    prefix: str = ""


USUAL = ListNames()


def ticket_bytes(
    record: WireTicket, layout: Sequence[Tag] = LAYOUT, names: ListNames = USUAL
) -> bytes:
    """Render one ticket element."""
    prefix, element = names.prefix, names.prefix + names.ticket
    parts = [f"<{element}>"]
    for name, attribute, spell in layout:
        value = getattr(record, attribute)
        if value is not None:
            parts.append(f"<{prefix}{name}>{spell(value)}</{prefix}{name}>")
    for name, value in record.other_tags.items():
        tag = tag_name(name)
        parts.append(f'<{tag} xmlns="">{text(value)}</{tag}>')
    parts.append(f"</{element}>")
    return "".join(parts).encode()


def list_bytes(tickets: Iterable[bytes], names: ListNames = USUAL) -> bytes:
    """Join rendered tickets to a list element."""
    inside, name = b"".join(tickets), names.tickets.encode()
    return b"<%b>%b</%b>" % (name, inside, name) if inside else b"<%b/>" % name


def document(records: Iterable[WireTicket], layout: Sequence[Tag] = LAYOUT) -> bytes:
    """Render a whole document, as a file or a program outside the SOAP service would read it."""
    tickets = (ticket_bytes(record, layout) for record in records)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + list_bytes(tickets)
