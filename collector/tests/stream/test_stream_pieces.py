"""What frames mean, by the vectors: tickets with their records, events, what cannot be read."""

from pathlib import Path

import pytest
from oxo_collector.decoders.outcome import Malformed, Recorded, record_digest
from oxo_collector.receipt import Piece, WireEvent
from oxo_collector.stream.pieces import MAO, UNKNOWN, VOIP, Decoding, FramesUnreadable

VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "oxe-stream"
CDR = (VECTORS / "tv-07-cdr-frame.bin").read_bytes()
VOIP_FRAME = (VECTORS / "tv-12-voip-frame.bin").read_bytes()
MAO_FRAME = (VECTORS / "tv-13-mao-frame.bin").read_bytes()
STRANGE = (VECTORS / "unknown-type-5.bin").read_bytes()[3:777]
THIRTEEN = (VECTORS / "tv-15-thirteen-identical.bin").read_bytes()[3:]
RECORD = slice(6, 6 + 525)


def read(data: bytes, first: int = 1) -> list[Piece]:
    return list(Decoding("Europe/Paris", 2).pieces(data, first))


def test_a_record_is_a_ticket_with_its_digest() -> None:
    (piece,) = read(CDR)
    assert isinstance(piece, Recorded)
    assert piece.ticket.dialled_number == "305"
    assert piece.ticket.zone == "Europe/Paris"
    assert piece.record == record_digest(CDR[RECORD])


def test_thirteen_identical_ones_are_thirteen() -> None:
    pieces = read(THIRTEEN)
    assert len(pieces) == 13
    assert len(set(map(repr, pieces))) == 1


def test_mao_voip_and_unknown_frames_are_events() -> None:
    mao, voip, kind, length = read(MAO_FRAME + VOIP_FRAME + STRANGE + b"\0\5HELLO")
    assert isinstance(mao, WireEvent)
    assert (mao.kind, mao.fields["DIRECTORY_NUMBER"]) == (MAO, "2005")
    assert isinstance(voip, WireEvent)
    assert voip.kind == VOIP
    assert voip.fields["end time"] == "2020-02-12T13:14:04"
    assert voip.fields["equipment"] == "IP phone, IP Touch"
    assert voip.raw == VOIP_FRAME[2:]
    assert kind == WireEvent(UNKNOWN, {"type": 5}, STRANGE[2:])
    assert length == WireEvent(UNKNOWN, {"length": 5}, b"HELLO")


def test_mao_without_items_keeps_its_text() -> None:
    frame = b"\3\4\1\0\6\0\n".ljust(774, b"\0")
    assert read(frame) == [WireEvent(MAO, {"text": ""}, frame[2:])]


def test_a_record_of_another_version_is_kept_and_no_error() -> None:
    frame = CDR.replace(b"ED5.2", b"ED9.9")
    assert read(frame) == [WireEvent(UNKNOWN, {"version": "ED9.9"}, frame[2:])]


def test_a_record_that_cannot_be_read_is_named_by_its_ordinal() -> None:
    bad = CDR.replace(b"20090825 09:46:43", b"20091325 09:46:43")
    good, malformed = read(CDR + bad, 41)
    assert isinstance(good, Recorded)
    assert isinstance(malformed, Malformed)
    assert malformed.place == "frame 42"
    assert "EndDateTime" in malformed.reason


def test_voip_that_cannot_be_read_is_set_aside_whole() -> None:
    frame = b"\3\4\1\0\7\0\1\0\4".ljust(12, b"\1").ljust(774, b"\0")
    (piece,) = read(frame)
    assert isinstance(piece, Malformed)
    assert piece.reason.startswith("VoIP: ")
    assert piece.raw == frame[2:]


def test_two_voip_tickets_in_one_frame_are_one_event() -> None:
    body = VOIP_FRAME[6:]
    size = len(body.rstrip(b"\0"))
    frame = VOIP_FRAME[:6] + (body[:size] * 2).ljust(768, b"\0")
    if size * 2 <= 768:
        (piece,) = read(frame)
        assert isinstance(piece, WireEvent)
        assert piece.fields["tickets in the frame"] == 2


@pytest.mark.parametrize("data", [CDR[:-1], CDR + b"\0", b"\0\0"])
def test_what_is_not_whole_was_never_spooled(data: bytes) -> None:
    with pytest.raises(FramesUnreadable):
        read(data)
