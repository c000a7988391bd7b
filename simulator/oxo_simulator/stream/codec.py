"""Frames of the stream: what the exchange sends, and how what it hears is cut (facts: oxe 1.3).

    +---------+------------------------+     length: of the payload alone, highest byte first
    | length  | payload (length bytes) |     payload of a ticket: header, body, zeros up to 772
    +---------+------------------------+     header: two numbers of two bytes, lowest byte first

That the length stands so, and the numbers of the header the other way round, is inferred from every
byte seen; so are types and roles. The layout is a table, `FRAMING`, typed from the facts.
"""

import struct
from enum import StrEnum
from typing import NamedTuple

PAYLOAD_BYTES_MAX = 4_096
"""Of a collector: it has nothing to say that is longer (facts: oxe 1.2, ours)."""


class Kind(StrEnum):
    """What a ticket frame tells."""

    EMPTY = "empty"
    CDR = "CDR"
    MAO = "MAO"
    VOIP = "VoIP"


class Framing(NamedTuple):
    """Where what stands in the frames of the exchange.

    Attributes:
        length: format of the length in front.
        header: format of the two numbers in front of a body.
        first: the first of them, always the same.
        types: the second: what the ticket is.
        payload_bytes: of every ticket.
        main: the role of the CPU that serves.
        request: of the keep-alive.
    """

    length: str = ">H"
    header: str = "<HH"
    first: int = 1
    types: tuple[tuple[Kind, int], ...] = (
        (Kind.EMPTY, 1),
        (Kind.CDR, 2),
        (Kind.MAO, 6),
        (Kind.VOIP, 7),
    )
    payload_bytes: int = 772
    main: bytes = b"P"
    request: bytes = b"TEST_REQ"


FRAMING = Framing()
OPEN, ANSWER = b"S", b"TEST_RSP"
"""What a collector says: it opens the dialogue; it answers the keep-alive."""
START_BYTES = 2
"""Of the start: two zeros, whose meaning is unknown; any two bytes are taken for it."""


class FrameImpossible(ValueError):
    """A body is longer than its frame."""


class Frame(NamedTuple):
    """A frame in the two pieces in which it is written."""

    length: bytes
    payload: bytes

    @property
    def octets(self) -> bytes:
        """The whole of it."""
        return self.length + self.payload


def frame(payload: bytes, framing: Framing = FRAMING) -> Frame:
    """Put its length in front of a payload."""
    return Frame(struct.pack(framing.length, len(payload)), payload)


def role(octet: bytes | None = None, framing: Framing = FRAMING) -> Frame:
    """Return the answer to an opened dialogue: main, or another byte."""
    return frame(framing.main if octet is None else octet, framing)


def request(framing: Framing = FRAMING) -> Frame:
    """Return the keep-alive request."""
    return frame(framing.request, framing)


def ticket(kind: Kind, body: bytes = b"", framing: Framing = FRAMING) -> Frame:
    """Return a ticket frame; the rest behind the body is zeros.

    Raises:
        FrameImpossible: the body has no room.
    """
    head = struct.pack(framing.header, framing.first, dict(framing.types)[kind])
    payload = (head + body).ljust(framing.payload_bytes, b"\0")
    if len(payload) > framing.payload_bytes:
        raise FrameImpossible(f"a body of {len(body)} bytes behind a header of {len(head)}")
    return frame(payload, framing)


class BadLength(NamedTuple):
    """A length that no frame of a collector has; nothing behind it can be read."""

    length: int


class Reader:
    """Cuts what a collector says into payloads; keeps no more than one frame."""

    def __init__(self, framing: Framing = FRAMING) -> None:
        self._format = struct.Struct(framing.length)
        self._kept = b""
        self._lost = False

    def read(self, data: bytes) -> list[bytes | BadLength]:
        """Return the payloads that are whole now; behind a `BadLength` nothing is read any more."""
        found: list[bytes | BadLength] = []
        data, place = self._kept + data, 0
        while not self._lost and len(data) - place >= self._format.size:
            (length,) = self._format.unpack_from(data, place)
            begin = place + self._format.size
            if not 1 <= length <= PAYLOAD_BYTES_MAX:
                found.append(BadLength(length))
                self._lost = True
            elif len(data) < begin + length:
                break
            else:
                found.append(data[begin : begin + length])
                place = begin + length
        self._kept = b"" if self._lost else data[place:]
        return found
