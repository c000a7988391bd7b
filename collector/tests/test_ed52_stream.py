"""The frame reader beyond the vectors: other lengths, other versions, filler, garbage."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oxo_collector.decoders.ed52_mao import read_mao
from oxo_collector.decoders.ed52_stream import (
    BadLength,
    CallTicket,
    EmptyTicket,
    EndOfStream,
    Event,
    FrameReader,
    KeepAliveRequest,
    MaoTicket,
    NotAPbx,
    OtherVersion,
    Role,
    UnknownFrame,
    UnknownTicket,
    VoipFrame,
)
from oxo_collector.decoders.ed52_ticket import RecordReader
from oxo_collector.decoders.outcome import Malformed, Recorded

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
RECORD = (VECTORS / "oxe-record" / "tv-07-vendor-example.bin").read_bytes()
STREAMS = [path.read_bytes() for path in sorted((VECTORS / "oxe-stream").glob("*.bin"))]
ROLE = b"\0\1P"
TEST_REQUEST = b"\0\x08TEST_REQ"

moderate = settings(settings.get_profile("collector"))


def frame(payload: bytes) -> bytes:
    return len(payload).to_bytes(2, "big") + payload


def ticket(kind: int, body: bytes, *, filler: bytes = b"\0") -> bytes:
    payload = b"\1\0" + kind.to_bytes(2, "little") + body
    return frame(payload + filler * (772 - len(payload)))


def events(data: bytes, *, opened: bool = True) -> list[Event]:
    return FrameReader(opened=opened).receive(data)


def one(data: bytes) -> Event:
    (event,) = events(data)
    assert event.after_bytes == len(data)
    return event


@pytest.mark.parametrize("behind", [b"", b"\n", b"\r\n", b"\n\0old filler", b"x" * 243])
def test_what_stands_behind_a_record_is_filler(behind: bytes) -> None:
    call = one(ticket(2, RECORD + behind))
    assert isinstance(call, CallTicket)
    assert call.record == RECORD
    assert isinstance(RecordReader().piece(call.record), Recorded)


@pytest.mark.parametrize("version", [b"ED5.1", b"ED5.3", b"\0\0\0\0\0", b"ed5.2", b"YYYYY"])
def test_another_version_is_kept_and_no_error(version: bytes) -> None:
    data = ticket(2, version + RECORD[5:])
    kept = one(data)
    assert isinstance(kept, OtherVersion)
    assert (kept.version, kept.raw) == (version.decode(), data[2:])


def test_a_record_that_cannot_be_read_is_malformed_and_the_next_one_stands() -> None:
    bad = RECORD[:166] + b"xx" + RECORD[168:]
    first, second = events(ticket(2, bad) + ticket(2, RECORD))
    assert isinstance(first, CallTicket)
    assert isinstance(second, CallTicket)
    kept = RecordReader().piece(first.record)
    assert isinstance(kept, Malformed)
    assert kept.raw == bad
    assert isinstance(RecordReader().piece(second.record), Recorded)


@pytest.mark.parametrize("kind", [0, 3, 4, 5, 8, 255, 256, 512, 65535])
def test_an_unknown_kind_is_kept(kind: int) -> None:
    data = ticket(kind, b"body")
    kept = one(data)
    assert isinstance(kept, UnknownTicket)
    assert (kept.kind, kept.raw) == (kind, data[2:])


@pytest.mark.parametrize(
    "payload",
    [
        b"P",
        b"S",
        b"\0\0",
        b"TEST_RSP",
        b"TEST_REQ ",
        b"test_req",
        b"x" * 771,
        b"x" * 773,
        b"\2\0\2\0" + RECORD.ljust(768, b"\0"),
        b"\1\1\2\0" + RECORD.ljust(768, b"\0"),
        b"\1\0\2\0" + RECORD,
        b"x" * 4096,
    ],
)
def test_another_frame_is_skipped_by_its_length_and_kept(payload: bytes) -> None:
    kept, after = events(frame(payload) + TEST_REQUEST)
    assert isinstance(kept, UnknownFrame)
    assert kept.raw == payload
    assert isinstance(after, KeepAliveRequest)


@pytest.mark.parametrize("length", [0, 4097, 65535])
def test_a_length_that_cannot_be_skipped_ends_the_reading(length: int) -> None:
    reader = FrameReader(opened=True)
    (end,) = reader.receive(length.to_bytes(2, "big") + TEST_REQUEST)
    assert end == BadLength(2, length)
    assert reader.closed
    assert reader.receive(TEST_REQUEST) == []
    assert reader.end() == []


@pytest.mark.parametrize(
    "begin", [b"\xff\xff", b"\0\0", b"\0\2", b"SSH-", b"220 ", b"\3\4", b"P\0"]
)
def test_what_does_not_begin_with_a_role_is_no_pbx(begin: bytes) -> None:
    reader = FrameReader()
    (end,) = reader.receive(begin + TEST_REQUEST)
    assert end == NotAPbx(2, begin[:2])
    assert reader.closed
    assert not reader.opened


@pytest.mark.parametrize("byte", [b for b in range(256) if b != 0x50])
def test_any_other_byte_is_not_main(byte: int) -> None:
    reader = FrameReader()
    assert reader.receive(bytes([0, 1, byte]) + TEST_REQUEST) == [Role(3, False, byte)]
    assert reader.closed


@pytest.mark.parametrize(
    ("waiting", "bytes_", "length"),
    [(b"", 0, None), (b"\3", 1, None), (b"\3\4", 2, 772), (ticket(2, RECORD)[:-1], 773, 772)],
)
def test_the_end(waiting: bytes, bytes_: int, length: int | None) -> None:
    reader = FrameReader()
    reader.receive(ROLE + waiting)
    assert reader.end() == [EndOfStream(3 + len(waiting), bytes_, length)]
    assert reader.closed
    assert reader.end() == reader.receive(ROLE) == []


def test_an_end_before_the_role() -> None:
    assert FrameReader().end() == [EndOfStream(0, 0, None)]


@pytest.mark.parametrize(
    ("body", "text", "items"),
    [
        (b"A=1;B=2;\n", "A=1;B=2;", {"A": "1", "B": "2"}),
        (b"A=1;B=2", "A=1;B=2", {"A": "1", "B": "2"}),
        (b"A=1=2;;B;A=3;\n", "A=1=2;;B;A=3;", {"A": "1=2", "B": ""}),
        (b"=x;\nA=1;", "=x;", {"": "x"}),
        (b"", "", {}),
        (b"\n", "", {}),
        (b"\xe9=\xff;\n", "é=ÿ;", {"é": "ÿ"}),
    ],
)
def test_mao(body: bytes, text: str, items: dict[str, str]) -> None:
    event = one(ticket(6, body))
    assert isinstance(event, MaoTicket)
    assert (event.mao.text, dict(event.mao.items)) == (text, items)


def test_an_empty_ticket_may_have_any_body() -> None:
    assert isinstance(one(ticket(1, b"x" * 768)), EmptyTicket)


def test_voip_bodies_are_read_when_asked() -> None:
    event = one(ticket(7, b"\1"))
    assert isinstance(event, VoipFrame)
    (kept,) = event.tickets
    assert isinstance(kept, Malformed)


# Garbage: events are the same however bytes are cut, and every byte is in an event or waits.

GOOD = [
    TEST_REQUEST,
    ticket(1, b""),
    ticket(2, RECORD),
    ticket(6, b"A=1;\n"),
    ticket(7, b"\1\0\4\0\0\0\0"),
    ticket(5, b"?"),
    frame(b"?"),
    b"\0\0",
]


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    pieces = st.sampled_from(GOOD) | st.binary(max_size=30)
    return ROLE + b"".join(draw(st.lists(pieces, max_size=6)))


@moderate
@given(data=streams() | st.binary(max_size=60) | st.sampled_from(STREAMS), cuts=st.data())
def test_however_bytes_are_cut(data: bytes, cuts: st.DataObject) -> None:
    reader = FrameReader()
    whole = [*reader.receive(data), *reader.end()]
    places = sorted(cuts.draw(st.lists(st.integers(0, len(data)), max_size=8)))
    other = FrameReader()
    found: list[Event] = []
    for begin, end in zip([0, *places], [*places, len(data)], strict=True):
        found += other.receive(data[begin:end])
        assert len(other._waiting) < 2 + 4096 + 1
    assert [*found, *other.end()] == whole


@moderate
@given(data=streams())
def test_every_byte_is_in_an_event_or_waits(data: bytes) -> None:
    reader = FrameReader()
    at = 0
    for event in [*reader.receive(data), *reader.end()]:
        length = int.from_bytes(data[at : at + 2], "big")
        if isinstance(event, BadLength | EndOfStream):
            break
        assert event.after_bytes == at + 2 + length
        raw: bytes = getattr(event, "raw", b"") or getattr(event, "record", b"")
        assert raw in data[at : event.after_bytes]
        at = event.after_bytes
        if isinstance(event, MaoTicket):
            assert read_mao(event.raw[4:]) == event.mao
