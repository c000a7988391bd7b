"""What a subject delivered, read into tickets: canonical NDJSON, or its own form by its own map.

Nothing is dropped: a line that is no ticket is kept as `Unreadable` with its number and reason,
and the judge charges it to the subject. Two conventions of CSV and of fixed columns are those of
docs/subjects.md: a field without a column is not shown, and an empty cell is an absent value.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from msgspec import DecodeError, to_builtins
from msgspec.json import decode, encode
from msgspec.structs import replace
from oxo_tickets import (
    FIELDS,
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    ReminderState,
    Resolution,
    RoomStatus,
    Service,
    Ticket,
    TicketUnreadable,
    TrunkKind,
    UserKind,
    from_json,
)

from oxo_scenarios.judge.evidence import Delivery, Unreadable
from oxo_scenarios.subject import LINE_CHARACTERS_MAX, Column, DeliveryDoor

DELIVERY_BYTES_MAX = 64 * 1024 * 1024
CELL_CHARACTERS_MAX = 16 * 1024
UNREADABLE_LINES_MAX = 200
"""More unreadable lines than this are not listed one by one: a last entry says so."""

UNREADABLE_LINES_READ_MAX = 10_000
"""After so many unreadable lines the rest is not read: it is no delivery of tickets."""

FACILITY_SEPARATOR = ";"
TWO_DIGITS = 2
EMPTY: Mapping[str, Any] = {"facilities": (), "masked": {}}
"""Fields whose absent value is an empty one."""
_NOT_SHOWN: Mapping[str, Any] = {"kind": Kind.UNKNOWN, "local_time": datetime(1970, 1, 1)}  # noqa: DTZ001 - wall clock
_WORDS: Mapping[str, type[StrEnum]] = {
    "kind": Kind,
    "direction": Direction,
    "communication_type": CommunicationType,
    "resolution": Resolution,
    "charged_user_kind": UserKind,
    "initial_user_kind": UserKind,
    "dialling_mode": DiallingMode,
    "service": Service,
    "trunk_kind": TrunkKind,
    "reminder_state": ReminderState,
    "room_status": RoomStatus,
}
_DURATIONS = ("ring_seconds", "call_seconds")
_NUMBERS = ("units", "fold", "room_problem")


def read_delivery(raw: bytes, door: DeliveryDoor) -> Delivery:
    """Read a delivery of any format, at most `DELIVERY_BYTES_MAX` of it."""
    noted = _Noted()
    kept = raw
    if len(raw) > DELIVERY_BYTES_MAX:
        kept = raw[: raw.rfind(b"\n", 0, DELIVERY_BYTES_MAX) + 1]
    read = {"csv": _csv, "ndjson": _ndjson, "columns": _fixed}[door.format]
    mapped = door.format != "ndjson"
    found: list[tuple[int, Ticket]] = []
    try:
        found.extend(read(kept, door, noted))
    except _NoDelivery:
        noted.end(noted.last + 1, "the rest is not read: too many lines that are no ticket")
    if len(kept) < len(raw):
        noted.end(kept.count(b"\n") + 1, f"only {DELIVERY_BYTES_MAX} bytes are read")
    return Delivery(
        tickets=tuple(ticket for _, ticket in found),
        lines=tuple(line for line, _ in found),
        shown=frozenset(door.columns) if mapped else frozenset(FIELDS),
        blank_is_absent=mapped,
        unreadable=noted.listed(),
    )


def read_shown(raw: bytes, door: DeliveryDoor) -> Delivery:
    """Read what a subject shows of appointments and rooms (`[shown]`).

    A line is no ticket: it tells neither of what kind it is nor when it was written, unless the
    subject happens to show that. What it tells of says whether it is about a reminder or a room.
    """
    told = read_delivery(_with_kind_and_time(raw) if door.format == "ndjson" else raw, door)
    if "kind" in door.columns:
        return told
    return replace(told, tickets=tuple(_of_its_kind(ticket) for ticket in told.tickets))


def _with_kind_and_time(raw: bytes) -> bytes:
    """Give every line that is an object what each ticket has and it may lack."""
    absent = {name: to_builtins(value) for name, value in _NOT_SHOWN.items()}
    lines = []
    for line in raw.split(b"\n"):
        with suppress(DecodeError, UnicodeDecodeError, RecursionError):
            told = decode(line)
            if isinstance(told, dict) and not absent.keys() <= told.keys():
                lines.append(encode(absent | told))
                continue
        lines.append(line)
    return b"\n".join(lines)


def _of_its_kind(ticket: Ticket) -> Ticket:
    if ticket.kind is not Kind.UNKNOWN:
        return ticket
    if ticket.room_status is not None:
        return replace(ticket, kind=Kind.ROOM_STATUS)
    return replace(ticket, kind=Kind.REMINDER) if ticket.reminder_time is not None else ticket


class _NoDelivery(Exception):
    """There are too many unreadable lines to go on."""


class _Noted:
    """The unreadable lines: the first are listed, the others counted."""

    def __init__(self) -> None:
        self._first: list[Unreadable] = []
        self._count = self.last = 0
        self._ends: list[Unreadable] = []

    def note(self, line: int, reason: str) -> None:
        """Take one down; too many raise `_NoDelivery`."""
        self._count, self.last = self._count + 1, line
        if self._count <= UNREADABLE_LINES_MAX:
            self._first.append(Unreadable(line, reason))
        if self._count >= UNREADABLE_LINES_READ_MAX:
            raise _NoDelivery

    def end(self, line: int, why: str) -> None:
        """Say where and why the reading ended before the delivery did."""
        self._ends.append(Unreadable(line, why))

    def listed(self) -> tuple[Unreadable, ...]:
        """Return them as the judge takes them."""
        listed = list(self._first)
        if more := self._count - len(listed):
            listed.append(Unreadable(self.last, f"and {more} more lines, this the last"))
        return (*listed, *self._ends)


def _ndjson(raw: bytes, _door: DeliveryDoor, noted: _Noted) -> Iterator[tuple[int, Ticket]]:
    for number, line in enumerate(io.BytesIO(raw), 1):
        if line.strip():
            try:
                yield number, from_json(line.strip())
            except TicketUnreadable as error:
                noted.note(number, str(error))


def _csv(raw: bytes, door: DeliveryDoor, noted: _Noted) -> Iterator[tuple[int, Ticket]]:
    rows = _rows(raw.removeprefix(b"\xef\xbb\xbf"), noted)
    first = next(rows, None)
    if first is None:
        return
    places = {name: place for place, name in enumerate(first[1])}
    wanted = {name for column in door.columns.values() for name in column.names()}
    if missing := sorted(wanted - places.keys()):
        header = ", ".join(first[1])
        noted.note(first[0], f"no column {', '.join(missing)}; the header has {header}")
        return
    for number, cells in rows:
        try:
            yield number, _ticket(cells, places, door)
        except ValueError as error:
            noted.note(number, str(error))


def _fixed(raw: bytes, door: DeliveryDoor, noted: _Noted) -> Iterator[tuple[int, Ticket]]:
    """Read lines of fixed columns; one that `line` does not match is a heading or blank."""
    wanted = re.compile(door.line or r"\S")
    for number, line in enumerate(io.BytesIO(raw), 1):
        try:
            text = _bounded(line.decode(door.encoding).rstrip("\r\n"))
            if wanted.search(text):
                yield number, _of_cells(_stretches(text, door), door)
        except ValueError as error:
            noted.note(number, str(error))


def _bounded(text: str) -> str:
    if len(text) > LINE_CHARACTERS_MAX:
        raise ValueError(f"longer than {LINE_CHARACTERS_MAX} characters")
    return text


def _stretches(text: str, door: DeliveryDoor) -> dict[str, str]:
    """Return what stands in each field's columns, without the blanks around it."""
    return {
        field: text[(column.first or 1) - 1 : column.last].strip()
        for field, column in door.columns.items()
    }


def _rows(raw: bytes, noted: _Noted) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells); what is no CSV is noted and passed over."""
    reader = csv.reader(_lines(raw, noted), strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            noted.note(reader.line_num, f"no CSV: {error}")
            continue
        if cells:
            yield reader.line_num, cells


def _lines(raw: bytes, noted: _Noted) -> Iterator[str]:
    """Yield every line, blank where it is no text, so that line numbers stay right."""
    for number, line in enumerate(io.BytesIO(raw), 1):
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            noted.note(number, f"no UTF-8 at byte {error.start}")
            text = "\n"
        yield text


def _ticket(cells: Sequence[str], places: Mapping[str, int], door: DeliveryDoor) -> Ticket:
    if len(cells) != len(places):
        raise ValueError(f"{len(cells)} cells; the header has {len(places)}")
    told = {
        field: " ".join(cells[places[name]] for name in column.names())
        for field, column in door.columns.items()
    }
    return _of_cells(told, door)


def _of_cells(told: Mapping[str, str], door: DeliveryDoor) -> Ticket:
    """Return the ticket that the cells of a line make, field by field."""
    values = dict(_NOT_SHOWN)
    for field, column in door.columns.items():
        cell = told[field]
        if len(cell) > CELL_CHARACTERS_MAX:
            raise ValueError(f"{field}: more than {CELL_CHARACTERS_MAX} characters")
        if column.pattern is not None and not re.search(column.pattern, cell):
            cell = ""
        value = _value(field, column, _in_our_words(field, column, cell, door))
        if value is None and field in _NOT_SHOWN:
            raise ValueError(f"{field}: is empty")
        values[field] = EMPTY.get(field) if value is None else value
    return Ticket(**values)


def _in_our_words(field: str, column: Column, cell: str, door: DeliveryDoor) -> str:
    """Return a cell in the words of the model; of letters each is a word of its own."""
    words = door.values.get(field, {})
    if column.format == "letters":
        letters = [letter for letter in cell if letter.strip()]
        return FACILITY_SEPARATOR.join(words.get(letter, letter) for letter in letters)
    if field == "facilities" and cell not in words and column.default is None:
        parts = (part.strip() for part in cell.split(FACILITY_SEPARATOR))
        return FACILITY_SEPARATOR.join(words.get(part, part) for part in parts)
    if column.mark is not None:
        return str(len(cell) - len(cell.rstrip(column.mark)))
    return words.get(cell, cell if column.default is None else column.default)


def _value(field: str, column: Column, told: str) -> Any:
    """Return the cell as the model has it; `None` of an empty one."""
    if not told.strip():
        return None
    try:
        return _reader(field)(told, column.format)
    except (ValueError, InvalidOperation) as error:
        detail = f" ({error})" if isinstance(error, ValueError) else ""
        raise ValueError(f"{field}: {told!r} cannot be read{detail}") from error


def _reader(field: str) -> Callable[[str, str | None], Any]:
    if field in _WORDS:
        return lambda told, _format: _word(_WORDS[field], told)
    if field in _DURATIONS:
        return _duration
    if field in _NUMBERS:
        return lambda told, _format: int(told)
    return _READERS.get(field, lambda told, _format: told)


def _word(words: type[StrEnum], told: str) -> StrEnum:
    if told not in set(words):
        raise ValueError(f"the words are {', '.join(words)}; map others in [delivery.values]")
    return words(told)


def _duration(told: str, form: str | None) -> int:
    """Read `HH:MM:SS` (also more than 99 hours), `MM:SS` or plain seconds."""
    if form == "seconds":
        return int(told)
    parts = told.strip().split(":")
    wanted = 2 if form == "MM:SS" else 3
    whole = all(part.isascii() and part.isdigit() for part in parts)
    # Minutes and seconds have two digits: a cell that was cut off must not read as another one.
    if len(parts) != wanted or not whole or any(len(part) != TWO_DIGITS for part in parts[-2:]):
        raise ValueError('format "HH:MM:SS"; others are "MM:SS" and "seconds"')
    hours, minutes, seconds = (int(part) for part in ["0", *parts][-3:])
    return hours * 3600 + minutes * 60 + seconds


def _instant(told: str, form: str | None) -> datetime:
    if form is None:
        return datetime.fromisoformat(told)
    return datetime.strptime(told, form)  # noqa: DTZ007 - tickets bear wall clock without offset


def _hour(told: str, form: str | None) -> time:
    if form is None:
        return time.fromisoformat(told)
    return datetime.strptime(told, form).time()  # noqa: DTZ007 - as above


def _facilities(told: str, _form: str | None) -> tuple[StrEnum, ...]:
    words = {_word(Facility, part.strip()) for part in told.split(FACILITY_SEPARATOR)}
    return tuple(sorted(words))


def _hidden(told: str, _form: str | None) -> dict[str, int] | None:
    return {"dialled_number": int(told)} if int(told) else None


def _amount(told: str, form: str | None) -> Decimal:
    """Read an amount in the currency, or (`hundredths`) a whole number of its hundredths."""
    return Decimal(int(told)).scaleb(-2) if form == "hundredths" else Decimal(told)


_READERS: Mapping[str, Callable[[str, str | None], Any]] = {
    "masked": _hidden,
    "local_time": _instant,
    "local_end": _instant,
    "reminder_time": _hour,
    "cost": _amount,
    "facilities": _facilities,
}
