"""Body of a VoIP ticket: items of one byte id, two bytes length, highest first, and a value.

The three that every ticket begins with are end time, node and version; others stand in any order
(facts: oxe 4.2, documented). The table is typed from the facts. That a frame carries the same
items as the files is inferred. Whatever is in them is invented: the exchange has no such calls.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, NamedTuple

BODY_BYTES_MAX = 768
"""What a frame holds behind its header."""

NUMBER_BYTES = 30
_NUMBER = "0123456789"
_FIRST = ("end time", "node number", "protocol version")


class VoipImpossible(ValueError):
    """A value has no place in its item, or the whole is too long; the text names the item."""


def number(value: int, width: int) -> bytes:
    """Write a number, the highest byte first."""
    return value.to_bytes(width, "big")


def local_instant(value: datetime, width: int) -> bytes:
    """Write a wall clock time as the seconds that it would be if it were UTC."""
    return number(int(value.replace(tzinfo=UTC).timestamp()), width)


def address(value: str, _width: int) -> bytes:
    """Write an IP address, of four or sixteen bytes."""
    return ip_address(value).packed


def digits(value: str, width: int) -> bytes:
    """Write a directory number, a digit per byte, with 0 as 0A and zeros behind it."""
    if set(value) - set(_NUMBER):
        raise ValueError("a directory number has digits alone")
    return bytes(int(each) or 0x0A for each in value).ljust(width, b"\0")


def own_digits(value: str, _width: int) -> bytes:
    """Write a number that is as long as it is, with a zero behind it."""
    return digits(value, 0) + b"\0"


def octets(value: str, _width: int) -> bytes:
    """Write bytes that are given in hexadecimal."""
    return bytes.fromhex(value)


def numbers(value: Sequence[int], width: int) -> bytes:
    """Write as many numbers of two bytes as the item holds."""
    return b"".join(number(each, 2) for each in value).ljust(width, b"\0")


class Item(NamedTuple):
    """One line of the table; a width of 0 is whatever the value needs."""

    identifier: int
    width: int
    coding: Callable[[Any, int], bytes]


ITEMS: Mapping[str, Item] = {
    "end time": Item(0x01, 4, local_instant),
    "node number": Item(0x02, 2, number),
    "protocol version": Item(0x03, 1, number),
    "equipment": Item(0x06, 2, octets),
    "local IP address": Item(0x08, 0, address),
    "distant IP address": Item(0x09, 0, address),
    "local directory number": Item(0x0A, NUMBER_BYTES, digits),
    "distant directory number": Item(0x0B, NUMBER_BYTES, digits),
    "duration": Item(0x0C, 2, number),
    "local SSRC": Item(0x0D, 4, octets),
    "distant SSRC": Item(0x0E, 4, octets),
    "codec": Item(0x0F, 1, number),
    "RTP packets received": Item(0x16, 4, number),
    "RTP packets sent": Item(0x17, 4, number),
    "RTP packets lost": Item(0x18, 2, number),
    "round-trip histogram": Item(0x1B, 10, numbers),
    "terminal's own number": Item(0x27, 0, own_digits),
    "network number": Item(0x28, 2, number),
    "offset to GMT in hours": Item(0x3C, 1, number),
}
"""By the names of the document; those of its items that the exchange writes."""


def body(items: Mapping[str, Any]) -> bytes:
    """Return the items of one ticket, the three obligatory ones first.

    Raises:
        VoipImpossible: one is missing, unknown or does not fit, or they are too long together.
    """
    if missing := [name for name in _FIRST if name not in items]:
        raise VoipImpossible(f"{missing[0]}: every ticket has it")
    order = [*_FIRST, *(name for name in items if name not in _FIRST)]
    whole = b"".join(_written(name, items[name]) for name in order)
    if len(whole) > BODY_BYTES_MAX:
        raise VoipImpossible(f"{len(whole)} bytes, and a frame holds {BODY_BYTES_MAX}")
    return whole


def _written(name: str, value: Any, table: Mapping[str, Item] = ITEMS) -> bytes:
    line = table.get(name)
    if line is None:
        raise VoipImpossible(f"{name}: no such item")
    try:
        piece = line.coding(value, line.width)
    except (ValueError, OverflowError) as error:
        raise VoipImpossible(f"{name}: {error}") from error
    if line.width and len(piece) != line.width:
        raise VoipImpossible(f"{name}: {len(piece)} bytes in the place of {line.width}")
    return bytes((line.identifier,)) + len(piece).to_bytes(2, "big") + piece


def invented(*, end: datetime, local: str, distant: str, duration_seconds: int) -> bytes:
    """Return a ticket of a call between two sets, with invented measurements.

    Raises:
        VoipImpossible: a number is no number.
    """
    return body(
        {
            "end time": end,
            "node number": 2,
            "protocol version": 2,
            "equipment": "0102",
            "local IP address": "192.0.2.10",
            "distant IP address": "192.0.2.20",
            "local directory number": local,
            "distant directory number": distant,
            "duration": duration_seconds,
            "local SSRC": "11223344",
            "distant SSRC": "55667788",
            "codec": 0,
            "RTP packets received": 50 * duration_seconds,
            "RTP packets sent": 50 * duration_seconds,
            "RTP packets lost": 0,
            "terminal's own number": local,
        }
    )
