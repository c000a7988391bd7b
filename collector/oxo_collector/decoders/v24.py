"""A V24 listing as a stream: bytes in, events out, wherever the pieces are cut.

A line ends with CR LF, CR or LF; a form feed ends a line too and is an event of its own. What is
no statement is page furniture (facts: oxo 6.1):

* *headings*: one or two rows that are made of known titles only;
* *company*: a line of at most 16 characters directly above headings. Whether it is the company
  can be told only by the next line, so it waits for it; without headings it is undecodable;
* *day count*: a number of at most five digits that ends in the last column, nothing else.

A hotel's documents stand between statements as blocks of lines (`v24_document`): each is one event.

Without a layout the rows of titles tell the columns, and each next row of them tells them anew. A
line that comes before the first is a `Malformed` with the reason `COLUMNS_UNKNOWN`: `read_again`
makes of it what it is when the columns are known.

Everything else is a `Malformed` with the bytes of the line. Blank lines mean nothing. What ends
without a line end is not trusted to be complete: a number may have lost its last digits.
"""

import re

import msgspec

from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.v24_document import (
    TITLE_CHARACTERS_MAX,
    Document,
    DocumentReader,
)
from oxo_collector.decoders.v24_headings import layout_of_headings
from oxo_collector.decoders.v24_layout import LAYOUTS, TITLES, Column, Layout, LayoutInvalid
from oxo_collector.decoders.v24_statement import Statement, StatementReader
from oxo_collector.decoders.v24_ticket import to_ticket
from oxo_collector.decoders.values import Unreadable

__all__ = [
    "COLUMNS_UNKNOWN",
    "LAYOUTS",
    "LINE_BYTES_MAX",
    "Column",
    "Company",
    "DayCount",
    "Document",
    "Event",
    "FormFeed",
    "Headings",
    "Layout",
    "LayoutInvalid",
    "Malformed",
    "Statement",
    "V24Decoder",
    "layout_of_headings",
    "read_again",
    "to_ticket",
]

LINE_BYTES_MAX = 1024
"""A longer line is kept in pieces of this size, none of which is read."""

COLUMNS_UNKNOWN = "the columns are not known: no row of titles came yet, and none are configured"
"""Why a line is not read that is very probably a statement."""

COMPANY_CHARACTERS_MAX = 16
"""A company name has no more (facts: oxo 1.3, documented)."""

HEADING_ROWS_COUNT = 2
"""Titles alternate between two rows (facts: oxo 6.2, documented)."""

_ENDS = re.compile(rb"\r\n|[\r\n\f]")
_DAY_COUNT = re.compile(r" *(0|[1-9][0-9]{0,4})")


class FormFeed(msgspec.Struct, frozen=True):
    """A page ends or begins."""


class Company(msgspec.Struct, frozen=True):
    """The company's name at the top of a page."""

    text: str


class Headings(msgspec.Struct, frozen=True):
    """The rows of titles, without trailing blanks."""

    rows: tuple[str, ...]


class DayCount(msgspec.Struct, frozen=True):
    """The number of statements of the day that ends here."""

    count: int


Event = Statement | FormFeed | Company | Headings | DayCount | Document | Malformed


class V24Decoder:
    """Turns the bytes of one listing into events; it does no I/O and never raises on input.

    Args:
        layout: the columns; None lets the rows of titles tell them.
        known: the columns that hold until then.
    """

    def __init__(self, layout: Layout | None = LAYOUTS["79"], known: Layout | None = None) -> None:
        self._learns = layout is None
        self._use(layout or known)
        titles = "|".join(re.escape(title) for title in (layout.titles if layout else TITLES))
        self._titles = re.compile(rf" *(?:{titles})(?: *(?:{titles}))* *")
        self._rest = b""
        self._after_cr = False
        self._overlong = False
        self._number = 1
        self._above: tuple[str, Malformed] | None = None
        self._documents = DocumentReader(self._encoding)
        self._rows: list[str] = []

    def _use(self, layout: Layout | None) -> None:
        self._layout = layout
        self._statements = None if layout is None else StatementReader(layout)
        self._encoding = layout.encoding if layout else "ISO-8859-1"

    @property
    def learns(self) -> bool:
        """Tell whether the rows of titles tell the columns."""
        return self._learns

    @property
    def layout(self) -> Layout | None:
        """The columns in use."""
        return self._layout

    @property
    def waiting_bytes(self) -> int:
        """How many bytes of a line without an end are held."""
        return self._documents.waiting_bytes + len(self._rest)

    def receive(self, data: bytes) -> list[Event]:
        """Take the next bytes and return what they complete."""
        if not data:
            return []
        line_feed_of_cr = self._after_cr and data.startswith(b"\n")
        self._after_cr = data.endswith(b"\r")
        waiting = self._rest + (data[1:] if line_feed_of_cr else data)
        events: list[Event] = []
        begin = 0
        for end in _ENDS.finditer(waiting):
            line = waiting[begin : end.start()]
            begin = end.end()
            if line or end[0] != b"\f":  # what stands before a form feed is no blank line
                events += self._line(line)
            if end[0] == b"\f":
                cut = self._documents.end("a form feed came inside")
                events += [*cut, *self._furniture(), FormFeed()]
            else:
                self._number += 1
        self._rest = waiting[begin:]
        return events + self._overlong_pieces()

    def close(self) -> list[Event]:
        """The stream has ended: return what was waiting."""
        rest, self._rest = self._rest, b""
        if self._documents.is_open:
            return [*self._documents.end("the connection ended inside", rest)]
        events = self._furniture()
        if rest.strip(b" "):
            events.append(self._malformed("line without an end", rest))
        return events

    def _line(self, raw: bytes) -> list[Event]:
        self._rest = raw
        pieces = self._overlong_pieces()
        if self._overlong:
            self._overlong = False
            return [*pieces, self._too_long(self._rest)]
        if not raw.strip(b" "):
            return [*self._documents.end(None)]
        told = self._titles_above(raw)
        if self._statements is None:
            return [*told, *self._no_statement(raw, COLUMNS_UNKNOWN)]
        try:
            statement = self._statements.read(raw, self._number)
        except Unreadable as fault:
            return [*told, *self._no_statement(raw, str(fault))]
        cut = self._documents.end("a statement came inside")
        return [*cut, *told, *self._furniture(), statement]

    def _titles_above(self, raw: bytes) -> list[Event]:
        """Learn from a single row of titles before the line below it is read."""
        if not (self._learns and self._rows):
            return []
        text = raw.decode(self._encoding, "replace").rstrip(" ")
        return [] if self._titles.fullmatch(text) else self._furniture()

    def _overlong_pieces(self) -> list[Event]:
        """Cut what is longer than a line into pieces, the last of which stays waiting."""
        pieces: list[Event] = []
        begin = 0
        while len(self._rest) - begin > LINE_BYTES_MAX:
            pieces.append(self._too_long(self._rest[begin : begin + LINE_BYTES_MAX]))
            begin += LINE_BYTES_MAX
        if pieces:
            cut = self._documents.end("a line came inside that is too long")
            pieces = [*cut, *self._furniture(), *pieces]
            self._overlong = True
            self._rest = self._rest[begin:]
        return pieces

    def _no_statement(self, raw: bytes, reason: str) -> list[Event]:
        text = raw.decode(self._encoding, "replace").rstrip(" ")
        if self._documents.is_title(raw):
            return [*self._furniture(), *self._documents.open(raw, self._number)]
        if self._titles.fullmatch(text):
            cut = self._documents.end("rows of titles came inside")
            self._rows.append(text)
            return [*cut, *(self._furniture() if len(self._rows) == HEADING_ROWS_COUNT else [])]
        if self._documents.is_open:
            return [*self._documents.line(raw, self._number)]
        if self._documents.is_item(raw):
            return self._untitled(raw)
        events = self._furniture()
        counted = _DAY_COUNT.fullmatch(text)
        if counted and self._layout and len(text) == self._layout.line_width:
            events.append(DayCount(int(counted[1])))
        elif len(text) <= TITLE_CHARACTERS_MAX and text.isprintable():
            self._above = text, self._malformed(reason, raw)
        else:
            events.append(self._malformed(reason, raw))
        return events

    def _furniture(self) -> list[Event]:
        """Return what was waiting for the next line: company and headings, or neither."""
        above, self._above = self._above, None
        rows, self._rows = self._rows, []
        if above is None:
            return [self._headings(tuple(rows))] if rows else []
        text, malformed = above
        if not rows:
            return [malformed]
        company = Company(text) if len(text) <= COMPANY_CHARACTERS_MAX else malformed
        return [company, self._headings(tuple(rows))]

    def _untitled(self, raw: bytes) -> list[Event]:
        """Begin a document whose title no source knows: the line above, where there is one."""
        events: list[Event] = []
        if self._above is not None and not self._rows:
            (_, title), self._above = self._above, None
            self._documents.open(title.raw, int(title.place.removeprefix("line ")))
        else:
            events = self._furniture()
        return [*events, *self._documents.line(raw, self._number)]

    def _headings(self, rows: tuple[str, ...]) -> Event:
        if self._learns:
            try:
                self._use(layout_of_headings(rows))
            except LayoutInvalid as fault:
                raw = "\r\n".join(rows).encode(self._encoding, "replace")
                return self._malformed(f"the rows of titles tell no columns: {fault}", raw)
        return Headings(rows)

    def _too_long(self, raw: bytes) -> Malformed:
        return self._malformed(f"line of more than {LINE_BYTES_MAX} bytes", raw)

    def _malformed(self, reason: str, raw: bytes) -> Malformed:
        return Malformed(reason, raw, f"line {self._number}")


def read_again(raw: bytes, layout: Layout) -> list[Event]:
    """Read the bytes of one line that waited for its columns."""
    decoder = V24Decoder(layout)
    return decoder.receive(raw + b"\n") + decoder.close()
