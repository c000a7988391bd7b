"""The print mode TICKET as a stream: one block per call, bytes in, events out.

That there are blocks is documented, their layout is not (facts: oxo 6, 7.3): it is a template. A
block has a line for the title, perhaps, and then one line `heading : value` for each of the
template's fields, in its order; the last field ends it, so that no ticket waits for the next. Blank
lines and form feeds stand between blocks. What begins as a block and is none is a `Malformed` with
all its bytes; the line that broke it may begin the next. A hotel's documents stand
between blocks, too.
"""

import re
from collections.abc import Mapping

import msgspec

from oxo_collector.decoders.outcome import Malformed, quoted
from oxo_collector.decoders.v24 import (
    LINE_BYTES_MAX,
    Company,
    Event,
    FormFeed,
)
from oxo_collector.decoders.v24_document import TITLE_CHARACTERS_MAX, DocumentReader
from oxo_collector.decoders.v24_headings import FORMS
from oxo_collector.decoders.v24_layout import (
    COLUMNS_COUNT_MAX,
    FIELDS,
    NEEDED,
    TEN,
    Layout,
    LayoutInvalid,
)
from oxo_collector.decoders.v24_statement import FieldReader
from oxo_collector.decoders.values import Unreadable

HEADINGS: Mapping[str, tuple[str, ...]] = {
    field: tuple(title for title, forms in FORMS.items() if field in {form.field for form in forms})
    for field in FIELDS
}
"""The column headings of the manual (facts: oxo 2.1, 6.2); that blocks have them is ours."""


class BlockLayout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The template of one site's blocks.

    Attributes:
        fields: in the order in which they are printed; by default those of an exchange where none
            was selected (facts: oxo 2.1, documented).
        headings: field -> the words in front of it, where they are others than `HEADINGS`.
        separator: between heading and value.
        encoding: of the bytes.
    """

    fields: tuple[str, ...] = tuple(column.field for column in TEN)
    headings: Mapping[str, str] = {}
    separator: str = ":"
    encoding: str = "ISO-8859-1"

    def __post_init__(self) -> None:
        """Refuse a template that no exchange can print."""
        for field in (*self.fields, *self.headings):
            if field not in FIELDS:
                raise LayoutInvalid(f"field {field!r} is unknown; known: {', '.join(FIELDS)}")
        if len(set(self.fields)) < len(self.fields):
            raise LayoutInvalid("a field stands twice in the block")
        if missing := [field for field in NEEDED if field not in self.fields]:
            raise LayoutInvalid(f"a ticket needs the fields {', '.join(missing)}")
        if len(self.fields) > COLUMNS_COUNT_MAX:
            raise LayoutInvalid(f"{len(self.fields)} fields; at most {COLUMNS_COUNT_MAX} exist")
        if not self.separator.strip():
            raise LayoutInvalid("the separator is blank")
        try:
            b"0".decode(self.encoding)
        except (LookupError, UnicodeError):
            raise LayoutInvalid(f"encoding {self.encoding!r} is no text encoding") from None

    def words(self, field: str) -> tuple[str, ...]:
        """Return the words that may stand in front of a field."""
        told = self.headings.get(field)
        return HEADINGS[field] if told is None else (told,)


_ENDS = re.compile(rb"\r\n|[\r\n\f]")


def _line_of(layout: BlockLayout, field: str) -> re.Pattern[str]:
    words = "|".join(re.escape(words) for words in layout.words(field))
    return re.compile(rf"\s*(?:{words})\s*{re.escape(layout.separator.strip())}(.*)")


class BlockDecoder:
    """Turns the bytes of one print-out in blocks into events; it never raises on input."""

    learns = False
    layout: Layout | None = None

    def __init__(self, layout: BlockLayout) -> None:
        self._layout = layout
        self._reader = FieldReader(layout.fields, [str.strip] * len(layout.fields))
        self._lines = [_line_of(layout, field) for field in layout.fields]
        self._rest = b""
        self._after_cr = False
        self._number = 1
        self._begun = 1
        self._title: bytes | None = None
        self._documents = DocumentReader(layout.encoding)
        self._block: list[bytes] = []
        self._cells: list[str] = []

    @property
    def waiting_bytes(self) -> int:
        """How many bytes of a block without an end are held."""
        held = sum(len(line) + 2 for line in self._block)
        return held + self._documents.waiting_bytes + len(self._rest)

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
                events += self._documents.end("a form feed came inside")
                events += [*self._broken("a form feed inside"), *self._told_title(), FormFeed()]
            else:
                self._number += 1
        while len(waiting) - begin > LINE_BYTES_MAX:
            piece = waiting[begin : begin + LINE_BYTES_MAX]
            events += [*self._too_long_inside(), self._too_long(piece)]
            begin += LINE_BYTES_MAX
        self._rest = waiting[begin:]
        return events

    def close(self) -> list[Event]:
        """The stream has ended: return what was waiting."""
        rest, self._rest = self._rest, b""
        if self._documents.is_open:
            return [*self._documents.end("the connection ended inside", rest)]
        if rest.strip():
            self._block.append(rest)
            return [*self._told_title(), *self._broken("a line without an end")]
        return [*self._told_title(), *self._broken("its end is missing")]

    def _line(self, raw: bytes) -> list[Event]:
        if len(raw) > LINE_BYTES_MAX:
            return [*self._too_long_inside(), self._too_long(raw)]
        if not raw.strip():
            return [*self._documents.end(None)]
        text = raw.decode(self._layout.encoding, "replace")
        found = self._lines[len(self._cells)].fullmatch(text)
        if self._documents.is_open and (found is None or self._documents.is_item(raw)):
            return self._inside(raw)
        if found is not None:
            return [*self._documents.end("a block came inside"), *self._field(raw, found[1])]
        if not self._block:
            return self._between(raw, text)
        expected = " or ".join(self._layout.words(self._layout.fields[len(self._cells)]))
        broken = self._broken(f"{quoted(text.strip())} where {expected} was expected")
        return [*broken, *self._line(raw)]

    def _field(self, raw: bytes, cell: str) -> list[Event]:
        events: list[Event] = []
        if not self._block:
            self._begun = self._number
            events = self._company()
        self._block.append(raw)
        self._cells.append(cell)
        return [*events, *self._whole()] if len(self._cells) == len(self._lines) else events

    def _whole(self) -> list[Event]:
        raw, cells = b"\r\n".join(self._block), self._cells
        self._block, self._cells = [], []
        place = f"line {self._begun}"
        try:
            return [self._reader.compose(cells, raw, place)]
        except Unreadable as fault:
            return [Malformed(str(fault), raw, place)]

    def _broken(self, why: str) -> list[Event]:
        if not self._block:
            return []
        raw = b"\r\n".join(self._block)
        self._block, self._cells = [], []
        return [Malformed(f"block that is not whole: {why}", raw, f"line {self._begun}")]

    def _inside(self, raw: bytes) -> list[Event]:
        if self._documents.is_title(raw):
            return [*self._documents.open(raw, self._number)]
        return [*self._documents.line(raw, self._number)]

    def _too_long_inside(self) -> list[Event]:
        cut = self._documents.end("a line came inside that is too long")
        return [*cut, *self._broken("a line that is too long inside")]

    def _between(self, raw: bytes, text: str) -> list[Event]:
        """Hold a line that may be the title of what follows; any other is none of ours."""
        if self._documents.is_item(raw):
            title, self._title = self._title, None
            if title is not None:
                self._documents.open(title, self._number - 1)
            return [*self._documents.line(raw, self._number)]
        events = self._told_title()
        if self._documents.is_title(raw):
            return [*events, *self._documents.open(raw, self._number)]
        if len(text.strip()) <= TITLE_CHARACTERS_MAX and text.isprintable():
            self._title = raw
            return events
        return [*events, self._no_block(raw)]

    def _company(self) -> list[Event]:
        title, self._title = self._title, None
        if title is None:
            return []
        return [Company(title.decode(self._layout.encoding, "replace").strip())]

    def _told_title(self) -> list[Event]:
        title, self._title = self._title, None
        return [] if title is None else [self._no_block(title)]

    def _no_block(self, raw: bytes) -> Malformed:
        return Malformed("a line outside of any block", raw, f"line {self._number}")

    def _too_long(self, raw: bytes) -> Malformed:
        return Malformed(f"line of more than {LINE_BYTES_MAX} bytes", raw, f"line {self._number}")
