"""The V24 stream against every vector: whole, byte by byte, cut in two at every offset."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from oxo_collector.decoders import v24_statement
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.v24 import (
    LAYOUTS,
    LINE_BYTES_MAX,
    Column,
    Company,
    DayCount,
    Document,
    Event,
    FormFeed,
    Headings,
    Layout,
    LayoutInvalid,
    Statement,
    V24Decoder,
)
from oxo_collector.decoders.v24_statement import Facilities, Party
from oxo_collector.decoders.values import Coded

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "oxo-v24"
IDS = sorted(path.stem for path in VECTORS.glob("*.json"))

GOOD = b"A128  --> N01 24/02/20 14:32 00:00:50     2 ST       00390670000"


def vector(name: str) -> tuple[bytes, dict[str, Any]]:
    """Return bytes and description of a vector; a damaged copy fails at once."""
    told = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    data = (VECTORS / told["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == told["sha256"]
    return data, told


def decode(pieces: Iterable[bytes], layout: Layout) -> list[Event]:
    decoder = V24Decoder(layout)
    events = [event for piece in pieces for event in decoder.receive(piece)]
    return events + decoder.close()


def plain(value: object) -> object:
    """Spell a cell as the vectors do."""
    if isinstance(value, Party):
        return {"code": value.code, "word": value.word, "number": value.number}
    if isinstance(value, Coded):
        return {"code": value.code, "word": value.word}
    if isinstance(value, Facilities):
        return {"raw": value.raw, "set": [plain(letter) for letter in value.set]}
    return value


def statement_meaning(statement: Statement, fields: list[str]) -> dict[str, object]:
    names = {"duration": "duration_s", "ring": "ring_s", "date": None, "time": None}
    meaning: dict[str, object] = {
        "event": "statement",
        "kind": statement.kind,
        "date_time": statement.date_time.isoformat(timespec="minutes"),
    }
    for field in fields:
        if (name := names.get(field, field)) is not None:
            value = plain(getattr(statement, name))
            if field == "line" and isinstance(value, dict) and value["word"] == "wake-up":
                assert value["number"] is None
            meaning[name] = value
    if statement.masked:
        meaning["masked"] = dict(statement.masked)
    return meaning


def meaning_of(  # noqa: PLR0911 - one line each
    event: Event, fields: list[str]
) -> Mapping[str, object]:
    match event:
        case Statement():
            return statement_meaning(event, fields)
        case FormFeed():
            return {"event": "form feed"}
        case Company(text):
            return {"event": "company", "text": text}
        case Headings(rows):
            return {"event": "headings", "rows": list(rows)}
        case DayCount(count):
            return {"event": "day count", "count": count}
        case Document(kind=kind):
            return {"event": kind}
        case Malformed(raw=raw):
            return {"event": "undecodable line", "raw": raw.hex()}


def told_meanings(told: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events of a vector; the reason of an undecodable line is a hint only."""
    events = [dict(event) for event in told["meaning"]["events"]]
    for event in events:
        event.pop("reason", None)
    return events


def check(name: str, layout: Layout) -> None:
    data, told = vector(name)
    fields = [column["field"] for column in told["layout"]["columns"]]
    events = decode([data], layout)
    assert [meaning_of(event, fields) for event in events] == told_meanings(told)


@pytest.mark.parametrize("name", IDS)
def test_vector_whole(name: str) -> None:
    check(name, Layout.from_mapping(vector(name)[1]["layout"]))


@pytest.mark.parametrize("name", IDS)
def test_vector_byte_by_byte_and_cut_in_two_at_every_offset(name: str) -> None:
    data, told = vector(name)
    layout = Layout.from_mapping(told["layout"])
    whole = decode([data], layout)
    assert decode((data[n : n + 1] for n in range(len(data))), layout) == whole
    for cut in range(len(data) + 1):
        assert decode([data[:cut], data[cut:]], layout) == whole, cut


@pytest.mark.parametrize("name", IDS)
def test_our_layouts_are_those_of_the_vectors(name: str) -> None:
    layout = Layout.from_mapping(vector(name)[1]["layout"])
    known = LAYOUTS.get(str(layout.line_width))
    assert known in (layout, None)
    assert known or name in ("eight-digits", "initial-user-in-front")


# Bend and see red: our own tables, each column and each code, must be held by some vector.

FIFTEEN = LAYOUTS["132"].columns


def bent(columns: tuple[Column, ...], widths: Mapping[str, int], flip: str | None = None) -> Layout:
    """Lay the columns anew with other widths, one blank between, one of them reversed."""
    first, laid = 1, []
    for column in columns:
        width = widths.get(column.field, column.last - column.first + 1)
        side = column.justified
        if column.field == flip:
            side = "left" if side == "right" else "right"
        laid.append(Column(column.field, first, first + width - 1, side, column.key))
        first += width + 1
    return Layout(tuple(laid), laid[-1].last)


def is_red(fifteen: Layout, ten: Layout) -> bool:
    """Tell whether some vector of the two known layouts notices."""
    for name in IDS:
        width = vector(name)[1]["layout"]["line_width"]
        layout = {132: fifteen, 79: ten}.get(width)
        try:
            if layout is not None:
                check(name, layout)
        except AssertionError:
            return True
    return False


def test_the_straight_table_is_green() -> None:
    assert not is_red(bent(FIFTEEN, {}), LAYOUTS["79"])


@pytest.mark.parametrize("column", FIFTEEN, ids=lambda column: column.field)
@pytest.mark.parametrize("by", [1, -1])
def test_a_wider_or_narrower_column_is_noticed(column: Column, by: int) -> None:
    width = column.last - column.first + 1 + by
    if width == 0:
        with pytest.raises(LayoutInvalid):
            bent(FIFTEEN, {column.field: width})
        return
    assert is_red(bent(FIFTEEN, {column.field: width}), LAYOUTS["79"])


@pytest.mark.parametrize("place", range(len(FIFTEEN) - 1))
def test_a_moved_column_is_noticed(place: int) -> None:
    columns = list(FIFTEEN)
    columns[place : place + 2] = reversed(columns[place : place + 2])
    assert is_red(bent(tuple(columns), {}), LAYOUTS["79"])


@pytest.mark.parametrize(
    "field",
    [
        "charged_user",
        "line",
        "units",
        "facilities",
        "dialled_number",
        "cost",
        "account_code",
        "subscriber_name",
    ],
)
def test_a_reversed_column_is_noticed_where_it_is_not_always_full(field: str) -> None:
    ten = tuple(column for column in FIFTEEN if column.last <= 79)
    assert is_red(bent(FIFTEEN, {}, field), bent(ten, {}, field))


@pytest.mark.parametrize("name", ["eight-digits", "initial-user-in-front"])
def test_other_layouts_are_held_too(name: str) -> None:
    columns = Layout.from_mapping(vector(name)[1]["layout"]).columns
    for column in columns[:-1]:
        for by in (1, -1):
            width = column.last - column.first + 1 + by
            if width:
                with pytest.raises(AssertionError):
                    check(name, bent(columns, {column.field: width}))


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (table, code)
        for table in ("TYPES", "ACCESSES", "FACILITY_LETTERS", "DIALLING_MODES")
        for code in getattr(v24_statement, table)
    ],
)
def test_a_forgotten_code_is_noticed(
    table: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(getattr(v24_statement, table), code)
    if table == "ACCESSES":
        letters = "".join(set("LNPV") - {code})
        pattern = v24_statement._LINE.pattern.replace("LNPV", letters)
        monkeypatch.setattr(v24_statement, "_LINE", re.compile(pattern))
    forget_cells()
    try:
        assert is_red(LAYOUTS["132"], LAYOUTS["79"])
    finally:
        forget_cells()


def forget_cells() -> None:
    for reader in ("_user", "_line", "_service", "_facilities"):
        getattr(v24_statement, reader).cache_clear()


@pytest.mark.parametrize("mark", ["R", "CH"])
def test_a_forgotten_wake_up_is_noticed(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(v24_statement, "WAKE_UPS", tuple({"R", "CH"} - {mark}))
    forget_cells()
    try:
        assert is_red(LAYOUTS["132"], LAYOUTS["79"])
    finally:
        forget_cells()


# What no vector has.


def reasons(data: bytes, layout: Layout = LAYOUTS["79"]) -> list[tuple[str, bytes, str]]:
    return [
        (event.reason, event.raw, event.place)
        for event in decode([data], layout)
        if isinstance(event, Malformed)
    ]


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\n\n", b"  \r\n  \r\n"])
def test_any_line_end_will_do(end: bytes) -> None:
    events = decode([GOOD + end + GOOD + end], LAYOUTS["79"])
    assert [type(event) for event in events] == [Statement, Statement]


def test_lines_are_counted_as_people_count_them() -> None:
    data = b"\f" + GOOD + b"\r\n\r\nwrong line of many words\r\n\nand another of many words\r"
    assert [(raw, place) for _, raw, place in reasons(data)] == [
        (b"wrong line of many words", "line 3"),
        (b"and another of many words", "line 5"),
    ]


def test_a_form_feed_ends_a_line() -> None:
    events = decode([GOOD + b"\f" + GOOD + b"\r\n"], LAYOUTS["79"])
    assert [type(event) for event in events] == [Statement, FormFeed, Statement]


def test_what_has_no_end_is_not_trusted() -> None:
    assert reasons(GOOD[:-4]) == [("line without an end", GOOD[:-4], "line 1")]
    assert reasons(GOOD + b"\r\n" + GOOD) == [("line without an end", GOOD, "line 2")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (GOOD.replace(b"A128  -", b"A128 --"), "text between two columns"),
        (GOOD.ljust(80) + b"x", "text beyond column 79"),
        (GOOD.replace(b"A128", b"A\t28"), "control character '\\t' in column 2"),
        (GOOD.replace(b"24/02/20", b"        "), "date is blank"),
        (GOOD.replace(b"-->", b"   "), "type is blank"),
        (GOOD.replace(b"-->", b"==>"), "type '==>' is no call type"),
        (GOOD.replace(b"14:32", b"24:32"), "time '24:32' is a time that does not exist"),
        (GOOD.replace(b"    2 ST", b"   -2 ST"), "units '-2' is no whole number"),
        (GOOD.replace(b"0039067", b"00390 7"), "dialled_number '00390 70000' has a blank"),
        (GOOD.replace(b"A128", b"a128"), "charged_user 'a128' is neither user nor line"),
    ],
)
def test_what_cannot_be_read_is_named(line: bytes, reason: str) -> None:
    assert reasons(line + b"\r\n") == [(reason, line, "line 1")]


def test_a_company_needs_headings() -> None:
    data = b"HOTEL SANDMEER\r\n" + GOOD + b"\r\nHOTEL\r\nSANDMEER\r\n\f"
    kept = [(raw, place) for _, raw, place in reasons(data)]
    assert kept == [(b"HOTEL SANDMEER", "line 1"), (b"HOTEL", "line 3"), (b"SANDMEER", "line 4")]


def test_headings_may_have_one_row() -> None:
    data = b"HOTEL\r\nUSER  TYPE LINE\r\n" + GOOD + b"\r\nUSER\r\n"
    events = decode([data], LAYOUTS["79"])
    assert events[:2] == [Company("HOTEL"), Headings(("USER  TYPE LINE",))]
    assert events[3:] == [Headings(("USER",))]


def test_two_rows_are_complete_at_once() -> None:
    decoder = V24Decoder()
    assert decoder.receive(b"USER  LINE\r\nTYPE\r\n") == [Headings(("USER  LINE", "TYPE"))]
    assert decoder.receive(b"DATE\r\n") == []
    assert decoder.close() == [Headings(("DATE",))]


def test_what_waits_comes_before_the_form_feed() -> None:
    first, second = decode([b"HOTEL\r\n\f"], LAYOUTS["79"])
    assert isinstance(first, Malformed)
    assert second == FormFeed()


def test_noise_above_headings_is_no_company() -> None:
    first, second = decode([b"HOT\x00EL\r\nUSER  LINE\r\n"], LAYOUTS["79"])
    assert isinstance(first, Malformed)
    assert second == Headings(("USER  LINE",))


def test_titles_of_another_language_are_configuration() -> None:
    columns = LAYOUTS["79"].columns
    layout = Layout(columns, 79, titles=("ABONNE", "DATE"))
    assert decode([b"ABONNE   DATE\r\n"], layout) == [Headings(("ABONNE   DATE",))]
    assert len(reasons(b"ABONNE   DATE\r\n")) == 1


def test_a_count_stands_at_the_bottom_right_and_nowhere_else() -> None:
    assert decode([b"12".rjust(79) + b"\r\n"], LAYOUTS["79"]) == [DayCount(12)]
    assert len(reasons(b"12".rjust(78) + b"\r\n")) == 1
    assert len(reasons(b"123456".rjust(79) + b"\r\n")) == 1


def test_a_line_at_the_limit_is_one_line() -> None:
    line = b"x" * LINE_BYTES_MAX
    assert reasons(line + b"\r\n") == [("text beyond column 79", line, "line 1")]


@pytest.mark.parametrize("length", [LINE_BYTES_MAX + 1, 3 * LINE_BYTES_MAX, 5000])
@pytest.mark.parametrize("end", [b"", b"\r\n"])
@pytest.mark.parametrize("size", [1, 1000, 10_000])
def test_a_line_without_measure_is_kept_in_pieces(length: int, end: bytes, size: int) -> None:
    data = b"HOTEL\r\n" + b"x" * length + end + (GOOD + end if end else b"")
    pieces = [data[n : n + size] for n in range(0, len(data), size)]
    events = decode(pieces, LAYOUTS["79"])
    kept = [event.raw for event in events if isinstance(event, Malformed)]
    assert b"".join(kept) == b"HOTEL" + b"x" * length
    assert max(map(len, kept)) == LINE_BYTES_MAX
    assert isinstance(events[-1], Statement if end else Malformed)
    assert events == decode([data], LAYOUTS["79"])


@pytest.mark.parametrize(
    ("printed", "masked"),
    [
        ("0039067****", 4),
        ("0039*****", 4),
        ("***", 3),
        ("*31#0536", 0),
        ("*21*", 0),
        ("12**", 0),
    ],
)
def test_masked_digits(printed: str, masked: int) -> None:
    line = GOOD.replace(b"00390670000", printed.encode()) + b"\r\n"
    (statement,) = decode([line], LAYOUTS["79"])
    assert isinstance(statement, Statement)
    assert statement.dialled_number == printed
    assert statement.masked == ({"dialled_number": masked} if masked else {})


def test_unknown_letters_keep_their_text() -> None:
    line = GOOD.replace(b"A128", b"C128").replace(b"N01", b"X01").replace(b"ST   ", b"QQ XQ")
    (statement,) = decode([line + b"\r\n"], LAYOUTS["79"])
    assert isinstance(statement, Statement)
    assert statement.charged_user == Party("C128", "unknown")
    assert statement.line == Party("X01", "unknown")
    assert statement.service == Coded("QQ", "unknown")
    assert statement.facilities.set == (Coded("X", "transfer"), Coded("Q", "unknown"))
