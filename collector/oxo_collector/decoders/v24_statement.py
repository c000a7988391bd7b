"""Codec of a V24 statement: one line becomes a record in the wire's own names.

Letters and codes by facts: oxo 2.1. A blank cell is `None`. Where a code is open-ended (users,
lines, services, facility letters, dialling modes) an unknown one keeps its raw text and gets the
word `unknown`; the arrows are closed, because they tell a statement from noise.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from oxo_collector.decoders.outcome import quoted
from oxo_collector.decoders.v24_layout import NEEDED, Layout
from oxo_collector.decoders.values import (
    CACHED_COUNT_MAX,
    Coded,
    Unreadable,
    clock_time,
    count,
    duration_seconds,
    money,
    printed_date,
    ring_seconds,
)

UNKNOWN = "unknown"

MASK = "*"
"""Character that stands for a masked digit (ours; that digits are masked is documented)."""

MASKED_DIGITS_MAX = 4
"""The last four digits are masked (facts: oxo 1.3, documented); a fifth star was dialled."""


class Party(msgspec.Struct, frozen=True):
    """A user or a line: letter, word and number; an unknown one has its whole text as code."""

    code: str
    word: str
    number: str | None = None


class Facilities(msgspec.Struct, frozen=True):
    """The letters of supplementary services as printed, and each with its word."""

    raw: str = ""
    set: tuple[Coded, ...] = ()


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One printed line. None: the cell is blank or its column is not selected.

    Attributes:
        kind: `call`, `facility request`, `wake-up` or `room status`.
        date_time: to the minute.
        duration_s: seconds.
        ring_s: seconds.
        cost: as printed.
        masked: number field -> how many of its last digits are masked.
        raw: the bytes of the line, without its end.
        place: `line <number>`, from 1.
    """

    kind: str
    date_time: datetime
    duration_s: int
    raw: bytes
    place: str
    initial_user: Party | None = None
    charged_user: Party | None = None
    type: Coded | None = None
    line: Party | None = None
    units: int | None = None
    service: Coded | None = None
    facilities: Facilities = Facilities()
    dialled_number: str | None = None
    dialling_mode: Coded | None = None
    ring_s: int | None = None
    cost: str | None = None
    account_code: str | None = None
    subscriber_name: str | None = None
    node: str | None = None
    carrier: str | None = None
    initial_user_8: Party | None = None
    charged_user_8: Party | None = None
    line_4: Party | None = None
    account_code_name: str | None = None
    masked: Mapping[str, int] = {}


TYPES: Mapping[str, str] = {
    "-->": "outgoing public",
    "<--": "incoming public",
    "CS+": "supplementary service requested",
    "CS-": "supplementary service cancelled",
}
ACCESSES: Mapping[str, str] = {"L": "analogue line", "N": "T0", "P": "T2", "V": "VoIP"}
WAKE_UPS = ("R", "CH")
"""What stands for the line of a wake-up: room, chambre (facts: oxo 2.1, documented)."""
ROOM_STATUS = "RST"
"""What stands for the line of a room status ticket (ours; facts: oxo 4 names the label)."""
FACILITY_LETTERS: Mapping[str, str] = {
    "X": "transfer",
    "R": "external forwarding",
    "N": "forwarding by PABX or network",
    "S": "remote substitution",
    "T": "on-line metering",
    "I": "user-to-user signalling",
}
DIALLING_MODES: Mapping[str, str] = {
    "M": "manual",
    "I": "individual speed dial",
    "R": "collective speed dial",
}

_PARTY = re.compile(r"([A-Z])([0-9]+)")
_LINE = re.compile(r"([LNPV])([0-9]+|\*{2,3})")
_CODE = re.compile(r"[A-Z0-9*#]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@lru_cache(CACHED_COUNT_MAX)
def _user(text: str) -> Party:
    """`A101` a set, `G12` a hunting group, `G9` the attendants, `N01` an access, `****` none."""
    if text == "****":
        return Party(text, "outgoing call")
    found = _PARTY.fullmatch(text)
    if found is None:
        return _unknown(text)
    letter, number = found.groups()
    if letter == "A":
        return Party(letter, "set", number)
    if letter == "G":
        return Party(letter, "attendant group" if number == "9" else "hunting group", number)
    if letter in ACCESSES:
        return Party(letter, ACCESSES[letter], number)
    return _unknown(text)


@lru_cache(CACHED_COUNT_MAX)
def _line(text: str) -> Party:
    """`N01` a T0; `N**` one of four characters; `R`, `CH` a wake-up; `RST` a room."""
    if text in WAKE_UPS:
        return Party(text, "wake-up")
    if text == ROOM_STATUS:
        return Party(text, "room status")
    found = _LINE.fullmatch(text)
    return Party(found[1], ACCESSES[found[1]], found[2]) if found else _unknown(text)


def _unknown(text: str) -> Party:
    if _CODE.fullmatch(text) is None:
        raise Unreadable("is neither user nor line")
    return Party(text, UNKNOWN)


def _type(text: str) -> Coded:
    if text not in TYPES:
        raise Unreadable("is no call type")
    return Coded(text, TYPES[text])


@lru_cache(CACHED_COUNT_MAX)
def _service(text: str) -> Coded:
    """`ST` is telephony; whatever begins with `T` is data."""
    _refuse_blank(text)
    word = "telephony" if text == "ST" else "data" if text[0] == "T" else UNKNOWN
    return Coded(text, word)


@lru_cache(CACHED_COUNT_MAX)
def _facilities(text: str) -> Facilities:
    _refuse_blank(text)
    coded = (Coded(letter, FACILITY_LETTERS.get(letter, UNKNOWN)) for letter in text)
    return Facilities(text, tuple(coded))


def _dialling_mode(text: str) -> Coded:
    return Coded(text, DIALLING_MODES.get(text, UNKNOWN))


def _number(text: str) -> str:
    _refuse_blank(text)
    return text


def _cost(text: str) -> str:
    money(text)
    return text


def _refuse_blank(text: str) -> None:
    if " " in text:
        raise Unreadable("has a blank")


READERS: Mapping[str, Callable[[str], Any]] = {
    "initial_user": _user,
    "charged_user": _user,
    "type": _type,
    "line": _line,
    "date": printed_date,
    "time": clock_time,
    "duration": duration_seconds,
    "units": count,
    "service": _service,
    "facilities": _facilities,
    "dialled_number": _number,
    "dialling_mode": _dialling_mode,
    "ring": ring_seconds,
    "cost": _cost,
    "account_code": str,
    "subscriber_name": str,
    "node": str.strip,
    "carrier": str,
    "initial_user_8": _user,
    "charged_user_8": _user,
    "line_4": _line,
    "account_code_name": str,
}
"""Field of the layout -> reader of its text."""


NAMES: Mapping[str, str] = {"duration": "duration_s", "ring": "ring_s"}
"""Field of the layout -> name in the record, where the record tells the unit."""


class FieldReader:
    """Makes a statement of the texts of its fields, however they were printed.

    Args:
        fields: in the order in which their texts come.
        strips: takes the blanks off each.
    """

    def __init__(self, fields: Sequence[str], strips: Sequence[Callable[[str, str], str]]) -> None:
        self._fields = [
            (field, NAMES.get(field, field), strip, READERS[field])
            for field, strip in zip(fields, strips, strict=True)
        ]
        self._types = "type" in fields

    def compose(self, cells: Sequence[str], raw: bytes, place: str) -> Statement:
        """Read the texts of one statement.

        Raises:
            Unreadable: it is no statement; the text names every field that cannot be read.
        """
        found, faults = self._values(cells)
        found["kind"] = self._kind(found, faults)
        for field in NEEDED:
            if NAMES.get(field, field) not in found:
                faults.append(f"{field} is blank")
        if faults:
            raise Unreadable("; ".join(faults))
        found["date_time"] = datetime.combine(found.pop("date"), found.pop("time"))
        if masked := _masked(found.get("dialled_number")):
            found["masked"] = {"dialled_number": masked}
        return Statement(raw=raw, place=place, **found)

    def _values(self, cells: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
        found: dict[str, Any] = {}
        faults: list[str] = []
        for (field, name, strip, reader), cell in zip(self._fields, cells, strict=True):
            if text := strip(cell, " "):
                try:
                    found[name] = reader(text)
                except Unreadable as fault:
                    faults.append(f"{field} {quoted(text)} {fault}")
                    found[name] = None
        return found, faults

    def _kind(self, found: Mapping[str, Any], faults: list[str]) -> str:
        """A line without arrow is a wake-up, a room status or no statement at all."""
        line, called = found.get("line"), found.get("type")
        if line is not None and line.code in WAKE_UPS:
            return "wake-up"
        if line is not None and line.code == ROOM_STATUS:
            return "room status"
        if called is not None:
            return "facility request" if called.code in ("CS+", "CS-") else "call"
        if self._types and "type" not in found:
            faults.append("type is blank")
        return "call"


class StatementReader:
    """Reads lines in one layout; the columns are cut by one regular expression made of it."""

    def __init__(self, layout: Layout) -> None:
        widths = (column.last - column.first + 1 for column in layout.columns)
        self._line = re.compile(" ".join(f"(.{{{width}}})" for width in widths), re.DOTALL)
        self._layout = layout
        self._fields = FieldReader(
            [column.field for column in layout.columns],
            [str.rstrip if column.justified == "left" else str.lstrip for column in layout.columns],
        )

    def read(self, raw: bytes, number: int) -> Statement:
        """Read one line, without its end.

        Raises:
            Unreadable: it is no statement; the text names every field that cannot be read.
        """
        return self._fields.compose(self._cells(raw), raw, f"line {number}")

    def _cells(self, raw: bytes) -> tuple[str, ...]:
        try:
            line = raw.decode(self._layout.encoding)
        except UnicodeError:
            raise Unreadable(f"not {self._layout.encoding}") from None
        if not line.isprintable() and (control := _CONTROL.search(line)):
            raise Unreadable(f"control character {control[0]!r} in column {control.start() + 1}")
        width = self._layout.line_width
        if line[width:].strip(" "):
            raise Unreadable(f"text beyond column {width}")
        cut = self._line.match(line.ljust(width))
        if cut is None:
            raise Unreadable("text between two columns")
        return cut.groups()


def _masked(number: str | None) -> int:
    """Count the masked digits at the end; stars elsewhere were dialled.

    Four are masked, or all of a number that has no more; one to three at the end of a longer
    number are a code that was dialled, such as `*21*`.
    """
    if number is None or not number.endswith(MASK * min(len(number), MASKED_DIGITS_MAX)):
        return 0
    return min(len(number), MASKED_DIGITS_MAX)
