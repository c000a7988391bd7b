"""Bytes of the hotel link against known-right ones: every frame, every value in its place."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from oxo_simulator.ohl.codec import (
    BodyUnreadable,
    CannotSay,
    LrcRange,
    body_text,
    body_values,
    frame,
    lrc,
)
from oxo_simulator.ohl.layout import (
    KINDS,
    LAYOUTS,
    TOTAL_BYTES,
    WORDS,
    Layout,
    LayoutWrong,
    Place,
    body_length,
    laid_over,
    layout,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "ohl"

PAIRED = {"date_time": ("date", "time")}

GUEST: dict[str, Any] = {
    "room": "217", "guest_name": "LÜDELING", "language": "2", "direct_number": "8540",
    "barring": "3", "do_not_disturb": True, "deposit": Decimal("123.45"),
    "reminder_time": time(6, 45),
}  # fmt: skip
OTHER: dict[str, Any] = {
    "room": "21031217", "guest_name": "VAUDRUY-QUILLORE ANÉ", "language": "1",
    "direct_number": None, "barring": "5", "do_not_disturb": False,
    "deposit": Decimal("999999.99"), "reminder_time": None,
}  # fmt: skip
FOUR, SIX = {"password": "0417"}, {"password": "041783"}
BAD_STATE: dict[str, Any] = {"room_status": 1, "problem": 42}
CLEAN: dict[str, Any] = {"room_status": 0, "problem": 907}
PART: dict[str, Any] = {
    key: GUEST[key] for key in ("room", "barring", "do_not_disturb", "reminder_time")
}
OTHER_PART = PART | {"room": "21031217", "do_not_disturb": False}

OWN_BODIES: Sequence[tuple[str, dict[str, Any], str]] = (
    ("M", GUEST | FOUR, "217      LÜDELING            28540041731000123450645    "),
    ("M", OTHER | FOUR, "21031217 VAUDRUY-QUILLORE ANÉ1    04175099999999        "),
    ("N", GUEST | SIX, "217      LÜDELING            2854004178331000123450645    "),
    ("N", OTHER | SIX, "21031217 VAUDRUY-QUILLORE ANÉ1    0417835099999999        "),
    (
        "T",
        {"room": "217", "date": date(2026, 11, 22), "time": time(10, 35), "calls": 12,
         "units": 345, "cost": Decimal("67.80")},
        "217     2211261035001200345000000006780",
    ),
    (
        "T",
        {"room": "21031217", "date": date(2031, 2, 3), "time": time(23, 59), "calls": 9876,
         "units": 54321, "cost": Decimal("9876543210.12")},
        "210312170302312359987654321987654321012",
    ),
    ("H", {"room": "217", "set": "31217"}, "217      31217   "),
    ("H", {"room": "21031217", "set": "31031217"}, "21031217 31031217"),
    ("Z", {"room": "217", "scope": "F"}, "217     F"),
    ("Z", {"room": "21031217", "scope": "P"}, "21031217P"),
    ("S", {"room": "21031217", "result": 7} | SIX, "2103121704178307"),
    ("S", {"room": "217", "result": 85, "password": None}, "217           85"),
    (
        "U",
        GUEST | FOUR | BAD_STATE,
        "217      LÜDELING            285400417310001234506451042" + " " * 35,
    ),
    (
        "U",
        OTHER | FOUR | CLEAN,
        "21031217 VAUDRUY-QUILLORE ANÉ1    04175099999999    0907" + " " * 35,
    ),
    (
        "V",
        GUEST | SIX | BAD_STATE,
        "217      LÜDELING            28540041783310001234506451042" + " " * 35,
    ),
    (
        "V",
        OTHER | SIX | CLEAN,
        "21031217 VAUDRUY-QUILLORE ANÉ1    0417835099999999    0907" + " " * 35,
    ),
    ("u", PART | FOUR, "217     0417310645   "),
    ("u", OTHER_PART | FOUR, "210312170417300645   "),
    ("v", PART | SIX, "217     041783310645   "),
    ("v", OTHER_PART | SIX, "21031217041783300645   "),
    (
        "J",
        {"charged_user": "104", "direction": "O", "units": 6, "date": date(2020, 2, 24),
         "time": time(14, 32, 7), "duration": 160, "dialled_number": "00", "cost": Decimal("1.7")},
        "104     O00000624022014320700024000                        0000000170",
    ),
)  # fmt: skip
"""Bodies that no vector pins: typed by hand from docs/wires/ohl.md, ours throughout."""


def vectors(use: str) -> Iterator[Any]:
    for file in sorted(VECTORS.glob("*.json")):
        vector = json.loads(file.read_text(encoding="utf-8"))
        if vector["use"][use]:
            yield pytest.param(vector, id=vector["id"])


def octets(vector: Mapping[str, Any]) -> bytes:
    content = (VECTORS / str(vector["file"])).read_bytes()
    assert hashlib.sha256(content).hexdigest() == vector["sha256"], "the copy is damaged"
    return content


def frames_of(vector: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [event for event in vector["meaning"]["events"] if event["event"] == "frame"]


def tables(vector: Mapping[str, Any]) -> dict[str, Layout]:
    """Read the vector's own layout, which is configuration, as the product reads a profile's."""
    places = (vector.get("layout") or {}).get("body_positions_after_the_type_letter", {})
    return {
        letter: layout(
            letter,
            [
                f"{each['field']} {each['first']}-{each['last']} "
                + each["justified"].removesuffix(" filled").replace(", ", " ")
                for each in listed
            ],
        )
        for letter, listed in places.items()
    }


def body_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Put a vector's meaning into the codec's values."""
    body: dict[str, Any] = {}
    for name, value in fields.items():
        if name == "date_time":
            day, _, clock = value.partition("T")
            body |= {"date": date.fromisoformat(day), "time": time.fromisoformat(clock)}
        elif name == "duration_s":
            body["duration"] = value
        elif value is not None and KINDS[name] == "money":
            body[name] = Decimal(value)
        elif value is not None and KINDS[name] == "clock":
            body[name] = time.fromisoformat(value)
        else:
            body[name] = value["code"] if isinstance(value, dict) else value
    return body


@pytest.mark.parametrize("vector", list(vectors("encode")))
def test_the_bytes_follow_from_the_meaning(vector: Mapping[str, Any]) -> None:
    places, written = tables(vector), b""
    for event in vector["meaning"]["events"]:
        if event["event"] == "control":
            written += bytes.fromhex(event["code"])
            continue
        letter, body = event["type"]["code"], event["body"]
        if "fields" in event:
            body = body_text(letter, body_of(event["fields"]), places[letter])
        written += frame(letter, body)
        assert event["type"]["word"] == WORDS[letter]
    assert written == octets(vector)


@pytest.mark.parametrize("vector", list(vectors("decode")))
def test_the_default_tables_are_those_of_the_vectors(vector: Mapping[str, Any]) -> None:
    for letter, places in tables(vector).items():
        assert places == LAYOUTS[letter]


@pytest.mark.parametrize("vector", list(vectors("decode")))
def test_what_an_application_writes_is_read(vector: Mapping[str, Any]) -> None:
    for event in frames_of(vector):
        letter = event["type"]["code"]
        if letter in "ABDIR" and "fields" in event:
            assert body_values(event["body"], LAYOUTS[letter]) == body_of(event["fields"])


@pytest.mark.parametrize(("letter", "body", "text"), OWN_BODIES)
def test_bodies_that_are_ours(letter: str, body: dict[str, Any], text: str) -> None:
    assert len(text) == body_length(letter)
    assert body_text(letter, body, LAYOUTS[letter]) == text
    if letter != "J":
        assert reads(text, body, LAYOUTS[letter])


# Bending: no place of any table can be wrong without a known body noticing.


def bent(place: Place) -> Iterator[Place]:
    yield place._replace(first=place.first + 1, last=place.last + 1)
    if place.first > 1:
        yield place._replace(first=place.first - 1, last=place.last - 1)
        yield place._replace(first=place.first - 1)
    yield place._replace(last=place.last + 1)
    if place.width > 1:
        yield place._replace(first=place.first + 1)
        yield place._replace(last=place.last - 1)
        yield place._replace(justified="left" if place.justified == "right" else "right")
        if place.justified == "right":
            yield place._replace(fill="blank")


def known_bodies() -> Iterator[tuple[str, dict[str, Any], str]]:
    for param in vectors("decode"):
        (vector,) = param.values
        for event in frames_of(vector):
            if "fields" in event:
                yield event["type"]["code"], body_of(event["fields"]), event["body"]
    yield from OWN_BODIES


def bends() -> Iterator[Any]:
    for letter, places in LAYOUTS.items():
        for number, place in enumerate(places):
            if place.field == "filler":
                continue
            for each in bent(place):
                table = (*places[:number], each, *places[number + 1 :])
                name = f"{letter}-{place.field}-{each.first}-{each.last}-{each.justified}"
                yield pytest.param(letter, table, id=f"{name}-{each.fill}")


def unbent(letter: str, table: Sequence[Place]) -> bool:
    """Tell whether all known bodies of a letter are written and read right with a table."""
    if any(after.first <= before.last for before, after in pairwise(filled(table))):
        return False  # a profile with such a table is refused
    for of, body, text in known_bodies():
        if of == letter:
            try:
                if body_text(letter, body, table) != text or not reads(text, body, table):
                    return False
            except (CannotSay, BodyUnreadable, IndexError):
                return False
    return True


def filled(table: Sequence[Place]) -> list[Place]:
    return [place for place in table if place.field != "filler"]


def reads(text: str, body: Mapping[str, Any], table: Sequence[Place]) -> bool:
    """Tell whether a table finds every value; the exchange never reads dates and durations."""
    asked = [place for place in table if place.kind not in ("date", "duration")]
    return body_values(text, asked) == {
        place.field: body[place.field] for place in asked if place.field != "filler"
    }


@pytest.mark.parametrize(("letter", "table"), list(bends()))
def test_a_bent_place_is_noticed(letter: str, table: Sequence[Place]) -> None:
    assert unbent(letter, LAYOUTS[letter])
    assert unbent(letter, table) == escapes(letter, table)


ALWAYS_FULL = {"date", "time", "duration", "reminder_time"}
"""Justification has no meaning for them."""

NEVER_SHORT = {"password", "direct_number"}
"""No known body has a shorter one: justification is pinned by nothing."""


def escapes(letter: str, table: Sequence[Place]) -> bool:
    """Tell what no known body notices: a justification, or running on into blank filler."""
    for number, (old, new) in enumerate(zip(LAYOUTS[letter], table, strict=True)):
        if old.justified != new.justified:
            return old.field in ALWAYS_FULL | NEVER_SHORT
        if old != new:
            behind = table[number + 1].field if number + 1 < len(table) else None
            grown = new == old._replace(last=old.last + 1)
            left = old.justified == "left"
            return grown and left and behind == "filler" and old.kind != "clock"
    return False


def test_letters_and_lengths_are_all_in_a_vector() -> None:
    vector = json.loads((VECTORS / "every-type.json").read_text())
    found: dict[str, set[int]] = {}
    for event in frames_of(vector):
        found.setdefault(event["type"]["code"], set()).add(event["total_length"])
    assert found == {letter: set(lengths) for letter, lengths in TOTAL_BYTES.items()}


# The check value.


@pytest.mark.parametrize(
    ("lrc_range", "check"),
    [("type-to-body", "50"), ("with-stx", "52"), ("with-etx", "53"), ("with-stx-and-etx", "51")],
)
def test_what_the_check_value_covers(lrc_range: LrcRange, check: str) -> None:
    """D and `217     `: 44 ^ 32 ^ 31 ^ 37 and five blanks are 50; STX adds 02, ETX 03."""
    assert lrc(b"D217     ", lrc_range) == check
    assert frame("D", "217     ", lrc_range) == b"\x02D217     " + check.encode() + b"\x03"


def test_a_check_value_has_capital_digits_and_two_of_them() -> None:
    assert lrc(b"\xaa") == "AA"
    assert lrc(b"\x01") == "01"


# What cannot be said.


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("charged_user", "123456789", "charged_user: 9 characters; 8 have room"),
        ("units", 1_000_000, "units: 7 characters; 6 have room"),
        ("cost", Decimal("0.001"), "cost: 0.001 is no whole number of hundredths"),
        ("cost", Decimal(100_000_000), "cost: 11 characters; 10 have room"),
        ("date", date(1999, 12, 31), "date: year 1999; 2000 to 2099 can be said"),
        ("date", date(2100, 1, 1), "date: year 2100; 2000 to 2099 can be said"),
        ("duration", 360_000, "duration: 7 characters; 6 have room"),
        ("units", "6", "units: str is no number that can be said"),
        ("units", -1, "units: -1 is no number that can be said"),
        ("cost", Decimal(-1), "cost: -1 is no amount that has room"),
        ("cost", Decimal("NaN"), "cost: NaN is no amount that has room"),
        ("cost", Decimal("1e999999"), "cost: 1E[+]999999 is no amount that has room"),
    ],
)
def test_what_has_no_room_or_no_spelling(field: str, value: Any, why: str) -> None:
    with pytest.raises(CannotSay, match=f"^{why}$"):
        body_text("J", {field: value}, LAYOUTS["J"])


@pytest.mark.parametrize("text", ["Łódź", "a\x02b", "a\x03b", "\x85"])
def test_what_no_frame_can_carry(text: str) -> None:
    body = body_text("D", {"room": text}, LAYOUTS["D"])
    with pytest.raises(CannotSay, match=r"^D: "):
        frame("D", body)


def test_a_body_of_another_length_or_letter_is_no_frame() -> None:
    with pytest.raises(CannotSay, match=r"^D: a body of 9 characters; \[8\] are expected$"):
        frame("D", "217      ")
    with pytest.raises(CannotSay, match="no frame has the letter 'Q'"):
        frame("Q", "")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("do_not_disturb", "2"), ("deposit", "0001234,"), ("reminder_time", "2400"),
        ("reminder_time", "7:00"), ("reminder_time", " 700"), ("deposit", "¹²345678"),
        ("guest_name", "A\x01B"), ("password", "\x01\x02\x03\x04"),
    ],
)  # fmt: skip
def test_a_field_that_says_nothing_possible_is_named(field: str, text: str) -> None:
    place = next(each for each in LAYOUTS["A"] if each.field == field)
    body = body_text("A", {"room": "217"}, LAYOUTS["A"])
    body = body[: place.first - 1] + text + body[place.first - 1 + len(text) :]
    with pytest.raises(BodyUnreadable, match=f"^{field}: ") as unreadable:
        body_values(body, LAYOUTS["A"])
    if field == "password":
        assert text not in str(unreadable.value)


# Tables of a profile.


def test_a_profile_lays_its_places_over_the_tables() -> None:
    changed = laid_over({"D": ["filler 1-2", "room 3-8 right zero"]})
    assert body_text("D", {"room": "217"}, changed["D"]) == "  000217"
    assert changed["C"] is LAYOUTS["C"]


@pytest.mark.parametrize(
    ("letter", "places", "why"),
    [
        ("Q", ["room 1-8"], "'Q' has no places"),
        ("D", ["room 1-9"], "room 1-9 lies over another or outside 1-8"),
        ("D", ["room 2-1"], "room 2-1"),
        ("D", ["room 1-4", "set 4-8"], "set 4-8 lies over another"),
        ("D", ["room 0-8"], "'room 0-8'; a place is written like"),
        ("D", ["rooom 1-8"], "'rooom 1-8'; a place is written like"),
        ("D", [], "room is missing; found nothing"),
    ],
)
def test_a_table_that_cannot_be(letter: str, places: list[str], why: str) -> None:
    with pytest.raises(LayoutWrong, match=why):
        laid_over({letter: places})
