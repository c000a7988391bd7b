"""An ALZ file: header and records (facts: oxo 5.2).

The header is ASCII: lines of `#Name=value`, padded with blanks, then a line `#DataBegin`; its hash
signs may be missing, and so may the whole header (the manual says that somebody adds it, not who).
Behind it records follow without a separator, so only their size tells them apart: line feeds
inside a record mean nothing. What cannot be read is a `Malformed` with its bytes:

* *header*: it does not end, or tells figures that are none; its figures differ from what is there;
* *record n*: impossible values; the last record is cut off; records of another size.

A faulty record spoils none of its neighbours, and what is there is read, whatever was promised.
"""

import re
from collections.abc import Iterator

import msgspec

from oxo_collector.decoders.alz_layout import CODES, RECORD_BYTES, UNKNOWN
from oxo_collector.decoders.alz_record import AlzRecord, RecordReader, unknown_codes
from oxo_collector.decoders.alz_ticket import to_ticket
from oxo_collector.decoders.outcome import Decoded, Malformed, quoted
from oxo_collector.decoders.values import Unreadable

__all__ = [
    "HEADER_BYTES_MAX",
    "RECORD_BYTES",
    "AlzFile",
    "AlzRecord",
    "Header",
    "decode_alz",
    "read_alz",
    "recognises",
    "to_ticket",
    "unknown_codes",
]

HEADER_BYTES_MAX = 4096
"""The manual's header has some 190 bytes."""

HEADER = "header"
"""The place of a fault in the header."""

NAMES = {
    "PabxRelease": "pabx_release",
    "TicketSize": "ticket_size",
    "TicketNumber": "ticket_number",
    "NetworkNumber": "network_number",
    "SubNetworkNumber": "subnetwork_number",
    "NodeNumber": "node_number",
}
"""Name in the file -> name in `Header` (facts: oxo 5.2, documented)."""

_BEGINS = re.compile(rb"#?(?:" + "|".join((*NAMES, "DataBegin")).encode() + rb")(?:=| *\r?\n)")
_DATA_BEGIN = re.compile(rb"(?:\A|\n)#?DataBegin *\r?\n")
_LINE = re.compile(r"#?([A-Za-z]+)=(.*?) *\r?")
_FIGURE = re.compile(r"[0-9]{1,9}")


class Header(msgspec.Struct, frozen=True):
    """What stands before the records; None: the line is absent."""

    pabx_release: str | None = None
    ticket_size: int | None = None
    ticket_number: int | None = None
    network_number: int | None = None
    subnetwork_number: int | None = None
    node_number: int | None = None


class AlzFile(msgspec.Struct, frozen=True):
    """What a file holds.

    Attributes:
        header: None where there is none, or none that can be read.
        pieces: records and what is none, in the order of the file.
        faults: what is wrong with the file as a whole, with the header's bytes.
    """

    header: Header | None
    pieces: tuple[AlzRecord | Malformed, ...]
    faults: tuple[Malformed, ...]

    @property
    def records_count(self) -> int:
        """Whole records, readable or not."""
        return sum(
            isinstance(one, AlzRecord) or len(one.raw) == RECORD_BYTES for one in self.pieces
        )


def recognises(data: bytes) -> bool:
    """Tell an ALZ file from XML and listings, by its header or by its first record.

    A record begins with a code of at most 6, which is no character of a text.
    """
    if _BEGINS.match(data):
        return True
    return (
        len(data) >= RECORD_BYTES
        and CODES["charged_user_type"].get(data[0], UNKNOWN) != UNKNOWN
        and data[113] in CODES["ticket_mode"]
    )


def read_alz(data: bytes, reader: RecordReader | None = None) -> AlzFile:
    """Read a file; never raises on input."""
    if not _BEGINS.match(data):
        return AlzFile(None, tuple(_records(data, reader or _READER)), ())
    end = _DATA_BEGIN.search(data, 0, HEADER_BYTES_MAX)
    if end is None:
        reason = f"the header does not end within {HEADER_BYTES_MAX} bytes (no #DataBegin)"
        return AlzFile(None, (), (Malformed(reason, data, HEADER),))
    raw, body = data[: end.end()], data[end.end() :]
    try:
        header = _header(raw)
    except Unreadable as fault:
        # The size is documented and fixed, so the records are read all the same.
        records = tuple(_records(body, reader or _READER))
        return AlzFile(None, records, (Malformed(str(fault), raw, HEADER),))
    return _with_header(header, raw, body, reader or _READER)


def decode_alz(data: bytes, zone: str | None) -> Iterator[Decoded]:
    """Read a file as tickets, and what is none; what is wrong with the whole file comes last."""
    file = read_alz(data)
    for piece in file.pieces:
        yield piece if isinstance(piece, Malformed) else to_ticket(piece, zone)
    yield from file.faults


def _with_header(header: Header, raw: bytes, body: bytes, reader: RecordReader) -> AlzFile:
    size = header.ticket_size
    if size is not None and size != RECORD_BYTES:
        reason = f"ticket size invalid: the header tells {size} bytes; known is {RECORD_BYTES}"
        pieces = (Malformed(reason, body, "record 1"),) if body else ()
        faults = () if body else (Malformed(reason, raw, HEADER),)
        return AlzFile(header, pieces, faults)
    file = AlzFile(header, tuple(_records(body, reader)), ())
    told, found = header.ticket_number, file.records_count
    if told is None or told == found:
        return file
    reason = f"ticket count differs: the header tells {told}, {found} are there"
    return AlzFile(header, file.pieces, (Malformed(reason, raw, HEADER),))


def _header(raw: bytes) -> Header:
    found: dict[str, str | int] = {}
    for line in raw.decode("latin-1").split("\n")[:-2]:
        told = _LINE.fullmatch(line)
        if told is None:
            raise Unreadable(f"the header has a line that is none: {quoted(line)}")
        name = NAMES.get(told[1])
        if name is None:
            continue
        if name in found:
            raise Unreadable(f"{told[1]} stands twice in the header")
        if name != "pabx_release" and not _FIGURE.fullmatch(told[2]):
            raise Unreadable(f"{told[1]} {quoted(told[2])} in the header is no figure")
        found[name] = told[2] if name == "pabx_release" else int(told[2])
    return msgspec.convert(found, Header)


def _records(data: bytes, reader: RecordReader) -> Iterator[AlzRecord | Malformed]:
    for number, begin in enumerate(range(0, len(data), RECORD_BYTES), 1):
        raw = data[begin : begin + RECORD_BYTES]
        place = f"record {number}"
        if len(raw) < RECORD_BYTES:
            reason = f"record truncated: {len(raw)} of {RECORD_BYTES} bytes are there"
            yield Malformed(reason, raw, place)
            continue
        try:
            yield reader.read(raw)
        except Unreadable as fault:
            yield Malformed(str(fault), raw, place)


_READER = RecordReader()
