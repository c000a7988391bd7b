"""The encoder of ED5.2 against known-right bytes, and its tables bent until a vector notices."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import ncompress
import pytest
from oxo_simulator.ed52 import account_file, mao, voip
from oxo_simulator.ed52.codec import RecordImpossible, encode
from oxo_simulator.ed52.layout import (
    ED52,
    OLDER,
    RECORD_BYTES,
    Column,
    Layout,
    LayoutImpossible,
    Record,
)

VECTORS = Path(__file__).parents[2] / "vectors"
INSTANT = datetime(2020, 2, 12, 13, 14, 4)  # noqa: DTZ001 - wall clock
RECORDED = Record(start_date_time=INSTANT, end_date_time=INSTANT)


def vector(family: str, name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((VECTORS / family / f"{name}.json").read_text("utf-8"))
    return read


def original(family: str, name: str) -> bytes:
    found: str = vector(family, name)["file"]
    return (VECTORS / family / found).read_bytes()


RECORDS = sorted(path.stem for path in (VECTORS / "oxe-record").glob("*.json"))
FILES = sorted(
    path.stem
    for path in (VECTORS / "oxe-file").glob("*.json")
    if "columns" in vector("oxe-file", path.stem)["meaning"]
)
FIELDS = dict(zip((c.name for c in ED52.columns), Record.__struct_fields__, strict=True))


def value_of(name: str, told: Any) -> Any:
    """Read one value of a meaning as the record has it."""
    if name in ("EndDateTime", "StartDateTime"):
        return datetime.fromisoformat(told)
    if isinstance(told, dict):
        return told["code"] if "code" in told else tuple(each["code"] for each in told["set"])
    return told


def record_of(meaning: Mapping[str, Any]) -> Record:
    fields = meaning["fields"]
    return Record(**{FIELDS[name]: value_of(name, told) for name, told in fields.items()})


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_written_byte_for_byte(name: str) -> None:
    assert encode(record_of(vector("oxe-record", name)["meaning"])) == original("oxe-record", name)


def file_text(name: str, layout: Layout) -> bytes:
    records = vector("oxe-file", name)["meaning"]["records"]
    lines = [encode(record_of(each), layout) + b"\n" for each in records]
    return account_file.header(layout) + b"".join(lines)


def original_text(name: str) -> bytes:
    data = original("oxe-file", name)
    return bytes(ncompress.decompress(data)) if data.startswith(b"\x1f\x9d") else data


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_written_byte_for_byte(name: str) -> None:
    layout = OLDER if name == "older-layout" else ED52
    assert file_text(name, layout) == original_text(name)


@pytest.mark.parametrize("name", sorted(set(FILES) - {"older-layout"}))
def test_a_file_of_records_that_are_there_is_written_byte_for_byte(name: str) -> None:
    lines = original_text(name).splitlines()[1:]
    assert account_file.text(lines) == original_text(name)


def test_vectors_are_there() -> None:
    assert len(RECORDS) == 10
    assert FILES == [
        "older-layout",
        "taxaaaaa",
        "taxaaaaa-plain",
        "tv-11-two-records",
        "tv-15-thirteen-identical",
    ]


def test_the_columns_fill_the_record_and_have_the_records_names() -> None:
    assert sum(column.width for column in ED52.columns) == RECORD_BYTES == 525
    for column, name in zip(ED52.columns, Record.__struct_fields__, strict=True):
        assert name.replace("_", "") == column.name.lower()


def test_every_named_column_stands_where_the_header_of_the_vectors_says() -> None:
    for name, layout in (("taxaaaaa", ED52), ("older-layout", OLDER)):
        told = vector("oxe-file", name)["meaning"]["columns"]
        assert [[*column[:4]] for column in layout.columns] == told


def notices(columns: Sequence[Column]) -> bool:
    """Tell whether some record or header line is not written as it should be."""
    return shows(columns) or header_shows(columns)


def header_shows(columns: Sequence[Column]) -> bool:
    try:
        header = account_file.header(Layout("ED5.2", columns))
    except LayoutImpossible:
        return True
    return not original_text("taxaaaaa").startswith(header)


def shows(columns: Sequence[Column]) -> bool:
    """Tell whether some record alone is not written as it should be."""
    try:
        layout = Layout("ED5.2", columns)
        return any(
            encode(record_of(vector("oxe-record", name)["meaning"]), layout)
            != original("oxe-record", name)
            for name in RECORDS
        )
    except (LayoutImpossible, RecordImpossible):
        return True


def pushed(columns: Sequence[Column], by: int) -> list[Column]:
    return [each._replace(first=each.first + by, last=each.last + by) for each in columns]


def widened(columns: Sequence[Column], number: int, by: int) -> list[Column]:
    """Widen a column, and move all that stand behind it."""
    bent = columns[number]._replace(last=columns[number].last + by)
    return [*columns[:number], bent, *pushed(columns[number + 1 :], by)]


def moved(columns: Sequence[Column], number: int) -> list[Column]:
    """Let a column change places with the next."""
    here, there = columns[number : number + 2]
    before = there._replace(first=here.first, last=here.first + there.width - 1)
    behind = here._replace(first=before.last + 1, last=there.last)
    return [*columns[:number], before, behind, *columns[number + 2 :]]


def aligned(columns: Sequence[Column], number: int) -> list[Column]:
    old = columns[number]
    other = old._replace(justification="R" if old.justification == "L" else "L")
    return [*columns[:number], other, *columns[number + 1 :]]


EVERY = range(len(ED52.columns))


@pytest.mark.parametrize("number", EVERY)
@pytest.mark.parametrize("by", [1, -1])
def test_a_column_of_another_width_is_noticed(number: int, by: int) -> None:
    assert notices(widened(ED52.columns, number, by))


def border_moved(columns: Sequence[Column], number: int) -> list[Column]:
    """Give a column the first character of the next: the record keeps its length."""
    bent = list(columns)
    bent[number] = bent[number]._replace(last=bent[number].last + 1)
    bent[number + 1] = bent[number + 1]._replace(first=bent[number + 1].first + 1)
    return bent


@pytest.mark.parametrize("number", EVERY[:-1])
def test_a_border_between_columns_that_moves_is_noticed(number: int) -> None:
    assert notices(border_moved(ED52.columns, number))


@pytest.mark.parametrize("number", EVERY[:-1])
def test_columns_in_another_order_are_noticed(number: int) -> None:
    assert header_shows(moved(ED52.columns, number))


@pytest.mark.parametrize("number", EVERY)
def test_a_value_on_the_other_side_is_noticed(number: int) -> None:
    assert notices(aligned(ED52.columns, number))


def test_what_no_record_shows_but_a_header_line() -> None:
    """Blank or zero beside blanks: only the header of the files tells where these end."""
    columns = ED52.columns
    names = [column.name for column in columns]
    borders = [names[n] for n in EVERY[:-1] if not shows(border_moved(columns, n))]
    orders = [names[n] for n in EVERY[:-1] if not shows_swapped(n)]
    sides = [
        column.name
        for n, column in enumerate(columns)
        if column.width > 1 and column.justification != "N" and not shows(aligned(columns, n))
    ]
    assert borders == BORDERS_UNSEEN
    assert orders == ORDERS_UNSEEN
    assert sides == SIDES_UNSEEN


BORDERS_UNSEEN = [
    "ChargedCostCenter",
    "ChargedCompany",
    "CallingNumber",
    "EndDateTime",
    "ComType",
    "InitialDialledNumber",
    "ActingExtensionNumber",
]
"""What stands behind these is blank in its first character in every record."""
ORDERS_UNSEEN = [
    "SegmentsRate1",
    "SegmentsRate2",
    "X25IncomingFlowRate",
    "CalledNumberNode",
    "CallingNumberNode",
]
"""These say the same as the next column in every record."""
SIDES_UNSEEN = ["TicketVersion", "ChargedCompany", "TransitTrunkGroupIdentity"]


def swapped_values(number: int) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    def swap(values: tuple[Any, ...]) -> tuple[Any, ...]:
        new = list(values)
        new[number], new[number + 1] = new[number + 1], new[number]
        return tuple(new)

    return swap


def shows_swapped(number: int) -> bool:
    """Tell whether two neighbouring values, each in its own column, in turn are seen."""
    layout, swap = Layout("ED5.2", moved(ED52.columns, number)), swapped_values(number)
    for name in RECORDS:
        record = record_of(vector("oxe-record", name)["meaning"])
        values = swap(tuple(getattr(record, each) for each in Record.__struct_fields__))
        try:
            bent = Record(**dict(zip(Record.__struct_fields__, values, strict=True)))
            if encode(bent, layout) != original("oxe-record", name):
                return True
        except (RecordImpossible, AttributeError, TypeError):
            return True
    return False


@pytest.mark.parametrize("number", EVERY)
def test_a_value_left_out_is_noticed(number: int) -> None:
    """Every column has something in some vector, but those that are listed as unpinned."""
    column, name = ED52.columns[number], Record.__struct_fields__[number]
    seen = False
    for each in RECORDS:
        meaning = vector("oxe-record", each)["meaning"]
        seen |= value_of(column.name, meaning["fields"][column.name]) not in (0, "", ())
    assert seen == (column.name not in ALWAYS_EMPTY), name


ALWAYS_EMPTY = {
    "ChargedCompany",
    "SegmentsRate1",
    "SegmentsRate2",
    "SegmentsRate3",
    "X25IncomingFlowRate",
    "X25OutgoingFlowRate",
    "TimeDlt",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("charge_units", 100_000),
        ("called_number", "1" * 31),
        ("access_code", "1" * 17),
        ("charged_number", "é"),
        ("charged_number", "1\n2"),
        ("cost_type", 10),
        ("external_facilities", (40,)),
        ("specific_charge_info", (7,)),
        ("specific_charge_info", (-1,)),
        ("charged_user_name", "Zoë"),
        ("ticket_version", "ED10.1"),
    ],
)
def test_what_does_not_fit_names_its_column(name: str, value: Any) -> None:
    bent = Record(start_date_time=INSTANT, end_date_time=INSTANT, **{name: value})
    column = next(key for key, field in FIELDS.items() if field == name)
    with pytest.raises(RecordImpossible, match=f"^{column}: "):
        encode(bent)


def test_a_name_alone_is_cut_off() -> None:
    long = Record(start_date_time=INSTANT, end_date_time=INSTANT, charged_user_name="x" * 30)
    assert encode(long)[65:86] == b"x" * 20 + b" "


def test_columns_that_do_not_touch_are_no_layout() -> None:
    with pytest.raises(LayoutImpossible, match="CalledNumber"):
        Layout("ED5.2", [ED52.columns[0], ED52.columns[1]._replace(first=7)])


# Files.


def test_a_file_without_records_is_its_header_line() -> None:
    assert account_file.text([]) == account_file.header()
    assert account_file.header().endswith(b",TimeDlt,520,525,R\n")


def test_an_older_file_is_cut_out_of_the_same_records() -> None:
    records = vector("oxe-file", "older-layout")["meaning"]["records"]
    kept = [encode(record_of(each)) for each in records]
    assert account_file.text(kept, OLDER) == original_text("older-layout")


def test_a_value_too_long_for_an_older_file_names_its_column() -> None:
    long = Record(start_date_time=INSTANT, end_date_time=INSTANT, charged_number="1" * 21)
    with pytest.raises(RecordImpossible, match="ChargedNumber: 21 characters in 20"):
        account_file.text([encode(long)], OLDER)


def test_a_mask_fills_the_narrower_column_of_an_older_file() -> None:
    line = account_file.recut(original("oxe-record", "masked-subscriber"), OLDER)
    assert line[5:51] == b"-" * 26 + b"*" * 20
    assert len(line) == OLDER.width == 450


def test_what_is_no_record_is_not_cut() -> None:
    with pytest.raises(RecordImpossible, match="524 characters"):
        account_file.text([b" " * 524], OLDER)


# VoIP and MAO.


def voip_items() -> dict[str, Any]:
    told = vector("oxe-stream", "tv-12-voip-frame")["meaning"]["events"][0]["items"]
    items = {each["name"]: each["value"] for each in told}
    items["end time"] = datetime.fromisoformat(items["end time"])
    items["equipment"] = bytes(items["equipment"]["code"]).hex()
    items["codec"] = items["codec"]["code"]
    return items


def body_of(frame: str) -> bytes:
    return original("oxe-stream", frame)[6:]


def test_a_voip_body_is_written_byte_for_byte() -> None:
    assert voip.body(voip_items()).ljust(768, b"\0") == body_of("tv-12-voip-frame")


@pytest.mark.parametrize("name", sorted(voip_items()))
@pytest.mark.parametrize("bent", ["identifier", "width", "reversed"])
def test_a_bent_voip_item_is_noticed(name: str, bent: str) -> None:
    line = voip.ITEMS[name]
    changed = {
        "identifier": line._replace(identifier=line.identifier ^ 0x40),
        "width": line._replace(width=line.width + 1),
        "reversed": line._replace(coding=lambda v, w: line.coding(v, w)[::-1]),
    }[bent]
    right = voip._written(name, voip_items()[name])
    one_byte = len(right) == 4
    if (bent == "width" and not line.width) or (bent == "reversed" and one_byte):
        return
    try:
        wrong = voip._written(name, voip_items()[name], {**voip.ITEMS, name: changed})
    except voip.VoipImpossible:
        return
    assert wrong != right
    assert right in body_of("tv-12-voip-frame")
    assert wrong not in body_of("tv-12-voip-frame")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"node number": 65_536}, "node number: "),
        ({"local IP address": "nowhere"}, "local IP address: "),
        ({"local directory number": "20A5"}, "local directory number: a directory number"),
        ({"local directory number": "1" * 31}, "31 bytes in the place of 30"),
        ({"equipment": "01"}, "equipment: 1 bytes in the place of 2"),
        ({"weather": 1}, "weather: no such item"),
        ({"terminal's own number": "1" * 800}, "a frame holds 768"),
    ],
)
def test_a_voip_item_that_cannot_be_is_named(change: dict[str, Any], says: str) -> None:
    with pytest.raises(voip.VoipImpossible, match=re.escape(says)):
        voip.body({**voip_items(), **change})


def test_a_voip_ticket_has_its_three_first_items() -> None:
    items = voip_items()
    del items["node number"]
    with pytest.raises(voip.VoipImpossible, match="node number: every ticket has it"):
        voip.body(items)


def test_an_invented_voip_ticket_begins_as_all_do() -> None:
    made = voip.invented(end=INSTANT, local="2005", distant="5031", duration_seconds=12)
    assert made[:4] == b"\x01\x00\x04\x5e"
    assert made[7:10] == b"\x02\x00\x02"
    assert made[12:15] == b"\x03\x00\x01"


def test_a_mao_body_is_written_byte_for_byte() -> None:
    told = vector("oxe-stream", "tv-13-mao-frame")["meaning"]["events"][0]["items"]
    assert mao.body(told).ljust(768, b"\0") == body_of("tv-13-mao-frame")


@pytest.mark.parametrize(
    "items", [{"A;B": "1"}, {"A=B": "1"}, {"": "1"}, {"A": "1;"}, {"A": "1\n"}, {"A": "1" * 768}]
)
def test_a_mao_item_that_cannot_be_is_refused(items: dict[str, str]) -> None:
    with pytest.raises(mao.MaoImpossible):
        mao.body(items)
