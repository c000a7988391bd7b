"""Frames of the stream against known-right bytes; the framing bent until a vector notices."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oxo_simulator.stream.codec import (
    ANSWER,
    FRAMING,
    OPEN,
    PAYLOAD_BYTES_MAX,
    BadLength,
    Frame,
    FrameImpossible,
    Framing,
    Kind,
    Reader,
    frame,
    request,
    role,
    ticket,
)

VECTORS = Path(__file__).parents[3] / "vectors" / "oxe-stream"
BROKEN = ("length-0", "length-65535", "truncated-frame-then-eof", "tv-06b-not-a-pbx")
"""Their titles say so: nobody is held to write them."""
TYPE_PLACE, BODY_PLACE, FRAME_BYTES = 4, 6, 774


def vector(name: str) -> tuple[dict[str, Any], bytes]:
    described: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    octets = (VECTORS / described["file"]).read_bytes()
    assert hashlib.sha256(octets).hexdigest() == described["sha256"], "the copy is damaged"
    return described["meaning"], octets


ALL = sorted(path.stem for path in VECTORS.glob("*.json"))
OURS = [name for name in ALL if vector(name)[0]["reader"] == "collector" and name not in BROKEN]
THEIRS = [name for name in ALL if vector(name)[0]["reader"] == "exchange"]


def written(name: str, framing: Framing = FRAMING) -> bytes:
    """Write what a vector tells; of a ticket its body is given, without the zeros behind it."""
    meaning, octets = vector(name)
    return b"".join(each.octets for each in _frames(meaning, octets, framing))


def _frames(meaning: dict[str, Any], octets: bytes, framing: Framing) -> Iterator[Frame]:
    for event in meaning["events"]:
        if event["event"] == "role":
            main = event["role"] == "main"
            yield role(None if main else bytes.fromhex(event["byte"]), framing)
        elif event["event"] == "keep-alive request":
            yield request(framing)
        else:
            begin = event["after"] - FRAME_BYTES
            body = octets[begin + BODY_PLACE : event["after"]].rstrip(b"\0")
            yield _ticket(event, body, framing)


def _ticket(event: dict[str, Any], body: bytes, framing: Framing) -> Frame:
    if event["kind"] == "unknown":
        framing = framing._replace(types=((Kind.EMPTY, event["type"]),))
        return ticket(Kind.EMPTY, body, framing)
    return ticket(Kind(event["kind"]), body, framing)


def test_vectors_are_there() -> None:
    assert len(ALL) == 18
    assert THEIRS == ["tv-01-open", "tv-03-start", "tv-05-test-response"]
    assert len(OURS) == 11


@pytest.mark.parametrize("name", OURS)
def test_what_the_exchange_says_is_written_byte_for_byte(name: str) -> None:
    assert written(name) == vector(name)[1]


BENT = [
    FRAMING._replace(length="<H"),
    FRAMING._replace(length=">I"),
    FRAMING._replace(length="B"),
    FRAMING._replace(header=">HH"),
    FRAMING._replace(header="<HI"),
    FRAMING._replace(header="<BB"),
    FRAMING._replace(first=0),
    FRAMING._replace(first=2),
    FRAMING._replace(payload_bytes=771),
    FRAMING._replace(payload_bytes=773),
    FRAMING._replace(payload_bytes=529),
    FRAMING._replace(main=b"M"),
    FRAMING._replace(main=b"PP"),
    FRAMING._replace(request=b"TEST_RSP"),
    FRAMING._replace(request=b"TEST_REQ\0"),
    *(
        FRAMING._replace(types=tuple((one, code + (one is kind)) for one, code in FRAMING.types))
        for kind in Kind
    ),
]


def shows(framing: Framing) -> bool:
    """Tell whether some vector fails with this framing."""
    for name in OURS:
        try:
            if written(name, framing) != vector(name)[1]:
                return True
        except Exception:  # noqa: BLE001 - a framing that cannot be written is noticed too
            return True
    return False


def test_the_framing_as_it_is_passes() -> None:
    assert not shows(FRAMING)


@pytest.mark.parametrize("framing", BENT)
def test_a_bent_framing_is_noticed(framing: Framing) -> None:
    assert shows(framing)


def test_every_part_of_the_framing_is_bent() -> None:
    bent = {
        name
        for one in BENT
        for name in Framing._fields
        if getattr(one, name) != getattr(FRAMING, name)
    }
    assert bent == set(Framing._fields)


def test_a_body_has_the_room_of_its_frame() -> None:
    assert len(ticket(Kind.VOIP, b"x" * 768).octets) == FRAME_BYTES
    with pytest.raises(FrameImpossible, match="a body of 769 bytes behind a header of 4"):
        ticket(Kind.VOIP, b"x" * 769)


# What a collector says.

SAID = {"tv-01-open": OPEN, "tv-03-start": b"\0\0", "tv-05-test-response": ANSWER}


@pytest.mark.parametrize("name", THEIRS)
def test_what_a_collector_says_is_read(name: str) -> None:
    octets = vector(name)[1]
    assert Reader().read(octets) == [SAID[name]]


WHOLE = b"".join(vector(name)[1] for name in THEIRS)
PAYLOADS = [SAID[name] for name in THEIRS]


def in_pieces(*pieces: bytes) -> list[bytes | BadLength]:
    reader = Reader()
    return [payload for piece in pieces for payload in reader.read(piece)]


def test_it_is_read_byte_by_byte_and_cut_at_every_offset() -> None:
    assert in_pieces(*(WHOLE[place : place + 1] for place in range(len(WHOLE)))) == PAYLOADS
    for place in range(len(WHOLE) + 1):
        assert in_pieces(WHOLE[:place], WHOLE[place:]) == PAYLOADS


@pytest.mark.parametrize(
    ("octets", "length"), [(b"\0\0", 0), (b"\xff\xff", 65535), (b"GET ", 18245)]
)
def test_behind_a_length_that_cannot_be_nothing_is_read(octets: bytes, length: int) -> None:
    reader = Reader()
    assert reader.read(WHOLE + octets + WHOLE) == [*PAYLOADS, BadLength(length)]
    assert reader.read(WHOLE) == []
    assert reader._kept == b""


def test_the_longest_payload_is_read_and_one_longer_is_not() -> None:
    longest = bytes(PAYLOAD_BYTES_MAX)
    assert Reader().read(frame(longest).octets) == [longest]
    assert Reader().read(frame(longest + b"x").octets) == [BadLength(PAYLOAD_BYTES_MAX + 1)]


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_whatever_comes_the_reader_keeps_less_than_one_frame(pieces: list[bytes]) -> None:
    whole, reader, found = b"".join(pieces), Reader(), []
    for piece in pieces:
        found += reader.read(piece)
        assert len(reader._kept) <= PAYLOAD_BYTES_MAX + 2
    assert found == Reader().read(whole)
