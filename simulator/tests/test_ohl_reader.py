"""The application's bytes: whole, byte by byte, cut at every offset, then garbage."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oxo_simulator.ohl.codec import frame
from oxo_simulator.ohl.layout import FRAME_BYTES_MAX, WORDS
from oxo_simulator.ohl.reader import (
    STRAY_BYTES_MAX,
    BadFrame,
    Control,
    Frame,
    FrameReader,
    Read,
    Stray,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "ohl"


def streams() -> Iterator[Any]:
    for file in sorted(VECTORS.glob("*.json")):
        vector = json.loads(file.read_text(encoding="utf-8"))
        if vector["use"]["stream"]:
            yield pytest.param(vector, file.with_suffix(".bin").read_bytes(), id=vector["id"])


def meant(event: Mapping[str, Any]) -> dict[str, Any]:
    """Take from a vector's event what a reader has to tell."""
    keys = {
        "frame": ("event", "type", "total_length", "body", "lrc"),
        "control": ("event", "code", "word"),
        "bad frame": ("event", "raw", "fault", "lrc_found", "lrc_expected"),
        "stray bytes": ("event", "raw"),
    }
    return {key: event[key] for key in keys[event["event"]] if key in event}


def told(event: Read) -> dict[str, Any]:
    match event:
        case Frame(letter=letter, body=body, lrc=lrc, raw=raw):
            kind = {"code": letter, "word": WORDS[letter]}
            return {
                "event": "frame",
                "type": kind,
                "total_length": len(raw),
                "body": body,
                "lrc": lrc,
            }
        case Control(code=code):
            return {"event": "control", "code": f"{code:02x}", "word": event.word}
        case BadFrame(raw=raw, fault=fault, lrc_found=found, lrc_expected=expected):
            values = {"lrc_found": found, "lrc_expected": expected} if found is not None else {}
            return {"event": "bad frame", "raw": raw.hex(), "fault": fault, **values}
        case Stray(raw=raw):
            return {"event": "stray bytes", "raw": raw.hex()}


def read(pieces: Sequence[bytes]) -> tuple[list[dict[str, Any]], str]:
    reader = FrameReader()
    events = [told(event) for piece in pieces for event in reader.feed(piece)]
    return events, reader.pending.hex()


@pytest.mark.parametrize(("vector", "octets"), list(streams()))
def test_a_stream_says_the_same_however_it_is_cut(vector: Mapping[str, Any], octets: bytes) -> None:
    expected = [meant(event) for event in vector["meaning"]["events"]]
    pending = vector["meaning"]["pending"]
    assert read([octets]) == (expected, pending)
    assert read([bytes([byte]) for byte in octets]) == (expected, pending)
    for offset in range(len(octets) + 1):
        assert read([octets[:offset], octets[offset:]]) == (expected, pending)


OUT = frame("D", "217     ")


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"\x02D217    50\x03", [BadFrame(b"\x02D217    50\x03", "length wrong")]),
        (OUT[:-1] + b"9", [BadFrame(OUT[:-1], "ETX missing")]),
        (
            b"\x02\x02\x03",
            [BadFrame(b"\x02", "ETX missing"), BadFrame(b"\x02\x03", "type unknown")],
        ),
        (OUT.replace(b"50", b"5O"), [BadFrame(OUT.replace(b"50", b"5O"), "LRC wrong", "5O", "50")]),
        (b"\x03", []),
        (b"\x03\x06", [Stray(b"\x03"), Control(6)]),
        (b"\x02Q" + b"7" * 200, [BadFrame(b"\x02Q" + b"7" * (FRAME_BYTES_MAX - 3), "ETX missing")]),
        (b"\x02@FFF\x03", [BadFrame(b"\x02@FFF\x03", "length wrong")]),
    ],
    ids=["short", "no ETX in its place", "STX STX", "check value", "ETX", "ETX ACK", "Q", "@"],
)  # fmt: skip
def test_what_is_no_frame_says_why(octets: bytes, expected: list[Read]) -> None:
    assert FrameReader().feed(octets) == expected


def test_a_lower_case_check_value_is_wrong() -> None:
    right = frame("D", "       j")
    assert right[-3:-1].upper() != right[-3:-1].lower()
    assert isinstance(FrameReader().feed(right)[0], Frame)
    low = right[:-3] + right[-3:-1].lower() + right[-1:]
    assert isinstance(FrameReader().feed(low)[0], BadFrame)


def test_flow_control_may_stand_inside_a_frame() -> None:
    octets = OUT[:5] + b"\x13" + OUT[5:9] + b"\x11\x06" + OUT[9:]
    kinds = [getattr(event, "word", event) for event in FrameReader().feed(octets)]
    assert kinds == ["XOFF", "XON", "ACK", Frame("D", "217     ", "50", OUT)]


def test_both_lengths_of_a_re_initialisation() -> None:
    short, long = frame("U", "x" * 21), frame("U", "x" * 91)
    events = FrameReader().feed(short + long)
    assert [event.raw for event in events if isinstance(event, Frame)] == [short, long]


def test_stray_bytes_are_told_in_portions() -> None:
    reader = FrameReader()
    assert reader.feed(b"x" * (STRAY_BYTES_MAX * 2)) == [Stray(b"x" * STRAY_BYTES_MAX)] * 2
    assert reader.pending == b""


def test_what_never_ends_is_given_up() -> None:
    reader = FrameReader()
    assert reader.feed(b"\x02D21") == []
    assert reader.inside
    assert reader.give_up() == [BadFrame(b"\x02D21", "ETX missing")]
    assert reader.pending == b""
    assert reader.give_up() == []
    reader.feed(b"noise")
    assert reader.give_up() == [Stray(b"noise")]
    assert reader.feed(OUT) == [Frame("D", "217     ", "50", OUT)]


def test_another_range_is_another_check_value() -> None:
    assert isinstance(FrameReader("with-etx").feed(OUT)[0], BadFrame)
    assert isinstance(FrameReader("with-etx").feed(frame("D", "217     ", "with-etx"))[0], Frame)


PIECES = st.sampled_from(
    [b"\x02", b"\x03", b"\x06", b"\x15", b"D", b"217     ", b"50", OUT, b"\xff"]
)


@given(st.lists(PIECES, max_size=40), st.data())
def test_of_garbage_no_byte_is_lost_and_no_cut_matters(parts: list[bytes], data: Any) -> None:
    """Whatever comes: every byte is in exactly one event or pending, in any cut."""
    octets = b"".join(parts)
    reader = FrameReader()
    whole = reader.feed(octets)
    counted = sum(1 if isinstance(event, Control) else len(event.raw) for event in whole)
    assert counted + len(reader.pending) == len(octets)
    cut = data.draw(st.integers(0, len(octets)))
    again = FrameReader()
    assert again.feed(octets[:cut]) + again.feed(octets[cut:]) == whole
    assert len(again.pending) < max(FRAME_BYTES_MAX, STRAY_BYTES_MAX)
