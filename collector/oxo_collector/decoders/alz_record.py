"""Codec of one ALZ record: 122 bytes become a record in the wire's own names.

`RecordReader` follows the table of `alz_layout`; nothing of the layout stands here. A value that
cannot be is refused for its record alone; a code that no source knows is kept with its number.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from oxo_collector.decoders.alz_layout import (
    BITS,
    CENTURY_TURNS_AT_YEAR,
    CODES,
    COST_DECIMALS,
    DIGITS,
    ENCODING,
    FIELDS,
    RECORD_BYTES,
    UNKNOWN,
    Field,
)
from oxo_collector.decoders.values import Unreadable

SIXTY = 60
HOURS_COUNT = 24
"""Minutes, seconds and hours are below these."""


class Code(msgspec.Struct, frozen=True):
    """A code of the record and its word; the word of an unknown code is `unknown`."""

    code: int
    word: str


class Bits(msgspec.Struct, frozen=True):
    """A field of bits: its value, and the word of each bit that is set, the lowest first."""

    raw: int
    set: tuple[Code, ...]


class AlzRecord(msgspec.Struct, frozen=True):
    """One ticket as the file tells it. None: no number.

    Attributes:
        trunk: three characters, as they are.
        date_time: local, without zone.
        duration_s: seconds.
        ring_s: seconds.
        cost: local currency, four decimals.
        uui_sent: counter of user-to-user information.
    """

    charged_user_type: Code
    charged_user: str | None
    call_type: Code
    trunk_type: Code
    trunk: str
    date_time: datetime
    duration_s: int
    units: int
    service: Code
    complementary_services: Bits
    dialled_number: str | None
    dialling_mode: Code
    ring_s: int
    cost: Decimal
    account_code: str | None
    subscriber_name: str
    initial_user_type: Code
    initial_user: str | None
    initial_user_networked: str | None
    charged_user_networked: str | None
    network_services: Bits
    node: Code
    carrier: str | None
    ticket_mode: Code
    uui_sent: int
    uui_received: int


class DateImpossible(Unreadable):
    """The record's day or time of day does not exist."""


Cut = tuple[str, int, int, Callable[[bytes], Any]]
"""Name of a field, where it begins and ends in the bytes, and the reader of what stands there."""


class RecordReader:
    """Reads records by a table of fields."""

    def __init__(self, fields: tuple[Field, ...] = FIELDS) -> None:
        self._cuts: list[Cut] = [
            (field.name, field.first - 1, field.last, _reader(field)) for field in fields
        ]

    def read(self, raw: bytes) -> AlzRecord:
        """Read one record of `RECORD_BYTES`.

        Raises:
            DateImpossible: day or time of day do not exist.
            Unreadable: the text names the field that cannot be read.
        """
        if len(raw) != RECORD_BYTES:
            raise Unreadable(f"record of {len(raw)} bytes; it has {RECORD_BYTES}")
        found: dict[str, Any] = {}
        for name, begin, end, reader in self._cuts:
            try:
                found[name] = reader(raw[begin:end])
            except Unreadable as fault:
                raise Unreadable(f"{name} (bytes {begin + 1}-{end}) {fault}") from None
        return _record(found)


def unknown_codes(record: AlzRecord) -> list[tuple[str, int]]:
    """Return field and number of every code that no source knows."""
    codes = ((name, getattr(record, name)) for name in CODES)
    return [(name, code.code) for name, code in codes if code.word == UNKNOWN]


def _record(found: dict[str, Any]) -> AlzRecord:
    """Join the parts of times and cost."""
    stamp = [found.pop(part) for part in ("year", "month", "day", "hour", "minute", "second")]
    duration = [found.pop(f"duration_{part}") for part in ("hours", "minutes", "seconds")]
    ring = [found.pop(f"ring_{part}") for part in ("minutes", "seconds")]
    cost = found.pop("cost_whole"), found.pop("cost_fraction")
    return AlzRecord(
        **found,
        date_time=_date_time(stamp),
        duration_s=_duration(*duration),
        ring_s=_ring(*ring),
        cost=_cost(*cost),
    )


def _date_time(stamp: list[int]) -> datetime:
    year, month, day, hour, minute, second = stamp
    century = 2000 if year < CENTURY_TURNS_AT_YEAR else 1900
    if year > 99:  # noqa: PLR2004 - two digits
        raise DateImpossible(f"date impossible: year {year}; it is 0-99")
    try:
        return datetime(century + year, month, day, hour, minute, second)  # noqa: DTZ001 - wall clock
    except ValueError:
        told = f"{day:02}/{month:02}/{year:02} {hour:02}:{minute:02}:{second:02}"
        raise DateImpossible(f"date impossible: {told}") from None


def _duration(hours: int, minutes: int, seconds: int) -> int:
    if hours >= HOURS_COUNT or minutes >= SIXTY or seconds >= SIXTY:
        raise Unreadable(f"duration of {hours} h {minutes} min {seconds} s is impossible")
    return (hours * SIXTY + minutes) * SIXTY + seconds


def _ring(minutes: int, seconds: int) -> int:
    if seconds >= SIXTY:
        raise Unreadable(f"ring time of {minutes} min {seconds} s is impossible")
    return minutes * SIXTY + seconds


def _cost(whole: int, fraction: int) -> Decimal:
    parts = 10**COST_DECIMALS
    if fraction >= parts:
        raise Unreadable(f"cost with a fraction of {fraction}; it is below {parts}")
    return Decimal(whole * parts + fraction).scaleb(-COST_DECIMALS)


def _reader(field: Field) -> Callable[[bytes], Any]:
    """Return the reader of a field's bytes."""
    match field.coding:
        case "number":
            order = field.order
            return lambda raw: int.from_bytes(raw, order)
        case "code":
            return _code_reader(CODES[field.name])
        case "bits":
            return _bits_reader(BITS[field.name])
        case "digits":
            return _digits_reader(field.side)
        case _:
            return _text_reader(field)


def _text_reader(field: Field) -> Callable[[bytes], Any]:
    if field.coding == "characters":
        return lambda raw: raw.decode(ENCODING)
    strip = {"right": bytes.lstrip, "left": bytes.rstrip, "either": bytes.strip}[field.side]
    if field.coding == "name":
        return lambda raw: strip(raw, b" ").decode(ENCODING)
    return lambda raw: _number_of_user(strip(raw, b" "))


def _number_of_user(raw: bytes) -> str | None:
    """Read a number of a user: digits and letters, `*` and `#`."""
    if not raw:
        return None
    text = raw.decode(ENCODING)
    if not (text.isascii() and text.isprintable()):
        raise Unreadable(f"{raw!r} is no number of a user")
    return text


def _code_reader(words: Mapping[int, str]) -> Callable[[bytes], Code]:
    table = {bytes([code]): Code(code, words.get(code, UNKNOWN)) for code in range(256)}

    def read(raw: bytes) -> Code:
        return table.get(raw) or Code(int.from_bytes(raw, "big"), UNKNOWN)

    return read


def _bits_reader(words: Mapping[int, str]) -> Callable[[bytes], Bits]:
    table = {bytes([raw]): _bits(raw, words) for raw in range(256)}

    def read(raw: bytes) -> Bits:
        return table.get(raw) or _bits(int.from_bytes(raw, "big"), words)

    return read


def _bits(raw: int, words: Mapping[int, str]) -> Bits:
    bits = [bit for bit in range(1, raw.bit_length() + 1) if raw >> (bit - 1) & 1]
    return Bits(raw, tuple(Code(bit, words.get(bit, UNKNOWN)) for bit in bits))


_HALVES = str.maketrans("0123456789abcdef", DIGITS + "?" * (16 - len(DIGITS)))


def _digits_reader(side: str) -> Callable[[bytes], str | None]:
    def read(raw: bytes) -> str | None:
        if not raw.strip(b" "):
            return None
        count, digits = raw[0], raw[1:].hex()
        if count > len(digits):
            raise Unreadable(f"tells {count} digits; at most {len(digits)}")
        if not count:
            return None
        told = (digits[-count:] if side == "right" else digits[:count]).translate(_HALVES)
        if "?" in told:
            raise Unreadable(f"{told!r} has half-bytes that are no digits")
        return told

    return read
