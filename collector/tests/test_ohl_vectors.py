"""The hotel link's stream against every vector: whole, byte by byte, cut at every offset; bent."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from oxo_collector.decoders import ohl, ohl_body
from oxo_collector.decoders.ohl import (
    ACK,
    NAK,
    STRAY_BYTES_MAX,
    BadFrame,
    Control,
    Event,
    Frame,
    OhlDecoder,
    StrayBytes,
)
from oxo_collector.decoders.ohl_body import read_body
from oxo_collector.decoders.ohl_layout import BODIES, CODES, FRAME_BYTES_MAX, MESSAGES, Field
from oxo_collector.decoders.values import Coded, Unreadable

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "ohl"
IDS = sorted(path.stem for path in VECTORS.glob("*.json"))
Bodies = Mapping[str, tuple[Field, ...]]


def vector(name: str) -> tuple[bytes, dict[str, Any]]:
    told = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    data = (VECTORS / told["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == told["sha256"]
    return data, told


def decode(pieces: Iterable[bytes]) -> tuple[list[Event], bytes]:
    decoder = OhlDecoder()
    return [event for piece in pieces for event in decoder.receive(piece)], decoder.pending


def plain(value: object) -> object:
    """Spell a value as the vectors do."""
    match value:
        case Coded(code, word):
            return {"code": int(code) if code.isdigit() else code, "word": word}
        case datetime():
            return value.isoformat(timespec="minutes" if not value.second else "seconds")
        case time():
            return value.isoformat(timespec="minutes")
        case bool() | int() | str() | None:
            return value
        case _:
            return str(value)


def reply(event: Event) -> bytes:
    match event:
        case Frame():
            return ACK
        case BadFrame():
            return NAK
        case _:
            return b""


def meaning_of(event: Event, bodies: Bodies) -> dict[str, object]:
    said: dict[str, object] = {"reply": reply(event).hex() or None}
    match event:
        case Frame(letter, body, lrc, raw):
            said |= {"event": "frame", "type": {"code": letter, "word": event.word}}
            said |= {"total_length": len(raw), "body": body, "lrc": lrc}
            fields = read_body(letter, body, bodies)
            if fields is not None:
                said["fields"] = {name: plain(value) for name, value in fields.items()}
        case Control(code):
            said |= {"event": "control", "code": code.hex(), "word": event.word}
        case StrayBytes(raw):
            said |= {"event": "stray bytes", "raw": raw.hex()}
        case BadFrame(fault, _, raw):
            said |= {"event": "bad frame", "raw": raw.hex(), "fault": fault}
    return said


def bodies_of(told: dict[str, Any], bodies: Bodies) -> Bodies:
    """Return our layouts of those letters whose bodies the vector reads."""
    layout = (told.get("layout") or {}).get("body_positions_after_the_type_letter", {})
    return {letter: fields for letter, fields in bodies.items() if letter in layout}


def told_events(told: dict[str, Any]) -> list[dict[str, Any]]:
    events = [dict(event) for event in told["meaning"]["events"]]
    for event in events:
        event.pop("lrc_found", None)
        event.pop("lrc_expected", None)
    return events


@pytest.mark.parametrize("name", IDS)
def test_vector_whole(name: str) -> None:
    data, told = vector(name)
    events, pending = decode([data])
    bodies = bodies_of(told, BODIES)
    assert [meaning_of(event, bodies) for event in events] == told_events(told)
    assert b"".join(reply(event) for event in events).hex() == told["meaning"]["reply"]
    assert pending.hex() == told["meaning"]["pending"]


@pytest.mark.parametrize("name", IDS)
def test_vector_byte_by_byte_and_cut_in_two_at_every_offset(name: str) -> None:
    data, _ = vector(name)
    whole = decode([data])
    assert decode(data[n : n + 1] for n in range(len(data))) == whole
    for cut in range(len(data) + 1):
        assert decode([data[:cut], data[cut:]]) == whole, cut


def test_figures_of_a_wrong_check_value_are_told() -> None:
    events, _ = decode([vector("wrong-lrc")[0]])
    assert isinstance(events[0], BadFrame)
    assert events[0].detail == "check value '00'; the bytes give 53"


@pytest.mark.parametrize("name", IDS)
def test_our_places_are_those_of_the_vectors(name: str) -> None:
    layout = (vector(name)[1].get("layout") or {}).get("body_positions_after_the_type_letter", {})
    for letter, told in layout.items():
        names = {"duration": "duration_s"}
        places = [
            (names.get(one["field"], one["field"]), one["first"], one["last"])
            for one in told
            if one["field"] != "filler"
        ]
        assert [(one.name, one.first, one.last) for one in BODIES[letter]] == places


# Bend and see red.


def verdict(bodies: Bodies) -> bool:
    """Tell whether every vector still means what it should."""
    for name in IDS:
        data, told = vector(name)
        events, pending = decode([data])
        try:
            said = [meaning_of(event, bodies_of(told, bodies)) for event in events]
        except (Unreadable, TypeError, AttributeError):
            return False
        if said != told_events(told) or pending.hex() != told["meaning"]["pending"]:
            return False
    return True


UNPINNED = {
    # Room and reminder of a check-in run on into filler that is always blank.
    ("A", "room", "widened right"),
    ("B", "room", "widened right"),
    ("A", "reminder_time", "widened right"),
    ("B", "reminder_time", "widened right"),
    # Password and direct number are full or blank in every vector.
    *((letter, "password", "other side") for letter in "ABR"),
    *((letter, "direct_number", "other side") for letter in "AB"),
}


def bends() -> Iterator[tuple[str, int, Field, str]]:
    """Yield letter, place in its table, the bent field, and what was done."""
    for letter, fields in BODIES.items():
        if letter in "HMNT":  # no vector has one: test_ohl_bodies
            continue
        length = max(MESSAGES[letter].lengths) - 5
        for place, field in enumerate(fields):
            first, last = field.first, field.last
            for how, begin, end in (
                ("moved left", first - 1, last - 1),
                ("moved right", first + 1, last + 1),
                ("widened left", first - 1, last),
                ("widened right", first, last + 1),
                ("narrowed left", first + 1, last),
                ("narrowed right", first, last - 1),
            ):
                bent = 1 <= begin <= end <= length
                if bent and (letter, field.name, how) not in UNPINNED:
                    yield letter, place, msgspec.structs.replace(field, first=begin, last=end), how
            sided = field.coding == "text" and first != last
            if sided and (letter, field.name, "other side") not in UNPINNED:
                yield letter, place, msgspec.structs.replace(field, side="right"), "other side"


@pytest.mark.parametrize(
    ("letter", "place", "field"),
    [
        pytest.param(letter, place, field, id=f"{letter} {field.name} {how}".replace(" ", "-"))
        for letter, place, field, how in bends()
    ],
)
def test_a_bent_field_is_noticed(letter: str, place: int, field: Field) -> None:
    fields = (*BODIES[letter][:place], field, *BODIES[letter][place + 1 :])
    assert not verdict({**BODIES, letter: fields})


@pytest.mark.parametrize(("letter", "name", "how"), sorted(UNPINNED))
def test_what_no_vector_pins_is_still_not_pinned(letter: str, name: str, how: str) -> None:
    fields = tuple(
        one
        if one.name != name
        else msgspec.structs.replace(one, side="right")
        if how == "other side"
        else msgspec.structs.replace(one, last=one.last + 1)
        for one in BODIES[letter]
    )
    assert verdict({**BODIES, letter: fields})


@pytest.mark.parametrize("decimals", [1, 3])
def test_another_scale_of_money_is_noticed(decimals: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ohl_body, "HUNDREDTHS_DECIMALS", decimals)
    assert not verdict(BODIES)


@pytest.mark.parametrize(
    ("field", "code"), [(field, code) for field, words in CODES.items() for code in words]
)
def test_a_code_without_its_word_is_noticed(
    field: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bent = {**CODES, field: {c: w for c, w in CODES[field].items() if c != code}}
    monkeypatch.setattr(ohl_body, "CODES", bent)
    assert not verdict(BODIES)


@pytest.mark.parametrize(
    ("letter", "length"),
    [(letter, length) for letter, one in MESSAGES.items() for length in one.lengths],
)
def test_another_length_is_noticed(
    letter: str, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = MESSAGES[letter]
    for other in (length - 1, length + 1):
        lengths = tuple(other if was == length else was for was in one.lengths)
        bent = {**MESSAGES, letter: msgspec.structs.replace(one, lengths=lengths)}
        monkeypatch.setattr(ohl, "MESSAGES", bent)
        assert not verdict(BODIES)


@pytest.mark.parametrize("letter", sorted(MESSAGES))
def test_a_letter_that_is_missing_is_noticed(letter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ohl, "MESSAGES", {k: v for k, v in MESSAGES.items() if k != letter})
    assert not verdict(BODIES)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_check_value_over_other_bytes_is_noticed_and_can_be_told(seed: int) -> None:
    data, _ = vector("check-out")
    events = OhlDecoder(lrc_seed=seed).receive(data)
    assert [type(event) for event in events] == [BadFrame, BadFrame]
    assert isinstance(events[0], BadFrame)
    right = events[0].detail[-2:].encode()
    frame = data[:10] + right + data[12:13]
    assert [type(event) for event in OhlDecoder(lrc_seed=seed).receive(frame)] == [Frame]


# Garbage.


def test_a_frame_that_never_ends_is_bounded() -> None:
    for begin in (b"\x02J", b"\x02Q", b"\x02"):
        decoder = OhlDecoder()
        bad = []
        for _ in range(2000):
            bad += decoder.receive(b"x" if begin != b"\x02" else b"J")
            if not bad and not decoder.pending.startswith(b"\x02"):
                decoder = OhlDecoder()
                decoder.receive(begin)
            assert len(decoder.pending) <= max(FRAME_BYTES_MAX, STRAY_BYTES_MAX)
        assert isinstance(bad[0], BadFrame)
        assert bad[0].fault == "ETX missing"


def test_stray_bytes_are_told_in_pieces_of_a_bounded_size() -> None:
    events, pending = decode([b"x" * (2 * STRAY_BYTES_MAX + 5)])
    assert events == [StrayBytes(b"x" * STRAY_BYTES_MAX)] * 2
    assert pending == b"x" * 5
    single, _ = decode([b"x"] * (2 * STRAY_BYTES_MAX + 5))
    assert single == events


def test_the_rest_that_does_not_come_is_given_up() -> None:
    data, _ = vector("no-etx-at-the-end")
    decoder = OhlDecoder()
    decoder.receive(data)
    waiting = decoder.pending
    (bad,) = decoder.give_up()
    assert bad == BadFrame("ETX missing", f"{len(waiting)} bytes without an end", waiting)
    assert (decoder.pending, decoder.give_up()) == (b"", [])


def test_a_frame_of_another_length_is_bad_and_the_next_is_read() -> None:
    good, _ = vector("check-out")
    short = good[:5] + good[6:13]
    events, _ = decode([short + good])
    assert isinstance(events[0], BadFrame)
    assert (events[0].fault, events[0].raw) == ("length wrong", short)
    assert events[0].detail == "12 bytes; a message D has 13"
    assert [type(event) for event in events[1:]] == [Frame, Frame]


def test_every_single_damaged_byte_costs_its_frame_alone_and_no_byte_is_dropped() -> None:
    data, _ = vector("a-night")
    for place in range(len(data)):
        for value in (0x00, 0x02, 0x03, 0x06, 0x7F, data[place] ^ 1):
            damaged = data[:place] + bytes([value]) + data[place + 1 :]
            events, pending = decode([damaged])
            raws = [event.code if isinstance(event, Control) else event.raw for event in events]
            assert b"".join(raws) + pending == damaged
            good = [event for event in events if isinstance(event, Frame)]
            assert len(good) >= 7
