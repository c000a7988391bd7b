"""What the conversation is told of a connection's bytes, frame by frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from oxo_collector.decoders import ed52_stream


@dataclass(frozen=True, slots=True)
class Role:
    """The first frame: which processor answers."""

    main: bool
    byte: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that takes an ordinal, with its length as it came.

    `unknown` names what nobody knows of it: a type or a length; empty for the others.
    """

    raw: bytes
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """The exchange asks for a sign of life."""


@dataclass(frozen=True, slots=True)
class BadLength:
    """A length that none can be, and what came from there on; nothing follows."""

    length: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class NotAnExchange:
    """The first bytes are no role; nothing follows."""

    raw: bytes


Told = Role | Frame | KeepAlive | BadLength | NotAnExchange


class FrameReader(Protocol):
    """Divides what comes on one connection; empty tickets are told to nobody."""

    def receive(self, data: bytes) -> Sequence[Told]:
        """Take bytes and return what is complete."""

    def unfinished(self) -> tuple[bytes, int]:
        """Return the beginning of a frame and the length it tells; nothing and 0."""


class Frames:
    """The reader of one connection, with the bytes in which each frame came.

    The decoder tells where in the connection a frame ends; from this the frame's own bytes are cut
    out, so that what is spooled is what came, whatever the decoder makes of it.
    """

    def __init__(self) -> None:
        """Begin a connection."""
        self._decoder = ed52_stream.FrameReader()
        self._pending = b""
        self._begin = 0

    def receive(self, data: bytes) -> list[Told]:
        """Take bytes and return what is complete."""
        whole = self._pending + data
        told: list[Told] = []
        place = 0
        for event in self._decoder.receive(data):
            end = event.after_bytes - self._begin
            one = self._one(event, whole, place, end)
            if one is not None:
                told.append(one)
            place = end
        self._begin += place
        self._pending = whole[place:]
        return told

    def unfinished(self) -> tuple[bytes, int]:
        """Return the beginning of a frame and the length it tells; nothing and 0."""
        head = self._pending[: ed52_stream.LENGTH_BYTES]
        whole = len(head) == ed52_stream.LENGTH_BYTES
        return self._pending, int.from_bytes(head, "big") if whole else 0

    @staticmethod
    def _one(  # noqa: PLR0911 - one line for each event
        event: ed52_stream.Event, whole: bytes, begin: int, end: int
    ) -> Told | None:
        match event:
            case ed52_stream.EmptyTicket():
                return None
            case ed52_stream.KeepAliveRequest():
                return KeepAlive()
            case ed52_stream.Role(main=main, byte=byte):
                return Role(main, byte)
            case ed52_stream.BadLength(length=length):
                return BadLength(length, whole[begin:])
            case ed52_stream.NotAPbx():
                return NotAnExchange(whole[begin:])
            case ed52_stream.UnknownTicket(kind=kind):
                return Frame(whole[begin:end], f"tickets of type {kind}")
            case ed52_stream.UnknownFrame(raw=raw):
                return Frame(whole[begin:end], f"frames of {len(raw)} bytes")
            case ed52_stream.OtherVersion(version=version):
                return Frame(whole[begin:end], f"records of version {version!r}")
            case _:
                return Frame(whole[begin:end])
