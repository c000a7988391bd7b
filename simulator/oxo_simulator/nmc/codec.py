"""The ALZ file of the NMC wire: records of 122 bytes behind a header of text lines.

A record speaks in the wire's own names (facts: oxo 5.2, documented); what they mean is `mapping`'s
affair. The table `RECORD` says where each value stands, how wide it is and how it is coded. It is
typed from the facts and read by nobody but this encoder; its fields touch each other and fill the
record, so that no byte has two owners or none.

Positions count from 1, as in the document. Numbers of more than one byte have the highest byte
first. A packed number is its count of digits in one byte, then two digits a byte, aligned to the
right behind zeros. `*` is half-byte A and `#` half-byte B (ours; no source shows either).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

RECORD_BYTES = 122
COST_STEPS = 10_000
"""The second half of a cost counts ten-thousandths of the currency."""
BLANK = 0x20
"""The node of a stand-alone exchange."""

Alignment = Literal["left", "right"]
BitNumbering = Literal["lowest", "highest"]


class RecordImpossible(ValueError):
    """A value has no place in its field; the text names the field (an error of the mapping)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlzRecord:
    """One record, in the wire's words; durations are whole seconds, codes as on the wire.

    An absent text is `None`, and blank on the wire. `complementary_services` and
    `network_services` are the numbers of the bits that are set, as the document counts them, from
    1. A networked number that is `None` is blank; one that is empty counts no digits.
    """

    charged_user_type: int = 0
    charged_user: str | None = None
    call_type: int = 255
    trunk_type: int = 255
    trunk: str = "   "
    date_time: datetime
    duration_seconds: int = 0
    units: int = 0
    service: int = 255
    complementary_services: tuple[int, ...] = ()
    dialled_number: str | None = None
    dialling_mode: int = 255
    ring_seconds: int = 0
    cost: Decimal = Decimal(0)
    account_code: str | None = None
    subscriber_name: str = ""
    initial_user_type: int = 255
    initial_user: str | None = None
    initial_user_networked: str | None = None
    charged_user_networked: str | None = None
    network_services: tuple[int, ...] = ()
    node: int = BLANK
    carrier: str | None = None
    ticket_mode: int = 1
    uui_sent: int = 0
    uui_received: int = 0


Coding = Callable[[Any, int, "Form"], bytes]


class Form(NamedTuple):
    """What the document leaves open about the writing of a record (facts: oxo 7.3, ours).

    Attributes:
        name_alignment: where a name stands in its sixteen characters.
        bit_numbering: whether bit 1 is the one worth 1, or the one worth 128.
        character_set: of names.
    """

    name_alignment: Alignment = "right"
    bit_numbering: BitNumbering = "lowest"
    character_set: str = "iso-8859-1"


FORM = Form()
"""As the printed samples have it, or nearest to them."""


class Field(NamedTuple):
    """One line of the table: `width` bytes from the byte `place`, counted from 1."""

    name: str
    place: int
    width: int
    coding: Coding


class Header(NamedTuple):
    """What the header lines of a file say, besides size and count of its records."""

    release: str
    network: int = 0
    subnetwork: int = 0
    node: int = 1


def number(value: int, width: int, _form: Form) -> bytes:
    """Write a number, the highest byte first."""
    return value.to_bytes(width, "big")


def user(value: str | None, width: int, _form: Form) -> bytes:
    """Write a user's number behind its blanks."""
    return (value or "").rjust(width).encode("ascii")


def characters(value: str | None, width: int, _form: Form) -> bytes:
    """Write characters as they are, blanks behind them."""
    return (value or "").ljust(width).encode("ascii")


def name(value: str, width: int, form: Form) -> bytes:
    """Write a name, cut off at the width."""
    text = value[:width]
    text = text.rjust(width) if form.name_alignment == "right" else text.ljust(width)
    return text.encode(form.character_set)


def day(value: datetime, width: int, _form: Form) -> bytes:
    """Write day, month and year of the century."""
    return bytes((value.day, value.month, value.year % 100)).ljust(width, b"\0")


def clock(value: datetime, width: int, _form: Form) -> bytes:
    """Write second, minute and hour, in this order."""
    return bytes((value.second, value.minute, value.hour)).ljust(width, b"\0")


def duration(value: int, width: int, _form: Form) -> bytes:
    """Write hours, minutes and seconds of a duration."""
    minutes, seconds = divmod(value, 60)
    return bytes((minutes // 60, minutes % 60, seconds)).ljust(width, b"\0")


def ring(value: int, width: int, _form: Form) -> bytes:
    """Write seconds and minutes of a ringing time, in this order."""
    minutes, seconds = divmod(value, 60)
    return bytes((seconds, minutes)).ljust(width, b"\0")


def money(value: Decimal, width: int, _form: Form) -> bytes:
    """Write whole units of the currency, then ten-thousandths."""
    whole, rest = divmod(int(value * COST_STEPS), COST_STEPS)
    return whole.to_bytes(width // 2, "big") + rest.to_bytes(width - width // 2, "big")


_HALF_BYTES = str.maketrans("*#", "AB")


def packed(value: str | None, width: int, _form: Form) -> bytes:
    """Write a count of digits and the digits, two a byte."""
    if not value:
        return bytes(width)
    half_bytes = value.translate(_HALF_BYTES).rjust(2 * (width - 1), "0")
    return bytes((len(value),)) + bytes.fromhex(half_bytes)


def packed_or_blank(value: str | None, width: int, form: Form) -> bytes:
    """Write a packed number, or nothing but blanks where there is none."""
    return b" " * width if value is None else packed(value, width, form)


def bits(value: tuple[int, ...], width: int, form: Form) -> bytes:
    """Write a byte in which the bits of these numbers, from 1, are set."""
    if not value:
        return bytes(width)
    last = 8 * width
    places = value if form.bit_numbering == "lowest" else [last + 1 - bit for bit in value]
    return sum(1 << (place - 1) for place in places).to_bytes(width, "big")


RECORD: tuple[Field, ...] = (
    Field("charged_user_type", 1, 1, number),
    Field("charged_user", 2, 8, user),
    Field("call_type", 10, 1, number),
    Field("trunk_type", 11, 1, number),
    Field("trunk", 12, 3, characters),
    Field("date_time", 15, 3, day),
    Field("date_time", 18, 3, clock),
    Field("duration_seconds", 21, 3, duration),
    Field("units", 24, 2, number),
    Field("service", 26, 1, number),
    Field("complementary_services", 27, 1, bits),
    Field("dialled_number", 28, 14, packed),
    Field("dialling_mode", 42, 1, number),
    Field("ring_seconds", 43, 2, ring),
    Field("cost", 45, 4, money),
    Field("account_code", 49, 9, packed),
    Field("subscriber_name", 58, 16, name),
    Field("initial_user_type", 74, 1, number),
    Field("initial_user", 75, 8, user),
    Field("initial_user_networked", 83, 14, packed_or_blank),
    Field("charged_user_networked", 97, 14, packed_or_blank),
    Field("network_services", 111, 1, bits),
    Field("node", 112, 1, number),
    Field("carrier", 113, 1, characters),
    Field("ticket_mode", 114, 1, number),
    Field("uui_sent", 115, 4, number),
    Field("uui_received", 119, 4, number),
)
"""Where everything stands (facts: oxo 5.2, documented)."""


class Line(NamedTuple):
    """One header line: its title, and how wide the value behind it is padded."""

    title: str
    width: int


HEADER: tuple[Line, ...] = (
    Line("#PabxRelease=", 40),
    Line("#TicketSize=", 10),
    Line("#TicketNumber=", 10),
    Line("#NetworkNumber=", 10),
    Line("#SubNetworkNumber=", 10),
    Line("#NodeNumber=", 10),
)
"""The header lines in their order (facts: oxo 5.2; the widths are inferred from a dump)."""

DATA_BEGIN = b"#DataBegin\n"


def encode(record: AlzRecord, form: Form = FORM, layout: Sequence[Field] = RECORD) -> bytes:
    """Return the bytes of one record.

    Raises:
        RecordImpossible: a value does not fit; names its field.
    """
    written = bytearray(b" " * RECORD_BYTES)
    for line, place, width, coding in layout:
        try:
            piece = coding(getattr(record, line), width, form)
        except (ValueError, OverflowError) as error:
            raise RecordImpossible(f"{line}: {error}") from error
        if len(piece) != width:
            raise RecordImpossible(f"{line}: {len(piece)} bytes in the place of {width}")
        written[place - 1 : place - 1 + width] = piece
    return bytes(written)


def header_bytes(header: Header, count: int, layout: Sequence[Line] = HEADER) -> bytes:
    """Return the header lines of a file of so many records."""
    values = (header.release, RECORD_BYTES, count, header.network, header.subnetwork, header.node)
    lines = (
        f"{line.title}{str(value)[: line.width]:<{line.width}}\n"
        for line, value in zip(layout, values, strict=True)
    )
    return "".join(lines).encode("ascii", errors="replace") + DATA_BEGIN


def file_bytes(header: Header | None, records: Iterable[bytes]) -> bytes:
    """Return a whole file; without header where the exchange writes none."""
    data = b"".join(records)
    begin = b"" if header is None else header_bytes(header, len(data) // RECORD_BYTES)
    return begin + data
