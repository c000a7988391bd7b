"""Bodies of the hotel link that no vector has: typed by hand, and bent."""

from collections.abc import Iterator, Mapping

import msgspec
import pytest
from oxo_collector.decoders.ohl import Frame
from oxo_collector.decoders.ohl_layout import BODIES, MESSAGES, Field
from oxo_collector.decoders.ohl_ticket import piece_of
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.receipt import Piece, WireEvent

Fields = Mapping[str, str | int | None]
Bodies = Mapping[str, tuple[Field, ...]]

_FULL: Fields = {
    "room": "12345678",
    "guest_name": "VAUDRUY-QUILLORE ANE",
    "language": "2",
    "direct_number": "8540",
    "barring": "3",
    "do_not_disturb": True,
    "deposit": "987654.32",
    "reminder_time": "06:45:00",
}
_SHORT: Fields = {
    "room": "117",
    "guest_name": "SANDMEER",
    "language": None,
    "direct_number": "85",
    "barring": None,
    "do_not_disturb": False,
    "deposit": "12.30",
    "reminder_time": None,
}
TYPED: tuple[tuple[str, str, Fields], ...] = (
    (
        "T",
        "117     240220143200030000800000000" + "1450",
        {
            "room": "117",
            "calls": 3,
            "units": 8,
            "cost": "14.50",
            "date_time": "2020-02-24T14:32:00",
        },
    ),
    (
        "T",
        "12345678311225235998766543212345678901" + "2",
        {
            "room": "12345678",
            "calls": 9876,
            "units": 65432,
            "cost": "1234567890.12",
            "date_time": "2025-12-31T23:59:00",
        },
    ),
    ("M", "12345678 VAUDRUY-QUILLORE ANE28540473131987654320645", _FULL),
    ("N", "12345678 VAUDRUY-QUILLORE ANE2854047310031987654320645", _FULL),
    ("M", "117      SANDMEER             85       000001230    ", _SHORT),
    ("N", "117      SANDMEER             85         000001230    ", _SHORT),
    ("H", "12345678 76543210", {"room": "12345678", "set": "76543210"}),
    ("H", "117      128     ", {"room": "117", "set": "128"}),
)


def read(letter: str, text: str, bodies: Bodies = BODIES) -> Piece | None:
    body = text.ljust(max(MESSAGES[letter].lengths) - 5)
    assert len(body) + 5 in MESSAGES[letter].lengths
    return piece_of(Frame(letter, body, "00", body.encode()), "Europe/Paris", bodies)


@pytest.mark.parametrize(("letter", "text", "fields"), TYPED)
def test_what_is_told(letter: str, text: str, fields: Fields) -> None:
    told = read(letter, text)
    assert isinstance(told, WireEvent)
    assert dict(told.fields) == fields
    assert told.kind == MESSAGES[letter].word


def test_a_guest_account_that_does_not_fit_is_kept_with_its_reason() -> None:
    told = read("T", "117     24022014320003 0008000000001450")
    assert isinstance(told, Malformed)
    assert told.reason == "guest account: units ' 0008' is no whole number"
    told = read("T", "117     310220143200030000800000000" + "1450")
    assert isinstance(told, Malformed)
    assert "date '310220' is a date that does not exist" in told.reason


UNPINNED = {
    # What runs on into filler that is always blank, or ends the body.
    *((letter, "room", "widened right") for letter in "HMN"),
    *((letter, "reminder_time", "widened right") for letter in "MN"),
    ("H", "set", "widened right"),
}


def bends() -> Iterator[tuple[str, int, Field, str]]:
    for letter in "HMNT":
        length = max(MESSAGES[letter].lengths) - 5
        for place, field in enumerate(BODIES[letter]):
            if field.name == "password":
                continue  # it is told nowhere
            for how, left, right in (
                ("moved left", -1, -1),
                ("moved right", 1, 1),
                ("widened left", -1, 0),
                ("widened right", 0, 1),
                ("narrowed left", 1, 0),
                ("narrowed right", 0, -1),
            ):
                first, last = field.first + left, field.last + right
                if 1 <= first <= last <= length and (letter, field.name, how) not in UNPINNED:
                    yield letter, place, msgspec.structs.replace(field, first=first, last=last), how
            if field.coding == "text" and field.first != field.last:
                yield letter, place, msgspec.structs.replace(field, side="right"), "other side"
            if field.coding == "hundredths":
                yield letter, place, msgspec.structs.replace(field, coding="figure"), "other scale"


def fits(letter: str, bodies: Bodies) -> bool:
    for other, text, fields in TYPED:
        if other == letter:
            told = read(letter, text, bodies)
            if not isinstance(told, WireEvent) or dict(told.fields) != fields:
                return False
    return True


@pytest.mark.parametrize(
    ("letter", "place", "field"),
    [pytest.param(one, place, field, id=f"{one} {field.name} {how}".replace(" ", "-"))
     for one, place, field, how in bends()],
)  # fmt: skip
def test_a_bent_field_is_noticed(letter: str, place: int, field: Field) -> None:
    fields = (*BODIES[letter][:place], field, *BODIES[letter][place + 1 :])
    assert not fits(letter, {**BODIES, letter: fields})


def test_the_straight_tables_are_green() -> None:
    assert all(fits(letter, BODIES) for letter in "HMNT")
