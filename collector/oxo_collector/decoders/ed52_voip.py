"""VoIP tickets: items of one byte id, two bytes length, value (facts: oxe 4.2, documented).

Tickets follow each other without a mark; each begins with the items 01, 02, 03 and ends where the
next 01 or the filler 00 stands. That a frame on the wire holds the same items as a file is
inferred. An id that nobody knows, or a value of another length than its id has, is kept as
hexadecimal digits: only items that do not fit into the bytes make a ticket unreadable.
"""

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from oxo_collector.decoders.ed52_record import UNKNOWN
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.values import Unreadable

END_TIME, FILLER_ID = 0x01, 0x00
_FIRST: Final = ((0x01, 4), (0x02, 2), (0x03, 1))
"""Ids and lengths that every ticket begins with."""

HEAD_BYTES: Final = 3
NOT_MEASURED: Final = 0xFFFF
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the exchange shifts it to its own local time


class VoipCode(msgspec.Struct, frozen=True):
    """A code of one or two bytes and the words for it."""

    code: int | tuple[int, ...]
    word: str


VoipValue = str | int | None | datetime | VoipCode | tuple[int, ...]


class Item(msgspec.Struct, frozen=True):
    """One item of a ticket.

    Attributes:
        id: as it came.
        name: in words; `unknown` where nobody knows the id.
        value: what it means; the bytes as hexadecimal digits where that is not known. None: not
            measured.
        raw: its bytes.
        filler: what stood beside a directory number: `right 00` or `left 20`.
    """

    id: int
    name: str
    value: VoipValue
    raw: bytes
    filler: str | None = None


class VoipTicket(msgspec.Struct, frozen=True):
    """One ticket: the end of a segment of speech between two devices."""

    items: tuple[Item, ...]


def read_voip(body: bytes) -> tuple[VoipTicket | Malformed, ...]:
    """Read the tickets in a frame's body or in a file; never raises on input.

    What cannot be read ends the reading: behind a wrong length nothing can be found again.
    """
    found: list[VoipTicket | Malformed] = []
    items: list[Item] = []
    begin = 0
    try:
        for place, item in _items(body):
            if item.id == END_TIME and items:
                found.append(_ticket(items))
                items, begin = [], place
            items.append(item)
        if items:
            found.append(_ticket(items))
    except Unreadable as fault:
        found.append(Malformed(str(fault), body[begin:], f"ticket {len(found) + 1}"))
    if not found:
        return (Malformed("no item", body, "ticket 1"),)
    return tuple(found)


def _items(body: bytes) -> Iterator[tuple[int, Item]]:
    """Yield each item with its place, up to the filler."""
    at = 0
    while at < len(body) and body[at] != FILLER_ID:
        head = body[at : at + HEAD_BYTES]
        length = int.from_bytes(head[1:], "big")
        raw = body[at + HEAD_BYTES : at + HEAD_BYTES + length]
        if len(head) < HEAD_BYTES or len(raw) < length:
            raise Unreadable(
                f"item {body[at]:02X} at byte {at} is {length} bytes long; {len(raw)} are there"
            )
        yield at, _item(head[0], raw)
        at += HEAD_BYTES + length


def _ticket(items: list[Item]) -> VoipTicket:
    first = tuple((item.id, len(item.raw)) for item in items[: len(_FIRST)])
    if first != _FIRST:
        ids = " ".join(f"{item.id:02X}" for item in items[: len(_FIRST)])
        raise Unreadable(f"a ticket begins with the items 01 02 03, this one with {ids}")
    return VoipTicket(tuple(items))


def _item(identity: int, raw: bytes) -> Item:
    name, lengths, read = _KNOWN.get(identity, (UNKNOWN, (), None))
    if read is None or (lengths and len(raw) not in lengths):
        return Item(identity, name, raw.hex(), raw)
    filler = _filler(raw) if identity in _PADDED else None
    return Item(identity, name, read(raw), raw, filler)


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, "big")


def _signed(raw: bytes) -> int:
    return int.from_bytes(raw, "big", signed=True)


def _measured(raw: bytes) -> int | None:
    value = _number(raw)
    return None if value == NOT_MEASURED else value


def _moment(raw: bytes) -> datetime:
    return _EPOCH + timedelta(seconds=_number(raw))


def _address(raw: bytes) -> str:
    return str(ipaddress.ip_address(raw))


def _hexadecimal(raw: bytes) -> str:
    return raw.hex()


def _firmware(raw: bytes) -> str:
    return ".".join(str(byte) for byte in raw)


def _digits(raw: bytes) -> str:
    """Read one digit of each byte, where 0 is 0A; a byte that is no digit reads `?`."""
    return "".join(_DIGITS.get(byte, "?") for byte in raw.rstrip(b"\0").lstrip(b" "))


_DIGITS: Mapping[int, str] = {0x0A: "0", **{digit: str(digit) for digit in range(1, 10)}}


def _filler(raw: bytes) -> str | None:
    if raw.endswith(b"\0"):
        return "right 00"
    return "left 20" if raw.startswith(b" ") else None


def _row(width_bytes: int) -> Callable[[bytes], tuple[int, ...]]:
    def read(raw: bytes) -> tuple[int, ...]:
        return tuple(_number(raw[at : at + width_bytes]) for at in range(0, len(raw), width_bytes))

    return read


def _code(words: Mapping[int, str]) -> Callable[[bytes], VoipCode]:
    return lambda raw: VoipCode(raw[0], words.get(raw[0], UNKNOWN))


_EQUIPMENT: Mapping[int, str] = {1: "IP phone", 2: "PC application", 3: "OXE board", 4: "OXO board"}
_MODELS: Mapping[tuple[int, ...], str] = {
    (1, 1): "e-Reflexes",
    (1, 2): "IP Touch",
    (2, 0): "4980",
    (2, 1): "web softphone",
    (3, 0): "INTIP",
    (3, 1): "GD/GA",
    (3, 2): "eVA",
}


def _equipment(raw: bytes) -> VoipCode:
    code = tuple(raw)
    words = [_EQUIPMENT.get(raw[0], UNKNOWN), _MODELS.get(code)]
    return VoipCode(code, ", ".join(word for word in words if word is not None))


_CODECS = {0: "G.711A", 1: "G.711µ", 2: "G.723", 3: "G.729"}
_VOICE_MODES = {
    0x50: "idle",
    0x51: "handset",
    0x52: "group listening",
    0x53: "on-hook dialling",
    0x54: "hands-free",
}

_Known = tuple[str, tuple[int, ...], Callable[[bytes], VoipValue] | None]

_PADDED: Final = (0x0A, 0x0B)
_KNOWN: Mapping[int, _Known] = {
    0x01: ("end time", (4,), _moment),
    0x02: ("node number", (2,), _number),
    0x03: ("protocol version", (1,), _number),
    0x04: ("crystal", (1,), _number),
    0x05: ("coupler", (1,), _number),
    0x06: ("equipment", (2,), _equipment),
    0x07: ("time slot", (1,), _number),
    0x08: ("local IP address", (4, 16), _address),
    0x09: ("distant IP address", (4, 16), _address),
    0x0A: ("local directory number", (30,), _digits),
    0x0B: ("distant directory number", (30,), _digits),
    0x0C: ("duration", (2,), _number),
    0x0D: ("local SSRC", (4,), _hexadecimal),
    0x0E: ("distant SSRC", (4,), _hexadecimal),
    0x0F: ("codec", (1,), _code(_CODECS)),
    0x10: ("voice activity detection", (1,), _number),
    0x11: ("echo canceller", (1,), _number),
    0x12: ("voice mode", (1,), _code(_VOICE_MODES)),
    0x13: ("framing requested in ms", (1,), _number),
    0x14: ("framing received in ms", (1,), _number),
    0x15: ("framing changes", (1,), _number),
    0x16: ("RTP packets received", (4,), _number),
    0x17: ("RTP packets sent", (4,), _number),
    0x18: ("RTP packets lost", (2,), _number),
    0x19: ("silence in s", (2,), _number),
    0x1A: ("SID received", (2,), _number),
    0x1B: ("round trips to 40, 80, 150, 250 ms and above", (10,), _row(2)),
    0x1C: ("maximum delay", (2,), _measured),
    0x1D: ("DTMF count", (1,), _number),
    0x1E: ("consecutive BFI", (20,), _row(2)),
    0x1F: ("BFI distribution", (10,), _row(2)),
    0x20: ("jitter depth", (40,), _row(4)),
    0x21: ("ICMP unreachable", (2,), _number),
    0x22: ("fax loss", (4,), _number),
    0x23: ("fax underrun T4", (8,), _row(4)),
    0x24: ("fax underrun V21", (2,), _number),
    0x25: ("network jitter", (40,), _row(4)),
    0x26: ("firmware", (2,), _firmware),
    0x27: ("terminal's own number", (), _digits),
    0x28: ("network number", (2,), _number),
    0x29: ("DSP framing in ms", (1,), _number),
    0x2A: ("SID sent", (2,), _number),
    0x2B: ("data transparency", (1,), _number),
    0x2C: ("modem transparency", (1,), _number),
    0x2D: ("minimum delay", (2,), _measured),
    0x2E: ("802.1Q used", (1,), _number),
    0x2F: ("802.1Q priority", (1,), _number),
    0x30: ("VLAN", (2,), _number),
    0x31: ("DSCP", (1,), _number),
    0x37: ("encrypted", (1,), _number),
    0x3C: ("offset to GMT in hours", (1,), _signed),
    0x3D: ("BFI over 200 ms", (10,), _row(2)),
    0x3E: ("consecutive RTP losses", (10,), _row(2)),
}
"""Id -> name, lengths that it may have (none: any), how it is read."""
