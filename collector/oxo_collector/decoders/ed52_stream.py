"""Frames of the on-the-fly stream, as the collector reads them (facts: oxe 1.2 and 1.3).

Two bytes of length, the highest first, then so many bytes. The length covers what follows it; no
end mark, no check value, no number. Bytes go in as they come from the connection, events come out,
the same whatever the cuts.

    00 01 50          the call server is main; any other third byte: it is not
    00 08 TEST_REQ    keep-alive, to be answered at once; stands between any two tickets
    03 04 01 00 tt 00 a ticket of 772 bytes: its kind in two bytes, the lowest first, then the body

The first frame must tell the role: what begins otherwise is no exchange. A length of 0 or beyond
the limit cannot be skipped, so nothing behind it is read as frames. Everything else that is not
known is skipped by its length and kept: it is the exchange's to say, and stops no ticket.
"""

from typing import Final

import msgspec

from oxo_collector.decoders.ed52_layout import ENCODING, RECORD_CHARACTERS
from oxo_collector.decoders.ed52_mao import Mao, read_mao
from oxo_collector.decoders.ed52_record import LAYOUTS
from oxo_collector.decoders.ed52_voip import VoipTicket, read_voip
from oxo_collector.decoders.outcome import Malformed

OPEN: Final = b"\0\1S"
START: Final = b"\0\2\0\0"
KEEP_ALIVE_ANSWER: Final = b"\0\x08TEST_RSP"
"""What the collector says; nothing else (facts: oxe 1.3, field)."""

LENGTH_BYTES: Final = 2
PAYLOAD_BYTES_MAX: Final = 4096
"""A longer frame is refused (ours); the longest known has 772 bytes."""

TICKET_BYTES: Final = 772
HEADER_BYTES: Final = 4
VERSION_BYTES: Final = 5

_ROLE_BYTES: Final = 1
_MAIN: Final = 0x50
_TEST_REQUEST: Final = b"TEST_REQ"
_TICKET_BEGINS: Final = b"\1\0"
_EMPTY, _CDR, _MAO, _VOIP = 1, 2, 6, 7
_KNOWN_VERSIONS: Final = frozenset(version.encode() for version in LAYOUTS)


class Event(msgspec.Struct, frozen=True):
    """Something that the peer said.

    Attributes:
        after_bytes: how many bytes of the connection had been read when it was complete.
    """

    after_bytes: int


class Role(Event, frozen=True):
    """The call server's answer to the opening.

    Attributes:
        main: it serves tickets; else the other one does.
        byte: as it came.
    """

    main: bool
    byte: int


class NotAPbx(Event, frozen=True):
    """Something else answers on this port; nothing behind it is read."""

    raw: bytes


class KeepAliveRequest(Event, frozen=True):
    """To be answered by `KEEP_ALIVE_ANSWER`."""


class EmptyTicket(Event, frozen=True):
    """A ticket without a body."""


class CallTicket(Event, frozen=True):
    """A call's record of a version that is known.

    Attributes:
        record: its 525 characters.
    """

    record: bytes


class OtherVersion(Event, frozen=True):
    """A call's record of a version that nobody knows; it is kept and no error.

    Attributes:
        version: its first five characters.
        raw: the payload.
    """

    version: str
    raw: bytes


class MaoTicket(Event, frozen=True):
    """A change in the exchange's management base."""

    raw: bytes

    @property
    def mao(self) -> Mao:
        """Text and items."""
        return read_mao(self.raw[HEADER_BYTES:])


class VoipFrame(Event, frozen=True):
    """Measurements of a segment of speech."""

    raw: bytes

    @property
    def tickets(self) -> tuple[VoipTicket | Malformed, ...]:
        """The ticket; more than one where a frame should hold them."""
        return read_voip(self.raw[HEADER_BYTES:])


class UnknownTicket(Event, frozen=True):
    """A ticket of a kind that nobody has described."""

    kind: int
    raw: bytes


class UnknownFrame(Event, frozen=True):
    """A frame of another length or content than any known one."""

    raw: bytes


class BadLength(Event, frozen=True):
    """A length that no frame has; nothing behind it is read."""

    length: int


class EndOfStream(Event, frozen=True):
    """The peer closed.

    Attributes:
        unfinished_bytes: of a frame that had begun, its length included; 0 where none had.
        length: what that frame's length told; None where it was not told whole.
    """

    unfinished_bytes: int
    length: int | None


class FrameReader:
    """Reads one connection.

    Attributes:
        closed: nothing more is read: not a PBX, not main, a bad length, or the end.
        opened: the role was told, and it is main.
    """

    def __init__(self, *, opened: bool = False) -> None:
        """Begin; `opened` where the role was told already."""
        self.opened, self.closed = opened, False
        self._waiting = bytearray()
        self._read_bytes = 0

    def receive(self, data: bytes) -> list[Event]:
        """Take bytes and return what they complete; of a closed connection nothing."""
        if self.closed:
            return []
        self._waiting += data
        events: list[Event] = []
        begin = 0
        while (frame := self._frame(begin)) is not None:
            event, size = frame
            begin += size
            events.append(event)
        self._read_bytes += begin
        del self._waiting[:begin]
        return events

    def end(self) -> list[Event]:
        """Take note that the peer closed."""
        if self.closed:
            return []
        self.closed = True
        waiting, head = len(self._waiting), self._waiting[:LENGTH_BYTES]
        length = int.from_bytes(head, "big") if len(head) == LENGTH_BYTES else None
        return [EndOfStream(self._read_bytes + waiting, waiting, length)]

    def _frame(self, begin: int) -> tuple[Event, int] | None:
        """Return the event at a place among the waiting bytes, and how many it takes."""
        head = self._waiting[begin : begin + LENGTH_BYTES]
        if self.closed or len(head) < LENGTH_BYTES:
            return None
        length = int.from_bytes(head, "big")
        after = self._read_bytes + begin + LENGTH_BYTES
        if not self.opened and length != _ROLE_BYTES:
            self.closed = True
            return NotAPbx(after, bytes(head)), LENGTH_BYTES
        if not 0 < length <= PAYLOAD_BYTES_MAX:
            self.closed = True
            return BadLength(after, length), LENGTH_BYTES
        size = LENGTH_BYTES + length
        payload = bytes(self._waiting[begin + LENGTH_BYTES : begin + size])
        if len(payload) < length:
            return None
        if self.opened:
            return _event(payload, after + length), size
        self.opened = payload[0] == _MAIN
        self.closed = not self.opened
        return Role(after + length, self.opened, payload[0]), size


def _event(payload: bytes, after: int) -> Event:
    if payload == _TEST_REQUEST:
        return KeepAliveRequest(after)
    if len(payload) != TICKET_BYTES or not payload.startswith(_TICKET_BEGINS):
        return UnknownFrame(after, payload)
    return _ticket(payload, after)


def _ticket(payload: bytes, after: int) -> Event:
    kind = int.from_bytes(payload[len(_TICKET_BEGINS) : HEADER_BYTES], "little")
    if kind == _CDR:
        return _call(payload, after)
    if kind == _EMPTY:
        return EmptyTicket(after)
    if kind == _MAO:
        return MaoTicket(after, payload)
    if kind == _VOIP:
        return VoipFrame(after, payload)
    return UnknownTicket(after, kind, payload)


def _call(payload: bytes, after: int) -> Event:
    """Cut the record out; a line feed behind it, or what was left in the buffer, is filler."""
    version = payload[HEADER_BYTES : HEADER_BYTES + VERSION_BYTES]
    if version not in _KNOWN_VERSIONS:
        return OtherVersion(after, version.decode(ENCODING), payload)
    return CallTicket(after, payload[HEADER_BYTES : HEADER_BYTES + RECORD_CHARACTERS])
