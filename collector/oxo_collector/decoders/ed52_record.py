"""From a line of characters to values in the record's own names, by any table of columns.

A *layout* is a table of columns: our own one for the wire and for files without a header, the one
that a file's `#` line tells otherwise. It says where each value stands; the name of a column says
what it holds. Values are read strictly: a number with characters that are none, a value that does
not stand on its side, a date that does not exist make the record unreadable, by name.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from operator import itemgetter
from typing import Final

import msgspec

from oxo_collector.decoders.ed52_layout import (
    CODES,
    COLUMNS,
    FLAGS,
    MOMENT_CHARACTERS,
    MOMENTS,
    NEEDED,
    NEVER_BLANK,
    OTHER_NAMES,
    SIGNED,
    SPECIAL,
    VERSION,
    Column,
    Side,
    content_of,
)
from oxo_collector.decoders.outcome import quoted
from oxo_collector.decoders.values import Unreadable

LINE_CHARACTERS_MAX: Final = 4096
"""A header that tells a longer record is refused; the longest known has 525 characters."""

COLUMNS_COUNT_MAX: Final = 256
NAME_CHARACTERS_MAX: Final = 64

UNKNOWN: Final = "unknown"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_POSITION = re.compile(r"[0-9]{1,6}")
_SIDES: Mapping[str, Side] = {"L": "L", "R": "R", "N": "N"}
_DIGITS: Mapping[Side, re.Pattern[str]] = {
    "R": re.compile(r" *([0-9]{1,18})"),
    "L": re.compile(r"([0-9]{1,18}) *"),
    "N": re.compile(r"([0-9]{1,18})"),
}
_SIGNED_DIGITS = re.compile(r" *(-?[0-9]{1,17})")
_FLAGS = re.compile(r"[01]*")
_MOMENT = re.compile(r"[0-9]{8} [0-9]{2}:[0-9]{2}:[0-9]{2}")


class LayoutRefused(ValueError):
    """A table of columns cannot be used; the text names the columns in question."""


class Code(msgspec.Struct, frozen=True):
    """A code of the record and the word for it."""

    code: int
    word: str


class Flags(msgspec.Struct, frozen=True):
    """A row of flags as it came, and those that are set."""

    raw: str
    set: tuple[Code, ...]


Value = str | int | None | Code | Flags | datetime
Record = Mapping[str, Value]
"""Column -> value, in the order of the columns; None: the column is blank."""


class Layout:
    """A table of columns that can be used: none twice, none over another, the needed ones there."""

    def __init__(self, columns: Iterable[Column] = COLUMNS) -> None:
        """Take a table.

        Raises:
            LayoutRefused: it is none.
        """
        self.columns = tuple(sorted(columns, key=lambda column: column.first))
        _check(self.columns)
        self.line_characters = self.columns[-1].last
        self._by_name = {column.name: column for column in self.columns}

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Column:
        return self._by_name[name]

    def stretch(self, line: str, name: str) -> str:
        """Return the characters of a column; none where the layout does not have it."""
        return line[self.place(name)]

    def place(self, name: str) -> slice:
        """Return where a column stands; an absent one stands nowhere."""
        column = self._by_name.get(name)
        return slice(0, 0) if column is None else slice(column.first - 1, column.last)

    def cutter(self, names: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
        """Return what cuts these columns' characters out of a line, neighbours in one piece.

        There is always more than one piece: the last is empty where need be.
        """
        spans: list[list[int]] = []
        for place in sorted((self.place(name) for name in names), key=lambda one: int(one.start)):
            if spans and spans[-1][1] == place.start:
                spans[-1][1] = place.stop
            else:
                spans.append([place.start, place.stop])
        pieces = [slice(first, last) for first, last in spans]
        return itemgetter(*pieces, *([slice(0, 0)] * (2 - len(pieces))))


def _check(columns: tuple[Column, ...]) -> None:
    if not columns:
        raise LayoutRefused("no column")
    names = [column.name for column in columns]
    for name in names:
        if names.count(name) > 1:
            raise LayoutRefused(f"{name} stands twice among the columns")
    for column in columns:
        _check_place(column)
    for before, after in pairwise(columns):
        if after.first <= before.last:
            raise LayoutRefused(f"{before.name} and {after.name} overlap")
    absent = [name for name in NEEDED if name not in names]
    if absent:
        raise LayoutRefused(f"no column {', '.join(absent)}; without it a record tells no call")


def _check_place(column: Column) -> None:
    name, first, last = column.name, column.first, column.last
    if not 1 <= first <= last:
        raise LayoutRefused(f"{name} stands from {first} to {last}")
    if last > LINE_CHARACTERS_MAX:
        raise LayoutRefused(f"{name} ends at {last}; a record ends at {LINE_CHARACTERS_MAX}")
    if name in MOMENTS and last - first + 1 != MOMENT_CHARACTERS:
        raise LayoutRefused(
            f"{name} has {last - first + 1} characters; a date and time has {MOMENT_CHARACTERS}"
        )


def read_header(line: str) -> Layout:
    """Read the first line of a file: `#`, then name, first, last, side of each column.

    Blanks around a word and a comma at the end are let pass (facts: oxe 3.2).

    Raises:
        LayoutRefused: the columns cannot be used; the text names them.
    """
    words = [word.strip(" \t\r") for word in line.removeprefix("#").split(",")]
    if not words[-1]:
        words.pop()
    if not words or len(words) % 4:
        raise LayoutRefused(f"the header has {len(words)} words; a column has four")
    if len(words) > 4 * COLUMNS_COUNT_MAX:
        raise LayoutRefused(f"the header has more than {COLUMNS_COUNT_MAX} columns")
    return Layout([_column(*words[at : at + 4]) for at in range(0, len(words), 4)])


def is_header(line: str) -> bool:
    """Tell a header from a remark: the first word is a name, the second a position."""
    words = [word.strip() for word in line.removeprefix("#").split(",", 2)]
    if len(words) < 3:  # noqa: PLR2004 - a name, a position, the rest
        return False
    return _NAME.fullmatch(words[0]) is not None and _POSITION.fullmatch(words[1]) is not None


def _column(name: str, first: str, last: str, side: str) -> Column:
    if not _NAME.fullmatch(name) or len(name) > NAME_CHARACTERS_MAX:
        raise LayoutRefused(f"{quoted(name)} is no name of a column")
    for position in (first, last):
        if not _POSITION.fullmatch(position):
            raise LayoutRefused(f"{name}: {quoted(position)} is no position")
    if side not in _SIDES:
        raise LayoutRefused(f"{name}: {quoted(side)} is no side; allowed are L, R and N")
    return Column(OTHER_NAMES.get(name, name), int(first), int(last), _SIDES[side])


# Values.


def number(text: str, side: Side = "R") -> int | None:
    """Read a column of digits; blank is None.

    Raises:
        Unreadable: it holds something else, or on another side.
    """
    found = _DIGITS[side].fullmatch(text)
    if found is not None:
        return int(found[1])
    if text.strip(" "):
        raise Unreadable("is no number there")
    return None


def signed(text: str) -> int | None:
    """Read a difference of two clocks, which may be negative (ours); blank is None.

    Raises:
        Unreadable: it holds something else.
    """
    found = _SIGNED_DIGITS.fullmatch(text)
    return number(text) if found is None else int(found[1])


def text_of(text: str, side: Side = "L") -> str:
    """Return a text without its padding; blanks on the side where it stands belong to it."""
    return text.lstrip(" ") if side == "R" else text.rstrip(" ")


def moment(text: str) -> datetime | None:
    """Read `YYYYMMDD HH:MM:SS`; blank is None.

    Raises:
        Unreadable: it is something else, or a time that does not exist.
    """
    if not text.strip(" "):
        return None
    if _MOMENT.fullmatch(text) is None:
        raise Unreadable("is no date and time YYYYMMDD HH:MM:SS")
    try:
        return datetime.strptime(text, "%Y%m%d %H:%M:%S")  # noqa: DTZ007 - local time without zone
    except ValueError:
        raise Unreadable("is a time that does not exist") from None


def flags(text: str) -> str:
    """Return a row of `0` and `1` as it is.

    Raises:
        Unreadable: there are other characters.
    """
    if _FLAGS.fullmatch(text) is None and text.strip(" "):
        raise Unreadable("is no row of 0 and 1")
    return text.strip(" ")


def value_of(column: Column, line: str) -> Value:
    """Read one column of a line.

    Raises:
        Unreadable: what stands there is no such value; the text names the column.
    """
    stretch = line[column.first - 1 : column.last]
    try:
        return _value(column, stretch)
    except Unreadable as fault:
        raise Unreadable(f"{column.name} {quoted(stretch)} {fault}") from None


def _value(column: Column, stretch: str) -> Value:
    name, content = column.name, content_of(column.name)
    if content == "text":
        return text_of(stretch, column.side)
    if content == "moment":
        return moment(stretch)
    if content == "flags":
        raw = flags(stretch)
        words = FLAGS[name]
        places = (place for place, flag in enumerate(raw) if flag == "1")
        return Flags(raw, tuple(Code(place, words.get(place, UNKNOWN)) for place in places))
    may_be_negative = name in SIGNED and column.side == "R"
    figure = signed(stretch) if may_be_negative else number(stretch, column.side)
    if content == "number" or figure is None:
        return figure
    return Code(figure, CODES[name].get(figure, UNKNOWN))


def read_record(line: str, layout: Layout) -> Record:
    """Read every column of a line.

    Raises:
        Unreadable: the line has another length, or columns that cannot be read; all are named.
    """
    if len(line) != layout.line_characters:
        raise Unreadable(
            f"the line has {len(line)} characters; a record has {layout.line_characters}"
        )
    record: dict[str, Value] = {}
    faults: list[str] = []
    for column in layout.columns:
        try:
            record[column.name] = value_of(column, line)
        except Unreadable as fault:
            faults.append(str(fault))
    faults += [f"{name} is blank" for name in NEVER_BLANK if record.get(name, 0) is None]
    if faults:
        raise Unreadable("; ".join(faults))
    return record


def special_numbers(record: Record) -> Iterator[tuple[str, str]]:
    """Yield the columns whose number means none, with the word for it."""
    for name, words in SPECIAL.items():
        value = record.get(name)
        if isinstance(value, int) and value in words:
            yield name, words[value]


ED52 = Layout()
"""Our own table: what the wire sends, and what a file without a header holds."""

LAYOUTS: Mapping[str, Layout] = {VERSION: ED52}
"""Version -> layout, where nothing else tells the columns."""
