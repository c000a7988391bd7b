"""From a record to its 525 characters (facts: oxe 2.1, documented and field).

`encode` writes a record of the wire's own words by the table of `layout`; `render` goes the whole
way from a ticket, whose words `mapping` finds. Nothing is altered on the way: what does not fit its
column, or is no printable ASCII, is an error that names the column. A name alone is cut off where
its column ends. The characters have no line end: that belongs to files.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from oxo_tickets import Ticket

from oxo_simulator.ed52.layout import ED52, Column, Layout, Record
from oxo_simulator.ed52.mapping import MANNER, Manner, record_of

_FLAG_SETS_MAX = 4096
"""Combinations of flags whose characters are remembered; an exchange makes a few dozen."""


class RecordImpossible(ValueError):
    """A value has no place in its column; the text names the column."""


@lru_cache(_FLAG_SETS_MAX)
def flags(numbers: tuple[int, ...], width: int) -> str:
    """Write the flags of these numbers, counted from 0 at the left.

    Raises:
        RecordImpossible: there is no such flag.
    """
    if any(not 0 <= number < width for number in numbers):
        raise RecordImpossible(f"flags {numbers}, where 0 to {width - 1} are")
    return "".join("1" if number in numbers else "0" for number in range(width))


def instant(value: datetime, _width: int) -> str:
    """Write a wall clock time as `YYYYMMDD HH:MM:SS`."""
    return value.isoformat(" ", "seconds").replace("-", "")


_CODED: Mapping[str, Callable[[Any, int], str]] = {"flags": flags, "instant": instant}


def encode(record: Record, layout: Layout = ED52) -> bytes:
    """Return the characters of one record, without a line end.

    Raises:
        RecordImpossible: a value does not fit; names its column.
    """
    values = list(msgspec.structs.astuple(record)[: len(layout.columns)])
    for place, column in layout.coded:
        try:
            values[place] = _CODED[column.coding](values[place], column.width)
        except RecordImpossible as error:
            raise RecordImpossible(f"{column.name}: {error}") from error
    text = layout.template % tuple(values)
    # No column is ever narrower than its place, so the length of the whole tells of each.
    if len(text) != layout.width or not (text.isascii() and text.isprintable()):
        raise RecordImpossible(_wrong(values, layout))
    return text.encode("ascii")


def render(ticket: Ticket, manner: Manner = MANNER) -> bytes:
    """Return the 525 characters of a ticket, of which nothing is `mapping.unrenderable`.

    Raises:
        RecordImpossible: it is; names the column.
        NoCallType: it has a type that no code says.
    """
    return encode(record_of(ticket, manner))


def _wrong(values: list[Any], layout: Layout) -> str:
    for value, column in zip(values, layout.columns, strict=True):
        if why := _misfit(str(value), column):
            return f"{column.name}: {why}"
    return "the record does not fill its columns"


def _misfit(text: str, column: Column) -> str | None:
    if not (text.isascii() and text.isprintable()):
        return "a character that is no printable ASCII"
    if column.coding != "name" and len(text) > column.width:
        return f"{len(text)} characters in {column.width} columns"
    return None
