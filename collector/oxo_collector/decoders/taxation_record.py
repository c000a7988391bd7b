"""Codec of the taxation wire: one `CallAccounting` element becomes a record in the wire's names.

The table `TAGS` is typed from facts: oxo 2.3 (field) and from the contract in docs/taxation.md
(the tags of the extended set, ours). No reader of the field relies on the order of the tags, and
each treats every tag as optional; so does this one. Namespaces and attributes carry nothing,
except `xsi:nil`, which says that the tag is as good as absent.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, time
from decimal import Decimal
from typing import Any

import msgspec
from lxml import etree

from oxo_collector.decoders.outcome import quoted
from oxo_collector.decoders.values import (
    Coded,
    Unreadable,
    clock_time,
    count,
    duration_seconds,
    iso_date,
    iso_date_time,
    iso_time,
    money,
    room_problem,
)
from oxo_collector.decoders.xml_document import XSI_NIL, local_name

TEXT_CHARACTERS_MAX = 128
"""A longer value or tag is unreadable; the exchange's longest has 26 (facts: oxo 2.2)."""

TAGS_COUNT_MAX = 48
"""A ticket with more tags is unreadable: with the limit above its JSON stays within one line."""

UNKNOWN = "unknown"


class CallAccounting(msgspec.Struct, frozen=True, kw_only=True):
    """One ticket as the wire tells it. None: the tag is absent; an empty text: it is empty.

    Attributes:
        date_time: `Date` and `Time`.
        ring_s: `RingingDuration` in seconds.
        duration_s: `CallDuration` in seconds.
        begin: `DateOfBegin` of the local-call shape.
        end: `DateOfEnd`.
        own_number: `DirNumber`.
        correspondent: `CorrNumber`.
        line: `TrunkID`, the letter of the access and its number.
        other_tags: every tag that no source knows, by name.
    """

    ticket_type: str | None = None
    charged_user: str | None = None
    subscriber_name: str | None = None
    communication_type: Coded | None = None
    dialled_number: str | None = None
    account_code: str | None = None
    date_time: datetime | None = None
    ring_s: int | None = None
    duration_s: int | None = None
    begin: datetime | None = None
    end: datetime | None = None
    own_number: str | None = None
    correspondent: str | None = None
    initial_user: str | None = None
    line: str | None = None
    units: int | None = None
    cost: Decimal | None = None
    currency: str | None = None
    dialling_mode: str | None = None
    service: str | None = None
    facilities: str | None = None
    reminder_time: time | None = None
    reminder_state: str | None = None
    room_status: str | None = None
    room_problem: int | None = None
    other_tags: Mapping[str, str] = {}


COMMUNICATION_TYPES: Mapping[str, str] = {
    "Outgoing": "outgoing",
    "Incoming": "incoming",
    "OutgoingTransfer": "outgoing transfer",
    "IncomingTransfer": "incoming transfer",
    "OutgoingTransit": "outgoing transit",
    "IncomingTransit": "incoming transit",
    "OutgoingPrivate": "outgoing private",
    "IncomingPrivate": "incoming private",
    "OutgoingTransferPrivate": "outgoing transfer private",
    "IncomingTransferPrivate": "incoming transfer private",
    "OutgoingTransferTransit": "outgoing transfer transit",
    "IncomingTransferTransit": "incoming transfer transit",
    "FacilityRequest": "facility request",
    "FacilityCancelled": "facility cancelled",
    "BreakIn": "break-in",
    "BreakOut": "break-out",
}
"""Spelling on the wire -> word (facts: oxo 2.3).

`OutgoingTransfer` and `BreakOut` are inferred, `FacilityCancelled` is ours.
"""


def _communication_type(text: str) -> Coded:
    return Coded(text, COMMUNICATION_TYPES.get(text, UNKNOWN))


Reader = Callable[[str], Any]

TAGS: dict[str, tuple[str, Reader | None]] = {
    "TicketType": ("ticket_type", None),
    "ChargedUserID": ("charged_user", None),
    "SubscriberName": ("subscriber_name", None),
    "CommunicationType": ("communication_type", _communication_type),
    "DialledNumber": ("dialled_number", None),
    "BusinessCode": ("account_code", None),
    "Date": ("date", iso_date),
    "Time": ("time", iso_time),
    "RingingDuration": ("ring_s", duration_seconds),
    "CallDuration": ("duration_s", duration_seconds),
    "DateOfBegin": ("begin", iso_date_time),
    "DateOfEnd": ("end", iso_date_time),
    "DirNumber": ("own_number", None),
    "CorrNumber": ("correspondent", None),
    "InitialUserID": ("initial_user", None),
    "TrunkID": ("line", None),
    "Units": ("units", count),
    "Cost": ("cost", money),
    "Currency": ("currency", None),
    "DialMode": ("dialling_mode", None),
    "Service": ("service", None),
    "Facilities": ("facilities", None),
    "ReminderTime": ("reminder_time", clock_time),
    "ReminderState": ("reminder_state", None),
    "RoomStatus": ("room_status", None),
    "RoomProblem": ("room_problem", room_problem),
}
"""Tag -> name in the record, and the reader of its text where it is more than text."""


def read_record(element: etree._Element) -> CallAccounting:
    """Read one `CallAccounting` element.

    Raises:
        Unreadable: the text names every field that cannot be read.
    """
    found: dict[str, Any] = {}
    other: dict[str, str] = {}
    faults: list[str] = []
    _refuse_stray(element.text, faults)
    for child in element:
        tag = str(child.tag)
        if tag[0] == "{":
            tag = local_name(child)
        text = child.text or ""
        if not text and child.get(XSI_NIL) in ("true", "1"):
            continue
        if child.tail is not None and not child.tail.isspace():
            _refuse_stray(child.tail, faults)
        if len(child) and tag not in TAGS:
            text = _inside(child)
        elif len(child):
            faults.append(f"{tag} has tags inside")
        if len(text) > TEXT_CHARACTERS_MAX:
            faults.append(f"{tag} has {len(text)} characters; at most {TEXT_CHARACTERS_MAX}")
        elif tag in TAGS:
            _read_tag(tag, text, found, faults)
        else:
            _read_other(tag, text, other, faults)
    if len(element) > TAGS_COUNT_MAX:
        faults.append(f"{len(element)} tags; at most {TAGS_COUNT_MAX} are read")
    return _record(found, other, faults)


def _read_tag(tag: str, text: str, found: dict[str, Any], faults: list[str]) -> None:
    field, reader = TAGS[tag]
    if field in found:
        faults.append(f"{tag} stands twice")
    try:
        found[field] = text if reader is None else reader(text) if text else None
    except Unreadable as fault:
        faults.append(f"{tag} {quoted(text)} {fault}")
        found[field] = None


def _read_other(tag: str, text: str, other: dict[str, str], faults: list[str]) -> None:
    if tag in other:
        faults.append(f"{quoted(tag)} stands twice")
    if len(tag) > TEXT_CHARACTERS_MAX:
        faults.append(f"the tag {quoted(tag)} has more than {TEXT_CHARACTERS_MAX} characters")
    other[tag] = text


def _refuse_stray(text: str | None, faults: list[str]) -> None:
    if text is not None and (stray := text.strip()):
        faults.append(f"text {quoted(stray)} between the tags")


def _inside(element: etree._Element) -> str:
    """Return text and markup inside an unknown tag, as text."""
    children = (etree.tostring(child, encoding="unicode") for child in element)
    return (element.text or "") + "".join(children)


def _record(found: dict[str, Any], other: dict[str, str], faults: list[str]) -> CallAccounting:
    """Join `Date` and `Time`; a ticket that has one without the other is unreadable."""
    day, clock = found.pop("date", None), found.pop("time", None)
    if faults:
        raise Unreadable("; ".join(faults))
    if day is not None and clock is not None:
        found["date_time"] = datetime.combine(day, clock)
    elif day is not None or clock is not None:
        raise Unreadable(f"{'Date' if day is None else 'Time'} is absent")
    if other:
        found["other_tags"] = other
    return CallAccounting(**found)
