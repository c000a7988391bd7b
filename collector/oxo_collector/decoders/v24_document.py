"""Hotel documents between the statements of a print-out: guest information and bills.

A document is a block of lines (facts: oxo 4 says what a guest's tickets list; the lines are ours):

    GUEST GLOBAL BILL
    Room                     : 117
    Cost                     : 14.50
    THANKS FOR COMING

a title, one line `heading : value` for each item, the headings padded so that the colons stand
below each other, and the footnote, a line without colon, which ends it. So does a blank line.

Nothing of it is a ticket, and nothing of it is set aside line by line: what comes from the title to
the end is one `Document` with all its bytes. One that was cut (a statement, a form feed, rows of
titles or the end of the connection came inside, or its title is missing) is a `Document` too, and
says how. Titles of another language are told by what follows: a line with a padded heading.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from oxo_collector.receipt import WireEvent

TITLES: Final[Mapping[str, str]] = {
    "GUEST INFORMATION": "guest information",
    "GUEST GLOBAL BILL": "guest bill",
    "PHONE BOOTH BILL": "booth bill",
}
"""Title -> what the document is (facts: oxo 4 names all three, documented)."""

UNTITLED: Final = "printed document"

TITLE_CHARACTERS_MAX: Final = 40
FOOTNOTE_CHARACTERS_MAX: Final = 40
"""A footnote has no more (facts: oxo 4, documented)."""

HEADING_CHARACTERS: Final = 24
"""Headings are padded to so many (ours)."""

LINES_COUNT_MAX: Final = 64
"""A longer document is told in pieces: no guest has so many items (ours)."""

# No slash: a damaged statement may have its time there, but behind a date.
_PADDED = re.compile(rf"(?P<heading>[^:/]{{{HEADING_CHARACTERS}}}) ?: ?(?P<value>.*)")
_LOOSE = re.compile(r"(?P<heading>[^:]{1,40}?) *: ?(?P<value>.*)")
_NO_WORD = re.compile(r"[\W_]+")


# fmt: off
_PLAIN: Final = frozenset(
    {
        "room", "name", "guest_name", "language", "from", "to", "calls",
        "number_of_communications", "units", "cost", "currency", "vat_rate", "vat", "vat_amount",
        "deposit", "balance", "number", "duration", "direct_number", "ddi", "barring",
        "do_not_disturb", "dnd", "wake_up", "reminder_time", "message", "message_status",
    }
)
# fmt: on
"""Names whose figures are shown; what stands under any other may be a password."""

_PASSWORD = re.compile(r"(?<![0-9])(?:[0-9]{4}|[0-9]{6})(?![0-9])")
"""A guest's password has four or six digits (facts: oxo 4.1, inferred for six)."""


class Document(msgspec.Struct, frozen=True):
    """One document, or what is there of it.

    Attributes:
        kind: what it is; `printed document` where no known title stands above it.
        title: as printed; None: it is missing.
        items: headings and values as printed, without the blanks around them.
        footnote: the line that ended it; None: a blank line did, or nothing.
        unread: lines inside that are neither item nor footnote.
        raw: its bytes, from the title on.
        place: `line <number>` of its first line.
        cut: what came inside it, where it is not whole.
    """

    kind: str
    title: str | None
    items: tuple[tuple[str, str], ...]
    footnote: str | None
    unread: tuple[str, ...]
    raw: bytes
    place: str
    cut: str | None = None


class DocumentReader:
    """Gathers the lines of one document after the other; pure, for one stream.

    Args:
        encoding: of the lines.
    """

    def __init__(self, encoding: str = "ISO-8859-1") -> None:
        self._encoding = encoding
        self._lines: list[bytes] = []
        self._begin("", 0)

    def _begin(self, title: str, number: int) -> None:
        self._title = title
        self._number = number
        self._items: list[tuple[str, str]] = []
        self._unread: list[str] = []
        self._padded = False

    @property
    def is_open(self) -> bool:
        """Tell whether a document has begun and not ended."""
        return bool(self._lines)

    @property
    def waiting_bytes(self) -> int:
        """How many bytes of a document without an end are held, line ends of two included."""
        return sum(len(line) + 2 for line in self._lines)

    def is_title(self, raw: bytes) -> bool:
        """Tell whether a line is the title of a known document."""
        return raw.strip(b" ") in _TITLES

    def is_item(self, raw: bytes) -> bool:
        """Tell whether a line can be nothing but an item, so that a title must stand above it."""
        text = self._text(raw)
        return text.isprintable() and _PADDED.fullmatch(text) is not None

    def open(self, title: bytes, number: int) -> list[Document]:
        """Begin a document; return the one before, which the title cut.

        Args:
            title: the line of it; empty where there is none.
            number: of that line, from 1.
        """
        cut = self.end("the next document began inside")
        self._begin(self._text(title).strip(), number)
        self._lines = [title] if title else []
        return cut

    def line(self, raw: bytes, number: int) -> list[Document]:
        """Take a line of the document; return the document where the line ends it."""
        if not self.is_open and not self._title:
            self._number = number
        self._lines.append(raw)
        text = self._text(raw).rstrip()
        found = _PADDED.fullmatch(text) or (None if self._padded else _LOOSE.fullmatch(text))
        if found is not None:
            self._padded = self._padded or _PADDED.fullmatch(text) is not None
            self._items.append((found["heading"].strip(), found["value"].strip()))
        elif len(text.strip()) <= FOOTNOTE_CHARACTERS_MAX and text.isprintable():
            return self._told(text.strip(), None)
        else:
            self._unread.append(text)
        if len(self._lines) >= LINES_COUNT_MAX:
            return self.end(f"it has more than {LINES_COUNT_MAX} lines")
        return []

    def end(self, cut: str | None, rest: bytes = b"") -> list[Document]:
        """Return the document that is open, if one is; `cut` says what came instead of its end.

        Args:
            cut: None where a blank line ended it.
            rest: bytes of a last line without an end, which are kept and not read.
        """
        if not self.is_open:
            return []
        if rest:
            self._lines.append(rest)
        return self._told(None, cut)

    def _told(self, footnote: str | None, cut: str | None) -> list[Document]:
        title = self._title or None
        told = Document(
            TITLES.get(self._title, UNTITLED),
            title,
            tuple(self._items),
            footnote,
            tuple(self._unread),
            b"\r\n".join(self._lines),
            f"line {self._number}",
            cut if title or cut else "its title is missing",
        )
        self._lines = []
        self._begin("", 0)
        return [told]

    def _text(self, raw: bytes) -> str:
        return raw.decode(self._encoding, "replace")


_TITLES = frozenset(title.encode() for title in TITLES)


def event_of(document: Document) -> WireEvent:
    """Return a document as it is kept: its items by heading, a guest's password held back.

    A heading becomes a name: `VAT rate` is `vat_rate`; a second of the same name is `vat_rate_2`.
    Under a heading that nobody knows (another language, a damaged letter) and in a line that is no
    item, stars stand for what may be a password.
    """
    fields: dict[str, str | int | None] = {}
    for heading, value in document.items:
        name = _NO_WORD.sub("_", heading.casefold()).strip("_") or "item"
        if "password" not in name:
            fields[_unused(name, fields)] = value if name in _PLAIN else _hidden(value)
    if document.footnote is not None:
        # Blanks in a row are of an item that lost its colon: no footnote is set in columns.
        item = "  " in document.footnote
        fields[_unused("footnote", fields)] = (
            _hidden(document.footnote) if item else document.footnote
        )
    for text in document.unread:
        fields[_unused("unread", fields)] = _hidden(text)
    if document.kind == UNTITLED and document.title is not None:
        fields[_unused("title", fields)] = _hidden(document.title)
    if document.cut is not None:
        fields[_unused("cut", fields)] = document.cut
    return WireEvent(document.kind, fields, document.raw)


def _hidden(text: str) -> str:
    return _PASSWORD.sub(lambda found: "*" * len(found[0]), text)


def _unused(name: str, fields: Mapping[str, object]) -> str:
    if name not in fields:
        return name
    return next(
        other for number in range(2, len(fields) + 3) if (other := f"{name}_{number}") not in fields
    )
