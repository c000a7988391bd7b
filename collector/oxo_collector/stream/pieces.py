"""What frames of the spool mean: tickets with their records, events, what cannot be read."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from oxo_collector.decoders import ed52_stream
from oxo_collector.decoders.ed52_ticket import RecordReader
from oxo_collector.decoders.ed52_voip import VoipCode, VoipTicket, VoipValue
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.receipt import Piece, WireEvent

MAO: Final = "MAO"
VOIP: Final = "VoIP"
UNKNOWN: Final = "unknown frame"


class FramesUnreadable(AssertionError):
    """The spool holds frames that are none: a defect of the collector."""


class Decoding:
    """Reads the frames of an exchange.

    Args:
        zone: IANA name of its zone.
        cost_decimals: of the costs in its records.
    """

    def __init__(self, zone: str, cost_decimals: int) -> None:
        self._records = RecordReader(zone=zone, cost_decimals=cost_decimals)

    def pieces(self, frames: bytes, first: int) -> Iterator[Piece]:
        """Return what consecutive frames mean, a piece for each; `first` numbers the first.

        Raises:
            FramesUnreadable: they are not whole.
        """
        reader = ed52_stream.FrameReader(opened=True)
        events = reader.receive(frames)
        if reader.closed or (events[-1].after_bytes if events else 0) != len(frames):
            raise FramesUnreadable(f"{len(frames)} bytes of the spool are no whole frames")
        return (self._piece(event, number) for number, event in enumerate(events, first))

    def _piece(  # noqa: PLR0911 - one line for each event
        self, event: ed52_stream.Event, number: int
    ) -> Piece:
        match event:
            case ed52_stream.CallTicket(record=record):
                piece = self._records.piece(record)
                if isinstance(piece, Malformed):
                    return Malformed(piece.reason, piece.raw, f"frame {number}")
                return piece
            case ed52_stream.MaoTicket(raw=raw):
                mao = event.mao
                return WireEvent(MAO, dict(mao.items) or {"text": mao.text}, raw)
            case ed52_stream.VoipFrame(raw=raw):
                return _voip(event.tickets, raw, number)
            case ed52_stream.OtherVersion(version=version, raw=raw):
                return WireEvent(UNKNOWN, {"version": version}, raw)
            case ed52_stream.UnknownTicket(kind=kind, raw=raw):
                return WireEvent(UNKNOWN, {"type": kind}, raw)
            case ed52_stream.UnknownFrame(raw=raw):
                return WireEvent(UNKNOWN, {"length": len(raw)}, raw)
            case _:
                raise FramesUnreadable(f"{type(event).__name__} is never spooled")


def _voip(found: Sequence[VoipTicket | Malformed], raw: bytes, number: int) -> Piece:
    """Return one event; where a part cannot be read, all of the frame is set aside."""
    fields: dict[str, str | int | None] = {}
    for one in found:
        if isinstance(one, Malformed):
            return Malformed(f"VoIP: {one.reason}", raw, f"frame {number}")
        for name, value in _values(one).items():
            fields.setdefault(name, value)
    if len(found) > 1:
        fields["tickets in the frame"] = len(found)
    return WireEvent(VOIP, fields, raw)


def _values(ticket: VoipTicket) -> Mapping[str, str | int | None]:
    return {
        item.name if item.name != "unknown" else f"item {item.id:02X}": _plain(item.value)
        for item in ticket.items
    }


def _plain(value: VoipValue) -> str | int | None:
    if isinstance(value, VoipCode):
        return value.word
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return value
