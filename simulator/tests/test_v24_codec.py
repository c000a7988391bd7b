"""The print-out's encoder against known-right bytes, and each line of its table bent."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from oxo_simulator.v24 import codec
from oxo_simulator.v24.codec import (
    DEFAULT_FIELDS,
    FIELDS,
    CellTooLong,
    Column,
    Field,
    Statement,
    layout,
    line,
)
from oxo_simulator.v24.language import LANGUAGES
from oxo_simulator.v24.page import FORM_FEED, Sheet
from oxo_simulator.v24.settings import V24Settings

VECTORS = Path(__file__).parents[2] / "vectors" / "oxo-v24"


def read_vector(name: str) -> dict[str, Any]:
    vector: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    return vector


ENCODED = sorted(
    path.stem for path in VECTORS.glob("*.json") if read_vector(path.stem)["use"]["encode"]
)

KEYS = {field.value: key for key, field in FIELDS.items()} | {
    "date": "DAT", "time": "TIM", "duration": "DUR", "ring": "RIN",
}  # fmt: skip
"""A vector's name of a column -> ours."""


def columns_of(name: str) -> tuple[Column, ...]:
    """Read a vector's layout as our configuration."""
    return tuple(
        Column(KEYS[told["field"]], told["first"], told["last"], told["justified"])
        for told in read_vector(name)["layout"]["columns"]
    )


def chosen(name: str) -> tuple[Column, ...]:
    """Lay out the vector's fields by our own table."""
    return layout(column.key for column in columns_of(name))


def settings_of(name: str) -> V24Settings:
    told = read_vector(name)["layout"]
    assert told["line_end"] == "0d0a"
    company = [
        event["text"]
        for event in read_vector(name)["meaning"]["events"]
        if event["event"] == "company"
    ]
    return V24Settings(
        padded=told["padded"],
        encoding=told["encoding"].lower(),
        company=company[0] if company else "",
    )


def user(told: Mapping[str, Any] | None) -> str | None:
    return None if told is None else told["code"] + (told["number"] or "")


def code(told: Mapping[str, Any] | None) -> str | None:
    return None if told is None else told["code"]


def statement_of(event: Mapping[str, Any]) -> Statement:
    """Read a vector's statement as our record."""
    facilities = event.get("facilities")
    return Statement(
        initial_user=user(event.get("initial_user")),
        charged_user=user(event.get("charged_user")),
        type=code(event["type"]),
        line=user(event["line"]),
        date_time=datetime.fromisoformat(event["date_time"]),
        duration_seconds=event["duration_s"],
        units=event["units"],
        service=code(event["service"]),
        facilities=facilities and facilities["raw"],
        dialled_number=event["dialled_number"],
        dialling_mode=code(event.get("dialling_mode")),
        ring_seconds=event.get("ring_s"),
        cost=event.get("cost"),
        account_code=event.get("account_code"),
        subscriber_name=event.get("subscriber_name"),
        carrier=event.get("carrier"),
        initial_user_8=user(event.get("initial_user_8")),
        charged_user_8=user(event.get("charged_user_8")),
        line_4=user(event.get("line_4")),
    )


def encoded(name: str, columns: Sequence[Column]) -> bytes:
    """Encode a vector's events; a cell that does not fit makes no line, so it is noticed."""
    sheet = Sheet(columns=columns, titles=LANGUAGES["english"].titles, settings=settings_of(name))
    written = b""
    for event in read_vector(name)["meaning"]["events"]:
        if event["event"] == "form feed":
            written += FORM_FEED
        elif event["event"] == "company":
            written += sheet.company()
        elif event["event"] == "headings":
            written += "".join(f"{row}\r\n" for row in sheet.headings()).encode()
        elif event["event"] == "day count":
            written += sheet.day_count(event["count"])
        else:
            try:
                written += sheet.statement(statement_of(event))
            except CellTooLong as error:
                written += str(error).encode()
    return written


def expected(name: str) -> bytes:
    return (VECTORS / f"{name}.txt").read_bytes()


def test_there_are_vectors_to_encode() -> None:
    assert len(ENCODED) == 14


@pytest.mark.parametrize("name", ENCODED)
def test_same_bytes_as_the_vector_by_its_own_layout(name: str) -> None:
    assert encoded(name, columns_of(name)) == expected(name)


@pytest.mark.parametrize("name", ENCODED)
def test_same_bytes_as_the_vector_by_our_own_table(name: str) -> None:
    assert chosen(name) == columns_of(name)
    assert encoded(name, chosen(name)) == expected(name)


@pytest.mark.parametrize("name", ENCODED)
def test_the_headings_are_those_of_the_vector(name: str) -> None:
    told = [e["rows"] for e in read_vector(name)["meaning"]["events"] if e["event"] == "headings"]
    sheet = Sheet(
        columns=chosen(name), titles=LANGUAGES["english"].titles, settings=settings_of(name)
    )
    assert all(rows == list(sheet.headings()) for rows in told)


# Bending our table.

REVERSED: dict[str, codec.Justified] = {"left": "right", "right": "left"}
UNPINNED = ("NOD",)
"""What no vector pins."""


def next_value(key: str) -> str:
    values = [field.value for field in FIELDS.values()]
    return values[(values.index(FIELDS[key].value) + 3) % len(values)]


BENDS: dict[str, Callable[[str, Field], Field]] = {
    "wider": lambda _, field: field._replace(width=field.width + 1),
    "narrower": lambda _, field: field._replace(width=field.width - 1),
    "other justification": lambda _, field: field._replace(justified=REVERSED[field.justified]),
    "other value": lambda key, field: field._replace(value=next_value(key), spell=str),
    "other spelling": lambda _, field: field._replace(spell=lambda v: field.spell(v)[1:] + "~"),
}


def noticed(monkeypatch: pytest.MonkeyPatch, bent: Mapping[str, Field]) -> list[str]:
    """Name the vectors that see the bend: in the bytes, or, of full columns, in their layout."""
    monkeypatch.setattr(codec, "FIELDS", bent)
    return [
        name
        for name in ENCODED
        if (chosen(name), encoded(name, chosen(name))) != (columns_of(name), expected(name))
    ]


@pytest.mark.parametrize("key", [key for key in FIELDS if key not in UNPINNED])
@pytest.mark.parametrize("bend", BENDS)
def test_every_bend_of_the_table_is_noticed(
    bend: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bent = {**FIELDS, key: BENDS[bend](key, FIELDS[key])}
    assert noticed(monkeypatch, bent)


@pytest.mark.parametrize("key", [key for key in FIELDS if key not in UNPINNED])
def test_every_move_within_the_table_is_noticed(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    others = {each: field for each, field in FIELDS.items() if each != key}
    front, back = {key: FIELDS[key], **others}, {**others, key: FIELDS[key]}
    assert noticed(monkeypatch, back if key == "IUS" else front)


@pytest.mark.parametrize("key", UNPINNED)
def test_what_no_vector_pins_is_said_so_truly(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wider = FIELDS[key]._replace(width=FIELDS[key].width + 1)
    assert noticed(monkeypatch, {**FIELDS, key: wider}) == []


SPELLINGS: list[tuple[Statement, str, str]] = [
    (Statement(units=0), "TAX", "    0"),
    (Statement(units=65535), "TAX", "65535"),
    (Statement(duration_seconds=359_999), "DUR", "99:59:59"),
    (Statement(ring_seconds=5999), "RIN", "99:59"),
    (Statement(date_time=datetime.fromisoformat("2099-01-02T03:04:59")), "DAT", "02/01/99"),
    (Statement(date_time=datetime.fromisoformat("2099-01-02T03:04:59")), "TIM", "03:04"),
    (Statement(node="7"), "NOD", "  7"),
    (Statement(node="100"), "NOD", "100"),
    (Statement(subscriber_name="SIXTEEN LETTERS! AND MORE"), "SUN", "SIXTEEN LETTERS!"),
    (Statement(), "SUN", " " * 16),
    (Statement(subscriber_name="a\r\n\x0cb\x11\x7f\x85"), "SUN", "a???b???        "),
]


@pytest.mark.parametrize(("told", "key", "printed"), SPELLINGS)
def test_a_cell(told: Statement, key: str, printed: str) -> None:
    assert line(told, layout([key])) == printed


@pytest.mark.parametrize(
    ("told", "key"),
    [(Statement(units=100_000), "TAX"), (Statement(dialled_number="1" * 27), "DNU"),
     (Statement(cost="12345678.00"), "CST"), (Statement(account_code="1" * 17), "ACC"),
     (Statement(facilities="XRNSTI"), "FAC"), (Statement(ring_seconds=6000), "RIN"),
     (Statement(duration_seconds=360_000), "DUR"), (Statement(charged_user="A12345"), "SUB")],
)  # fmt: skip
def test_a_number_that_does_not_fit_is_refused(told: Statement, key: str) -> None:
    with pytest.raises(CellTooLong, match=f"{key} '.*' does not fit {FIELDS[key].width} char"):
        line(told, layout([key]))


def test_nothing_chosen_is_the_ten() -> None:
    assert [column.key for column in layout([])] == list(DEFAULT_FIELDS)
    assert layout([])[-1].last == 79


def test_the_order_is_the_manuals_not_the_choosers() -> None:
    assert [column.key for column in layout(["DNU", "IUS", "TIM"])] == ["IUS", "TIM", "DNU"]


def test_columns_of_another_table_may_leave_room_between() -> None:
    columns = [Column("SUB", 3, 7, "left"), Column("TAX", 12, 16, "right")]
    assert line(Statement(charged_user="A1", units=5), columns) == "  A1           5"
