"""VoIP tickets: every item by hand, several in a row, what does not fit, garbage."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oxo_collector.decoders import ed52_voip
from oxo_collector.decoders.ed52_voip import (
    Item,
    VoipCode,
    VoipTicket,
    VoipValue,
    read_voip,
)
from oxo_collector.decoders.outcome import Malformed

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
BODY = (VECTORS / "oxe-stream" / "tv-12-voip-frame.bin").read_bytes()[6:]
END_TIME = b"\1\0\4\0\0\0\0"
FIRST = END_TIME + b"\2\0\2\0\1" + b"\3\0\1\2"

moderate = settings(settings.get_profile("collector"))


def tlv(identity: int, value: bytes) -> bytes:
    return bytes([identity]) + len(value).to_bytes(2, "big") + value


def item(identity: int, value: bytes) -> Item:
    (ticket,) = read_voip(FIRST + tlv(identity, value))
    assert isinstance(ticket, VoipTicket)
    last = ticket.items[-1]
    assert (last.id, last.raw) == (identity, value)
    return last


@pytest.mark.parametrize(
    ("identity", "raw", "name", "value"),
    [
        (0x04, b"\x80", "crystal", 128),
        (0x05, b"\x34", "coupler", 52),
        (0x06, b"\1\1", "equipment", VoipCode((1, 1), "IP phone, e-Reflexes")),
        (0x06, b"\2\0", "equipment", VoipCode((2, 0), "PC application, 4980")),
        (0x06, b"\1\2", "equipment", VoipCode((1, 2), "IP phone, IP Touch")),
        (0x06, b"\2\1", "equipment", VoipCode((2, 1), "PC application, web softphone")),
        (0x06, b"\3\0", "equipment", VoipCode((3, 0), "OXE board, INTIP")),
        (0x06, b"\3\1", "equipment", VoipCode((3, 1), "OXE board, GD/GA")),
        (0x06, b"\3\2", "equipment", VoipCode((3, 2), "OXE board, eVA")),
        (0x06, b"\4\7", "equipment", VoipCode((4, 7), "OXO board")),
        (0x06, b"\x09\0", "equipment", VoipCode((9, 0), "unknown")),
        (0x07, b"\7", "time slot", 7),
        (0x08, b"\xc0\0\2\1", "local IP address", "192.0.2.1"),
        (0x09, bytes(15) + b"\1", "distant IP address", "::1"),
        (0x09, b"\1" * 5, "distant IP address", "0101010101"),
        (0x0C, b"\x02\x00", "duration", 512),
        (0x0D, b"\1\2\3\xff", "local SSRC", "010203ff"),
        (0x0F, b"\0", "codec", VoipCode(0, "G.711A")),
        (0x0F, b"\1", "codec", VoipCode(1, "G.711\N{MICRO SIGN}")),
        (0x0F, b"\2", "codec", VoipCode(2, "G.723")),
        (0x12, b"\x50", "voice mode", VoipCode(0x50, "idle")),
        (0x12, b"\x51", "voice mode", VoipCode(0x51, "handset")),
        (0x12, b"\x52", "voice mode", VoipCode(0x52, "group listening")),
        (0x12, b"\x54", "voice mode", VoipCode(0x54, "hands-free")),
        (0x0F, b"\x09", "codec", VoipCode(9, "unknown")),
        (0x12, b"\x53", "voice mode", VoipCode(0x53, "on-hook dialling")),
        (0x16, b"\0\1\0\0", "RTP packets received", 65536),
        (0x1B, b"\0\1\0\2\0\3\0\4\1\0", "round trips to 40, 80, 150, 250 ms and above", None),
        (0x1C, b"\0\x96", "maximum delay", 150),
        (0x1C, b"\xff\xff", "maximum delay", None),
        (0x2D, b"\xff\xff", "minimum delay", None),
        (0x23, b"\0\0\0\1\0\0\0\2", "fax underrun T4", (1, 2)),
        (0x26, b"\4\x0a", "firmware", "4.10"),
        (0x27, b"\2\x0a\x0a\5\0", "terminal's own number", "2005"),
        (0x27, b"\2\x0e\0", "terminal's own number", "2?"),
        (0x27, b"", "terminal's own number", ""),
        (0x3C, b"\xfb", "offset to GMT in hours", -5),
        (0x04, b"\0\1", "crystal", "0001"),
        (0x55, b"\1\2\3\4", "unknown", "01020304"),
        (0xEE, b"", "unknown", ""),
    ],
)
def test_item(identity: int, raw: bytes, name: str, value: VoipValue) -> None:
    found = item(identity, raw)
    assert found.name == name
    assert found.value == ((1, 2, 3, 4, 256) if identity == 0x1B else value)


@pytest.mark.parametrize(
    ("raw", "number", "filler"),
    [
        (b"\2\x0a\x0a\5".ljust(30, b"\0"), "2005", "right 00"),
        (b"\2\x0a\x0a\5".rjust(30, b" "), "2005", "left 20"),
        (b"\x09" * 30, "9" * 30, None),
        (bytes(30), "", "right 00"),
    ],
)
def test_directory_numbers(raw: bytes, number: str, filler: str | None) -> None:
    for identity in (0x0A, 0x0B):
        assert (item(identity, raw).value, item(identity, raw).filler) == (number, filler)


LENGTHS = {
    1: "03 04 05 07 0F 10 11 12 13 14 15 1D 29 2B 2C 2E 2F 31 37 3C",
    2: "02 06 0C 18 19 1A 1C 21 24 26 28 2A 2D 30",
    4: "01 08 09 0D 0E 16 17 22",
    8: "23",
    10: "1B 1F 3D 3E",
    16: "08 09",
    20: "1E",
    30: "0A 0B",
    40: "20 25",
}
"""Length of the value -> ids that have it (facts: oxe 4.2); the terminal's own number has any."""


def test_every_known_item_is_read_at_its_length_and_no_other() -> None:
    found: dict[int, set[str]] = {}
    for identity in range(256):
        for length in range(48):
            told = ed52_voip._item(identity, bytes(length))
            is_hexadecimal = identity in (0x0D, 0x0E) and length == 4
            if is_hexadecimal or told.value != bytes(length).hex():
                found.setdefault(length, set()).add(f"{identity:02X}")
    any_length = {length for length, ids in found.items() if "27" in ids}
    assert any_length == set(range(1, 48))
    told_ids = {length: ids - {"27"} for length, ids in found.items() if ids != {"27"}}
    assert told_ids == {length: set(ids.split()) for length, ids in LENGTHS.items()}


@pytest.mark.parametrize(
    ("identity", "width", "count"),
    [
        (0x1B, 2, 5),
        (0x1E, 2, 10),
        (0x1F, 2, 5),
        (0x20, 4, 10),
        (0x23, 4, 2),
        (0x25, 4, 10),
        (0x3D, 2, 5),
        (0x3E, 2, 5),
    ],
)
def test_rows_of_figures(identity: int, width: int, count: int) -> None:
    raw = b"".join((300 + place).to_bytes(width, "big") for place in range(count))
    assert item(identity, raw).value == tuple(range(300, 300 + count))


def test_tickets_follow_each_other_without_a_mark() -> None:
    one, other = read_voip(FIRST + tlv(0x0C, b"\0\1") + FIRST + tlv(0x0C, b"\0\2") + bytes(9))
    assert isinstance(one, VoipTicket)
    assert isinstance(other, VoipTicket)
    assert [ticket.items[-1].value for ticket in (one, other)] == [1, 2]
    assert one.items[0].value == datetime(1970, 1, 1)  # noqa: DTZ001 - the exchange's wall clock


def test_a_file_may_end_without_filler() -> None:
    assert len(read_voip(FIRST * 3)) == 3


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no item"),
        (bytes(20), "no item"),
        (b"\1", "item 01 at byte 0 is 0 bytes long; 0 are there"),
        (FIRST + b"\x0c\0\2\0", "item 0C at byte 16 is 2 bytes long; 1 are there"),
        (FIRST + b"\x0c\xff\xff\0", "item 0C at byte 16 is 65535 bytes long; 1 are there"),
        (b"\2\0\2\0\1", "a ticket begins with the items 01 02 03, this one with 02"),
        (END_TIME + b"\3\0\1\2\2\0\2\0\1", "a ticket begins with the items 01 02 03, this one"),
    ],
)
def test_what_does_not_fit_is_kept(body: bytes, reason: str) -> None:
    (kept,) = read_voip(body)
    assert isinstance(kept, Malformed)
    assert kept.reason.startswith(reason)
    assert (kept.raw, kept.place) == (body, "ticket 1")


def test_what_does_not_fit_behind_a_ticket_spoils_it_not() -> None:
    whole, kept = read_voip(FIRST + END_TIME + b"\2\0")
    assert isinstance(whole, VoipTicket)
    assert isinstance(kept, Malformed)
    assert (kept.raw, kept.place) == (END_TIME + b"\2\0", "ticket 2")


@pytest.mark.parametrize("identity", [1, 2, 3, 6, 8, 0x0A, 0x0D, 0x0F, 0x16, 0x27, 0x3C])
def test_a_bent_item_is_noticed(identity: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_voip(BODY)
    bent = {key: value for key, value in ed52_voip._KNOWN.items() if key != identity}
    monkeypatch.setattr(ed52_voip, "_KNOWN", bent)
    assert read_voip(BODY) != before


@moderate
@given(data=st.binary(max_size=120))
def test_garbage(data: bytes) -> None:
    for body in (data, FIRST + data, BODY[: len(data)] + data):
        found = read_voip(body)
        assert found
        assert all(isinstance(one, VoipTicket) for one in found[:-1])
        kept = found[-1]
        if isinstance(kept, Malformed):
            assert body.endswith(kept.raw)
