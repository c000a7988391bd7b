"""Where the columns of a V24 statement stand: configuration, because a site selects its fields.

A statement is one line; its fields stand in the order of the manual's list, at most sixteen, one
blank between (facts: oxo 6, documented). Widths are partly documented, partly inferred from the
two printer widths 79 and 132 (facts: oxo 2.1, 6.3); the split 5, 2, 5, 26 of TAX, SER, FAC and
DNU is the inferred part.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

COLUMNS_COUNT_MAX = 16
"""So many fields a statement has at most (facts: oxo 6, documented)."""

TITLES: tuple[str, ...] = (
    "INITIAL USER",
    "CHARGED USER",
    "USER",
    "TYPE",
    "LINE",
    "LINE 4",
    "DATE",
    "TIME",
    "DURATION",
    "TAXES",
    "SERV",
    "ADD. SERVICES",
    "DIALLED NUMBER",
    "MODE",
    "RING",
    "COST",
    "BUSIN. CODE",
    "BUSIN CODE",
    "USER NAME",
    "SUBSCRIBER NAME",
    "NODE",
    "OPE.",
    "ACCOUNT CODE NAME",
)
"""What headings are made of in an English print-out (facts: oxo 2.1, 6.2, documented)."""

FIELDS: tuple[str, ...] = (
    "initial_user",
    "charged_user",
    "type",
    "line",
    "date",
    "time",
    "duration",
    "units",
    "service",
    "facilities",
    "dialled_number",
    "dialling_mode",
    "ring",
    "cost",
    "account_code",
    "subscriber_name",
    "node",
    "carrier",
    "initial_user_8",
    "charged_user_8",
    "line_4",
    "account_code_name",
)
"""The fields that an exchange can print, in the order of the manual (facts: oxo 2.1)."""

NEEDED = ("date", "time", "duration")
"""Without these columns a line cannot be told from others, nor a ticket be made of it."""


class LayoutInvalid(ValueError):
    """The operator's table of columns cannot be right; the text says which column and why."""


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field of the line.

    Attributes:
        field: one of `FIELDS`.
        first: its first character, from 1.
        last: its last character.
        justified: on which side the value stands.
        key: the exchange's own short name; for the reader of the table only.
    """

    field: str
    first: int
    last: int
    justified: Literal["left", "right"] = "left"
    key: str = ""


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The columns of one site's statements.

    Attributes:
        columns: from left to right, one blank between.
        line_width: characters of a full line; the day's count ends there.
        encoding: of the bytes; columns are counted in characters.
        titles: the words that headings are made of.
    """

    columns: tuple[Column, ...]
    line_width: int
    encoding: str = "ISO-8859-1"
    titles: tuple[str, ...] = TITLES

    def __post_init__(self) -> None:
        """Refuse a table that no exchange can print."""
        _check_fields([column.field for column in self.columns])
        _check_places(self.columns, self.line_width)
        try:
            b"0".decode(self.encoding)
        except (LookupError, UnicodeError):
            raise LayoutInvalid(f"encoding {self.encoding!r} is no text encoding") from None

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, object]) -> "Layout":
        """Read a layout as configuration or a vector has it.

        `padded` and `line_end` speak to a writer; the reader takes either.

        Raises:
            LayoutInvalid: a key is missing or unknown, or the columns cannot be right.
        """
        wanted = {k: v for k, v in mapping.items() if k not in ("padded", "line_end")}
        try:
            return msgspec.convert(wanted, cls)
        except msgspec.ValidationError as error:
            raise LayoutInvalid(str(error)) from error


def _check_fields(fields: list[str]) -> None:
    for field in fields:
        if field not in FIELDS:
            raise LayoutInvalid(f"field {field!r} is unknown; known: {', '.join(FIELDS)}")
        if fields.count(field) > 1:
            raise LayoutInvalid(f"field {field} has two columns")
    if missing := [field for field in NEEDED if field not in fields]:
        raise LayoutInvalid(f"a ticket needs the columns {', '.join(missing)}")
    if len(fields) > COLUMNS_COUNT_MAX:
        raise LayoutInvalid(f"{len(fields)} columns; at most {COLUMNS_COUNT_MAX} are printed")


def _check_places(columns: tuple[Column, ...], line_width: int) -> None:
    expected = 1
    for column in columns:
        if column.first != expected:
            raise LayoutInvalid(f"{column.field} begins at {column.first}, expected {expected}")
        if column.last < column.first:
            raise LayoutInvalid(f"{column.field} ends at {column.last}, before it begins")
        expected = column.last + 2
    if columns[-1].last != line_width:
        raise LayoutInvalid(f"the last column ends at {columns[-1].last}, the line at {line_width}")


TEN = (
    Column("charged_user", 1, 5, "left", "SUB"),
    Column("type", 7, 9, "left", "TYP"),
    Column("line", 11, 13, "left", "TRK"),
    Column("date", 15, 22, "left", "DAT"),
    Column("time", 24, 28, "left", "TIM"),
    Column("duration", 30, 37, "left", "DUR"),
    Column("units", 39, 43, "right", "TAX"),
    Column("service", 45, 46, "left", "SER"),
    Column("facilities", 48, 52, "left", "FAC"),
    Column("dialled_number", 54, 79, "left", "DNU"),
)
"""The fields printed when nothing was selected."""

FIFTEEN = (
    *TEN,
    Column("dialling_mode", 81, 81, "left", "DMO"),
    Column("ring", 83, 87, "left", "RIN"),
    Column("cost", 89, 98, "right", "CST"),
    Column("account_code", 100, 115, "right", "ACC"),
    Column("subscriber_name", 117, 132, "left", "SUN"),
)
"""The fields of the documented headings."""

LAYOUTS: Mapping[str, Layout] = {"79": Layout(TEN, 79), "132": Layout(FIFTEEN, 132)}
"""The layouts that need no configuration, by their width in characters."""
