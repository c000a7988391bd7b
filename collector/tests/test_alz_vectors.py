"""The ALZ decoder against every vector, cut at every offset, and bent in every field."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from oxo_collector.decoders import alz_record
from oxo_collector.decoders.alz import AlzFile, read_alz, recognises, unknown_codes
from oxo_collector.decoders.alz_layout import BITS, CODES, FIELDS, Field
from oxo_collector.decoders.alz_record import AlzRecord, Bits, Code, RecordReader
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.values import Unreadable

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "oxo-alz"
IDS = sorted(path.stem for path in VECTORS.glob("*.json"))


def vector(name: str) -> tuple[bytes, dict[str, Any]]:
    told = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    data = (VECTORS / told["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == told["sha256"]
    return data, told["meaning"]


def plain(value: object) -> object:
    """Spell a value as the vectors do."""
    if isinstance(value, Code):
        return {"code": value.code, "word": value.word}
    if isinstance(value, Bits):
        return {"raw": value.raw, "set": [plain(bit) for bit in value.set]}
    return value


def meaning_of(record: AlzRecord) -> dict[str, object]:
    values = {name: plain(getattr(record, name)) for name in record.__struct_fields__}
    return {**values, "date_time": record.date_time.isoformat(), "cost": str(record.cost)}


def records(file: AlzFile) -> list[AlzRecord]:
    return [piece for piece in file.pieces if isinstance(piece, AlzRecord)]


def faults(file: AlzFile) -> list[dict[str, object]]:
    """Say the file's faults in the words and figures of the vectors."""
    told: list[dict[str, object]] = []
    for number, piece in enumerate(file.pieces, 1):
        if isinstance(piece, AlzRecord):
            told += [
                {"fault": "code unknown", "record": number, "field": field, "code": code}
                for field, code in unknown_codes(piece)
            ]
        else:
            told.append({"fault": piece.reason.partition(":")[0], "raw": piece.raw.hex()})
            if told[-1]["fault"] == "date impossible":
                told[-1]["field"] = "date_time"
            if not piece.reason.startswith("ticket size"):
                assert piece.place == f"record {number}"
                told[-1]["record"] = number
    return told + [{"fault": one.reason.partition(":")[0]} for one in file.faults]


@pytest.mark.parametrize("name", IDS)
def test_vector(name: str) -> None:
    data, told = vector(name)
    file = read_alz(data)
    header = None if file.header is None else msgspec.to_builtins(file.header)
    assert header == told.get("header")
    assert [meaning_of(record) for record in records(file)] == told["tickets"]
    expected = told.get("faults", [])
    figures = ("declared", "found", "expected_bytes", "found_bytes")
    assert faults(file) == [
        {key: value for key, value in one.items() if key not in figures} for one in expected
    ]
    reasons = " ".join(
        one.reason for one in (*file.pieces, *file.faults) if isinstance(one, Malformed)
    )
    told_figures = [one[figure] for one in expected for figure in figures if figure in one]
    assert [figure for figure in told_figures if str(figure) not in reasons] == []


@pytest.mark.parametrize("name", IDS)
def test_vector_is_recognised(name: str) -> None:
    assert recognises(vector(name)[0])


def test_other_files_are_not_taken_for_alz() -> None:
    for other in ("oxo-v24", "oxo-xml", "oxe-file"):
        files = [path for path in (VECTORS.parent / other).glob("*") if path.suffix != ".json"]
        assert files, f"no vectors of {other}"
        for path in files:
            assert not recognises(path.read_bytes()), path.name


@pytest.mark.parametrize("name", IDS)
def test_cut_at_every_offset_the_whole_records_are_read_and_the_rest_is_kept(name: str) -> None:
    data, told = vector(name)
    whole = records(read_alz(data))
    begin = data.find(b"#DataBegin\n") + 11 if told.get("header") is not None else 0
    for cut in range(len(data)):
        file = read_alz(data[:cut])
        if cut < begin:
            bad = [one for one in (*file.faults, *file.pieces) if isinstance(one, Malformed)]
            kept = b"".join(one.raw for one in bad)
            assert kept == data[:cut]
            assert records(file) == []
            continue
        found = records(file)
        assert found == whole[: len(found)]
        rest = (cut - begin) % 122
        if rest and data[:cut] != data and (told.get("header") or {}).get("ticket_size") != 0:
            last = file.pieces[-1]
            assert isinstance(last, Malformed)
            assert last.raw == data[cut - rest : cut]
            assert f"{rest} of 122" in last.reason


# Bend and see red: each field of the table, each code and each bit is held by some vector.


def verdict(reader: RecordReader) -> bool:
    """Tell whether every record vector still means what it should."""
    for name in IDS:
        data, told = vector(name)
        try:
            file = read_alz(data, reader)
        except (TypeError, ValueError, Unreadable):
            return False
        if [meaning_of(record) for record in records(file)] != told["tickets"]:
            return False
    return True


def bends() -> Iterator[tuple[str, int, Field]]:
    """Yield what was done, the place in the table, and the bent field."""
    for place, field in enumerate(FIELDS):
        first, last = field.first, field.last
        moved = {
            "moved left": (first - 1, last - 1),
            "moved right": (first + 1, last + 1),
            "widened left": (first - 1, last),
            "widened right": (first, last + 1),
            "narrowed left": (first + 1, last),
            "narrowed right": (first, last - 1),
        }
        for how, (begin, end) in moved.items():
            if 1 <= begin <= end <= 122:
                yield how, place, msgspec.structs.replace(field, first=begin, last=end)
        if field.coding in ("text", "name", "digits") and first != last:
            yield "other side", place, msgspec.structs.replace(field, side="left")
        if field.coding == "number" and first != last:
            yield "other order", place, msgspec.structs.replace(field, order="little")


@pytest.mark.parametrize(
    ("place", "field"),
    [
        pytest.param(place, field, id=f"{field.name} {how}".replace(" ", "-"))
        for how, place, field in bends()
    ],
)
def test_a_bent_field_is_noticed(place: int, field: Field) -> None:
    assert not verdict(RecordReader((*FIELDS[:place], field, *FIELDS[place + 1 :])))


@pytest.mark.parametrize("field", [f.name for f in FIELDS if f.first == f.last])
def test_two_neighbours_exchanged_are_noticed(field: str) -> None:
    place = [f.name for f in FIELDS].index(field)
    if place + 1 == len(FIELDS) or FIELDS[place + 1].coding != FIELDS[place].coding:
        return
    a, b = FIELDS[place], FIELDS[place + 1]
    if a.last != a.first or b.first != b.last:
        return
    exchanged = (
        msgspec.structs.replace(a, first=b.first, last=b.last),
        msgspec.structs.replace(b, first=a.first, last=a.last),
    )
    assert not verdict(RecordReader(FIELDS[:place] + exchanged + FIELDS[place + 2 :]))


def test_another_scale_of_the_cost_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alz_record, "COST_DECIMALS", 5)
    assert not verdict(RecordReader())


@pytest.mark.parametrize("year", [21, 100])
def test_another_century_is_noticed(year: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alz_record, "CENTURY_TURNS_AT_YEAR", year)
    assert not verdict(RecordReader())


WORDS = [(field, code) for field, words in CODES.items() for code in words if field != "node"]


@pytest.mark.parametrize(("field", "code"), WORDS)
def test_a_code_without_its_word_is_noticed(
    field: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bent = {**CODES, field: {c: w for c, w in CODES[field].items() if c != code}}
    monkeypatch.setattr(alz_record, "CODES", bent)
    assert not verdict(RecordReader())


@pytest.mark.parametrize(
    ("field", "bit"), [(field, bit) for field, words in BITS.items() for bit in words]
)
def test_a_bit_without_its_word_is_noticed(
    field: str, bit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bent = {**BITS, field: {b: w for b, w in BITS[field].items() if b != bit}}
    monkeypatch.setattr(alz_record, "BITS", bent)
    assert not verdict(RecordReader())


def test_the_table_covers_the_record_once() -> None:
    places = [place for field in FIELDS for place in range(field.first, field.last + 1)]
    assert places == list(range(1, 123))
