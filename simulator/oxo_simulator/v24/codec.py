"""One printed line: from a record in the print-out's own words to columns and bytes.

The layout is data. A column has a place, a width and a justification; which columns a line has is
the operator's choice, at most `FIELDS_MAX` of them, one blank between two. They stand in the order
of the manual's list, whatever the order in which they were chosen (facts: oxo 2.1, 6, documented).

Nothing that a cell holds can break the page: a control character is printed as `?`, as is a letter
that the print-out's character set does not have. A cell that does not fit its column is refused
(`CellTooLong`), for a cut number is another number; only a name is cut.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from oxo_tickets import Standing

FIELDS_MAX = 16
"""Columns of one line (facts: oxo 6, documented)."""

Justified = Literal["left", "right"]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One line's cells in the print-out's own words; `None` is a blank cell.

    Seconds are whole seconds; `cost` is the amount as printed; `date_time` fills two columns.
    """

    initial_user: str | None = None
    charged_user: str | None = None
    type: str | None = None
    line: str | None = None
    date_time: datetime | None = None
    duration_seconds: int | None = None
    units: int | None = None
    service: str | None = None
    facilities: str | None = None
    dialled_number: str | None = None
    dialling_mode: str | None = None
    ring_seconds: int | None = None
    cost: str | None = None
    account_code: str | None = None
    subscriber_name: str | None = None
    node: str | None = None
    carrier: str | None = None
    initial_user_8: str | None = None
    charged_user_8: str | None = None
    line_4: str | None = None


class Column(NamedTuple):
    """One column of a line: the manual's key, its first and last place from 1, justification."""

    key: str
    first: int
    last: int
    justified: Justified

    @property
    def width(self) -> int:
        """How many characters it has."""
        return self.last - self.first + 1


class CellTooLong(ValueError):
    """A cell does not fit its column, so that the line would say something else (nobody's fault).

    Attributes:
        key: of the column.
    """

    def __init__(self, column: Column, text: str) -> None:
        super().__init__(f"{column.key} {text!r} does not fit {column.width} characters")
        self.key = column.key


def date(value: datetime) -> str:
    """Print a date, `DD/MM/YY` (facts: oxo 2.1 DAT, documented)."""
    return f"{value.day:02}/{value.month:02}/{value.year % 100:02}"


def clock(value: datetime) -> str:
    """Print a time of day, `HH:MM`; the print-out knows no seconds (facts: oxo 2.1 TIM)."""
    return f"{value.hour:02}:{value.minute:02}"


def duration(seconds: int) -> str:
    """Print whole seconds as `HH:MM:SS` (facts: oxo 2.1 DUR, documented)."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def ring(seconds: int) -> str:
    """Print whole seconds as `mm:ss` (facts: oxo 2.1 RIN, documented)."""
    return f"{seconds // 60:02}:{seconds % 60:02}"


class Field(NamedTuple):
    """What the exchange can print in one column: width, justification, cell, and how firm that is.

    `place` is the standing of width and justification; that the field exists is documented.
    """

    width: int
    justified: Justified
    value: str
    spell: Callable[[Any], str]
    place: Standing


_DOC, _INFERRED, _OURS = Standing.DOCUMENTED, Standing.INFERRED, Standing.OURS

FIELDS: Mapping[str, Field] = {
    "IUS": Field(5, "left", "initial_user", str, _DOC),
    "SUB": Field(5, "left", "charged_user", str, _DOC),
    "TYP": Field(3, "left", "type", str, _DOC),
    "TRK": Field(3, "left", "line", str, _DOC),
    "DAT": Field(8, "left", "date_time", date, _INFERRED),
    "TIM": Field(5, "left", "date_time", clock, _INFERRED),
    "DUR": Field(8, "left", "duration_seconds", duration, _INFERRED),
    "TAX": Field(5, "right", "units", str, _INFERRED),
    "SER": Field(2, "left", "service", str, _INFERRED),
    "FAC": Field(5, "left", "facilities", str, _INFERRED),
    "DNU": Field(26, "left", "dialled_number", str, _INFERRED),
    "DMO": Field(1, "left", "dialling_mode", str, _DOC),
    "RIN": Field(5, "left", "ring_seconds", ring, _DOC),
    "CST": Field(10, "right", "cost", str, _INFERRED),
    "ACC": Field(16, "right", "account_code", str, _DOC),
    "SUN": Field(16, "left", "subscriber_name", str, _DOC),
    # No source tells the width of NOD; the highest node of a network has so many digits in ALZ.
    "NOD": Field(3, "right", "node", str, _OURS),
    "CAR": Field(1, "left", "carrier", str, _DOC),
    "IU8": Field(9, "left", "initial_user_8", str, _DOC),
    "SU8": Field(9, "left", "charged_user_8", str, _DOC),
    "TR4": Field(4, "left", "line_4", str, _DOC),
}
"""Every field, in the order in which it is printed (facts: oxo 2.1).

The manual calls both users of 8-digit plans SU8; here the initial one is IU8. The manual's 22nd
field, the account code's name, has no column of its own and is not printed.
"""

DEFAULT_FIELDS = ("SUB", "TYP", "TRK", "DAT", "TIM", "DUR", "TAX", "SER", "FAC", "DNU")
"""What is printed when nothing was chosen (facts: oxo 2.1, documented)."""

_CUT = frozenset({"SUN"})
"""Cells that lose what does not fit."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def layout(chosen: Iterable[str]) -> tuple[Column, ...]:
    """Place the chosen fields side by side, one blank between; none is the ten defaults."""
    wanted = frozenset(chosen) or frozenset(DEFAULT_FIELDS)
    columns, first = [], 1
    for key, field in FIELDS.items():
        if key in wanted:
            columns.append(Column(key, first, first + field.width - 1, field.justified))
            first += field.width + 1
    return tuple(columns)


def printable(text: str) -> str:
    """Replace what would move the paper or ring the bell."""
    return _CONTROL.sub("?", text)


def cell(statement: Statement, key: str) -> str:
    """Say one cell; a blank one is empty."""
    return printable(_raw(statement, FIELDS[key]))


def line(statement: Statement, columns: Sequence[Column]) -> str:
    """Print a statement, padded to the end of its last column.

    Raises:
        CellTooLong: a cell does not fit.
    """
    pieces, end = [], 0
    for column in columns:
        key, first, last, justified = column
        width = last - first + 1
        told = _raw(statement, FIELDS[key])
        if len(told) > width:
            if key not in _CUT:
                raise CellTooLong(column, printable(told))
            told = told[:width]
        pieces.append(" " * (first - 1 - end))
        pieces.append(told.rjust(width) if justified == "right" else told.ljust(width))
        end = last
    return printable("".join(pieces))


def _raw(statement: Statement, field: Field) -> str:
    value = getattr(statement, field.value)
    return "" if value is None else field.spell(value)
