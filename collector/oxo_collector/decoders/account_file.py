"""An account file: the tickets of about an hour, as the exchange shelves them (facts: oxe 3.2).

Four forms, told by the content and never by the name:

* *Unix compress*, as the exchange keeps them, of one of the two next;
* *plain text with a header*: a line `#Name,first,last,side,...`, then a record on each line, in the
  columns that the header tells;
* *plain text without a header*: records of 525 characters of a version whose columns are known;
* *comma rendering*: a blank, then the 48 columns as wide as ever with a comma between (facts: oxe
  2.6, field). Its record is the same one, so it has the same digest.

The compressed form has no end mark. A file that was cut while it was fetched shows by its last line
alone, which has no line feed then; such a file is refused as a whole, so that it is fetched again
and nothing of it counts twice. A line in the middle that cannot be read is one `Malformed` and
spoils no neighbour. Lines that begin with `#` are never records: a header says how to read on, any
other one is a remark.
"""

import io
from array import array
from collections.abc import Sequence
from hashlib import sha256
from operator import itemgetter
from typing import Final, Literal

import msgspec

from oxo_collector.decoders import compress
from oxo_collector.decoders.ed52_layout import COLUMNS, COST_DECIMALS, ENCODING, Column
from oxo_collector.decoders.ed52_record import (
    ED52,
    LAYOUTS,
    Layout,
    LayoutRefused,
    is_header,
    read_header,
)
from oxo_collector.decoders.ed52_ticket import RecordReader
from oxo_collector.decoders.outcome import Malformed, Recorded, quoted

PLACE: Final = "document"
"""The place of a fault that is the whole file's."""

VERSION_CHARACTERS: Final = 5
KNOWN: Final = tuple(version.encode() for version in LAYOUTS)
LF: Final = b"\n"
HASH: Final = ord("#")
COMMA_LINE_CHARACTERS: Final = COLUMNS[-1].last + len(COLUMNS)
"""A blank and 47 commas beside the columns: 573."""

Form = Literal["Unix compress", "plain text", "comma rendering"]


class Limits(msgspec.Struct, frozen=True):
    """How much of a file is read.

    Attributes:
        compressed_bytes_max: a longer compressed file is refused unread.
        text_bytes_max: a longer text is refused, a compressed one while it expands.
        malformed_count_max: with more lines that cannot be read it is no account file.
    """

    compressed_bytes_max: int = compress.COMPRESSED_BYTES_MAX
    text_bytes_max: int = 256 * 1024 * 1024
    malformed_count_max: int = 10_000


LIMITS: Final = Limits()
"""About half a million tickets; the longest hour ever seen had 6,038."""


class AccountFile(msgspec.Struct, frozen=True):
    """What a file holds.

    Attributes:
        name: on the exchange.
        form: how it was written, compressed or not; None where it is no account file.
        pieces: a ticket, or what cannot be read, for each line that is no `#` line.
        lines: the line of each piece, from 1.
        columns: as its first header tells them, or those of the known version; empty when refused.
        text_bytes: length of the text, expanded.
        text_digest: SHA-256 of the text in hexadecimal digits. The same text has the same one,
            however it was compressed; empty where there is no text.
        refused: what is wrong with the file as a whole; then there are no pieces.
    """

    name: str
    form: Form | None
    pieces: Sequence[Recorded | Malformed]
    lines: Sequence[int]
    columns: Sequence[Column]
    text_bytes: int
    text_digest: str
    refused: Malformed | None = None


class _Refused(Exception):
    """The file as a whole cannot be used; the text says why."""


def read_account_file(
    data: bytes,
    name: str,
    zone: str | None,
    cost_decimals: int = COST_DECIMALS,
    limits: Limits = LIMITS,
) -> AccountFile:
    """Read a file; never raises on input.

    Args:
        data: the whole file as it was fetched.
        name: on the exchange, for the outcome; it decides nothing.
        zone: IANA name of the exchange's zone, for the tickets.
        cost_decimals: how many digits of the cost stand behind the point.
        limits: where reading stops.
    """
    text = _text(data, limits)
    if isinstance(text, Malformed):
        return _refusal(name, None, b"", text)
    form = _form(data, text)
    try:
        _check_whole(text, limits)
        reader = _Lines(text, zone, cost_decimals, limits)
        pieces = reader.pieces()
    except _Refused as fault:
        return _refusal(name, form, text, Malformed(str(fault), data, PLACE))
    digest = sha256(text).hexdigest()
    return AccountFile(name, form, pieces, reader.numbers, reader.columns, len(text), digest)


def recognises(data: bytes) -> bool:
    """Tell an account file from the other wires' files, by how it begins."""
    if compress.is_compressed(data) or _is_comma_rendering(data):
        return True
    line = data[: data.find(LF) + 1 or None]
    if line.startswith(b"#"):
        return is_header(line.decode(ENCODING))
    return line[:VERSION_CHARACTERS].decode(ENCODING) in LAYOUTS


def _refusal(name: str, form: Form | None, text: bytes, fault: Malformed) -> AccountFile:
    digest = sha256(text).hexdigest() if text else ""
    return AccountFile(name, form, (), (), (), len(text), digest, fault)


def _text(data: bytes, limits: Limits) -> bytes | Malformed:
    if not compress.is_compressed(data):
        return data
    return compress.expand(
        data, limits.text_bytes_max, compressed_bytes_max=limits.compressed_bytes_max
    )


def _form(data: bytes, text: bytes) -> Form:
    if data is not text:
        return "Unix compress"
    return "comma rendering" if _is_comma_rendering(text) else "plain text"


def _is_comma_rendering(text: bytes) -> bool:
    return text[:1] == b" " and text[6:7] == b","


def _check_whole(text: bytes, limits: Limits) -> None:
    if not text:
        raise _Refused("the file is empty")
    if len(text) > limits.text_bytes_max:
        raise _Refused(f"{len(text)} bytes of text; at most {limits.text_bytes_max} are read")
    if not text.endswith(LF):
        last = len(text) - text.rfind(LF) - 1
        raise _Refused(
            f"last line incomplete: {last} characters and no line feed; the file was cut"
        )


class _Lines:
    """The lines of a whole text, one after the other, as pieces.

    Attributes:
        numbers: the line of each piece so far.
        columns: as the first header tells them.
    """

    def __init__(self, text: bytes, zone: str | None, cost_decimals: int, limits: Limits) -> None:
        self.numbers = array("I")
        self.columns: Sequence[Column] = ()
        self._text, self._zone, self._cost_decimals = text, zone, cost_decimals
        self._limits = limits
        self._malformed_count = 0
        self._first_fault = "there is no line"

    def pieces(self) -> list[Recorded | Malformed]:
        """Read every line.

        Raises:
            _Refused: a header that cannot be used, too many bad lines, or no record at all.
        """
        unbend = _without_commas if _is_comma_rendering(self._text) else _without_return
        reader, headed = self._reader(ED52), False
        record_bytes, piece_of = reader.layout.line_characters, reader.piece
        pieces: list[Recorded | Malformed] = []
        read = 0
        for number, line in enumerate(io.BytesIO(self._text), 1):
            raw = line[:-1]
            if line[0] == HASH:
                if told := self._told_by(raw, number):
                    reader, headed = told, True
                    record_bytes, piece_of = reader.layout.line_characters, reader.piece
                continue
            record = raw if len(raw) == record_bytes else unbend(raw)
            if headed or record.startswith(KNOWN):
                piece = piece_of(record)
            else:
                piece = Malformed(_stranger(raw), raw, PLACE)
            if isinstance(piece, Malformed):
                piece = self._bad(piece.reason, raw, number)
            else:
                read += 1
            self.numbers.append(number)
            pieces.append(piece)
        if not (headed or read):
            raise _Refused(f"no account file: {self._first_fault}")
        self.columns = self.columns or ED52.columns
        return pieces

    def _reader(self, layout: Layout) -> RecordReader:
        return RecordReader(layout, self._zone, self._cost_decimals)

    def _told_by(self, raw: bytes, number: int) -> RecordReader | None:
        """Return a reader for the columns of a header; None for a remark."""
        line = raw.decode(ENCODING)
        if not is_header(line):
            return None
        try:
            layout = read_header(line)
        except LayoutRefused as fault:
            raise _Refused(f"the header in line {number} cannot be used: {fault}") from None
        self.columns = self.columns or layout.columns
        return self._reader(layout)

    def _bad(self, reason: str, raw: bytes, number: int) -> Malformed:
        self._malformed_count += 1
        if self._malformed_count == 1:
            self._first_fault = reason
        if self._malformed_count > self._limits.malformed_count_max:
            allowed = self._limits.malformed_count_max
            raise _Refused(f"more than {allowed} bad lines; line {number}: {reason}")
        return Malformed(reason, raw, f"line {number}")


def _stranger(raw: bytes) -> str:
    begin = quoted(raw[: 2 * VERSION_CHARACTERS].decode(ENCODING))
    return f"without a header, a record begins with {' or '.join(LAYOUTS)}, not with {begin}"


def _without_return(raw: bytes) -> bytes:
    """Take away the carriage return that a copy by way of another system may have brought."""
    return raw.removesuffix(b"\r")


_WITH_COMMAS = tuple(
    slice(column.first + place, column.last + place + 1) for place, column in enumerate(COLUMNS)
)
"""In front of a column stand a blank and a comma for each column before."""

_cut_columns = itemgetter(*_WITH_COMMAS)
_cut_marks = itemgetter(*(slice(place.start - 1, place.start) for place in _WITH_COMMAS))
_MARKS = (b" ", *([b","] * (len(COLUMNS) - 1)))


def _without_commas(raw: bytes) -> bytes:
    """Return the record of a line of the comma rendering, or the line where it is none."""
    line = raw.removesuffix(b"\r")
    if len(line) != COMMA_LINE_CHARACTERS or _cut_marks(line) != _MARKS:
        return raw
    return b"".join(_cut_columns(line))
