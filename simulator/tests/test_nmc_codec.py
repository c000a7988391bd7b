"""The ALZ encoder against known-right bytes, and each line of its tables bent until one notices."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from oxo_simulator.nmc import codec
from oxo_simulator.nmc.codec import (
    FORM,
    HEADER,
    RECORD,
    RECORD_BYTES,
    AlzRecord,
    Field,
    Form,
    Header,
    Line,
    RecordImpossible,
    encode,
    file_bytes,
    header_bytes,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "oxo-alz"


def read_vector(name: str) -> dict[str, Any]:
    vector: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    return vector


ENCODED = sorted(
    path.stem for path in VECTORS.glob("*.json") if read_vector(path.stem)["use"]["encode"]
)


def bit_numbers(raw: int) -> tuple[int, ...]:
    return tuple(bit for bit in range(1, 9) if raw >> (bit - 1) & 1)


def record_of(meaning: Mapping[str, Any]) -> AlzRecord:
    """Read a vector's meaning as a wire record."""
    codes = [
        "charged_user_type",
        "call_type",
        "trunk_type",
        "service",
        "dialling_mode",
        "initial_user_type",
        "node",
        "ticket_mode",
    ]
    same = [
        "charged_user",
        "trunk",
        "units",
        "dialled_number",
        "account_code",
        "subscriber_name",
        "initial_user",
        "initial_user_networked",
        "charged_user_networked",
        "carrier",
        "uui_sent",
        "uui_received",
    ]
    return AlzRecord(
        **{name: meaning[name]["code"] for name in codes},
        **{name: meaning[name] for name in same},
        date_time=datetime.fromisoformat(meaning["date_time"]),
        duration_seconds=meaning["duration_s"],
        ring_seconds=meaning["ring_s"],
        cost=Decimal(meaning["cost"]),
        complementary_services=bit_numbers(meaning["complementary_services"]["raw"]),
        network_services=bit_numbers(meaning["network_services"]["raw"]),
    )


def encoded(
    name: str, form: Form = FORM, record: Sequence[Field] = RECORD, head: Sequence[Line] = HEADER
) -> bytes:
    """Write the bytes of a vector from its meaning."""
    meaning = read_vector(name)["meaning"]
    records = [encode(record_of(each), form, record) for each in meaning["tickets"]]
    told = meaning.get("header")
    if told is None:
        return file_bytes(None, records)
    assert told["ticket_size"] == RECORD_BYTES
    assert told["ticket_number"] == len(records)
    header = Header(
        told["pabx_release"], told["network_number"], told["subnetwork_number"], told["node_number"]
    )
    return header_bytes(header, len(records), head) + b"".join(records)


def original(name: str) -> bytes:
    found: str = read_vector(name)["file"]
    return (VECTORS / found).read_bytes()


@pytest.mark.parametrize("name", ENCODED)
def test_a_vector_is_written_byte_for_byte(name: str) -> None:
    assert encoded(name) == original(name)


def test_vectors_are_there() -> None:
    assert len(ENCODED) == 11


def test_the_fields_fill_the_record_and_touch_each_other() -> None:
    place = 1
    for field in RECORD:
        assert field.place == place, field.name
        place += field.width
    assert place == RECORD_BYTES + 1


def notices(
    form: Form = FORM, record: Sequence[Field] = RECORD, head: Sequence[Line] = HEADER
) -> bool:
    """Tell whether some vector is not written as it should be."""
    for name in ENCODED:
        try:
            if encoded(name, form, record, head) != original(name):
                return True
        except RecordImpossible:
            return True
    return False


BENT: Mapping[str, Callable[[Field], Field]] = {
    "moved on": lambda field: field._replace(place=field.place + 1),
    "moved back": lambda field: field._replace(place=field.place - 1),
    "widened": lambda field: field._replace(width=field.width + 1),
    "narrowed": lambda field: field._replace(width=field.width - 1),
    "left out": lambda field: field._replace(coding=lambda _v, width, _f: b" " * width),
}


@pytest.mark.parametrize("how", BENT)
@pytest.mark.parametrize("number", range(len(RECORD)))
def test_a_bent_field_is_noticed(number: int, how: str) -> None:
    bent = list(RECORD)
    # Written last, so that what it takes from its neighbour is seen.
    bent.append(BENT[how](bent.pop(number)))
    assert notices(record=bent)


def reversed_piece(coding: codec.Coding) -> codec.Coding:
    return lambda value, width, form: coding(value, width, form)[::-1]


@pytest.mark.parametrize("number", [n for n, field in enumerate(RECORD) if field.width > 1])
def test_reversed_bytes_are_noticed(number: int) -> None:
    bent = list(RECORD)
    bent[number] = bent[number]._replace(coding=reversed_piece(bent[number].coding))
    assert notices(record=bent)


OTHERWISE: Mapping[str, tuple[codec.Coding, codec.Coding]] = {
    "users to the left": (codec.user, codec.characters),
    "trunk to the right": (codec.characters, lambda v, w, f: codec.user((v or "").strip(), w, f)),
    "cost in thousandths": (
        codec.money,
        lambda v, _w, _f: int(v).to_bytes(2, "big") + int(v % 1 * 1000).to_bytes(2, "big"),
    ),
    "digits to the left": (
        codec.packed,
        lambda v, w, _f: bytes((len(v or ""),)) + bytes.fromhex((v or "").ljust(2 * (w - 1), "0")),
    ),
    "filled with half-bytes of ones": (
        codec.packed,
        lambda v, w, _f: bytes((len(v or ""),)) + bytes.fromhex((v or "").rjust(2 * (w - 1), "f")),
    ),
    "an absent networked number counts nothing": (codec.packed_or_blank, codec.packed),
    "minutes of the duration first": (
        codec.duration,
        lambda v, _w, _f: bytes((v // 60 % 60, v // 3600, v % 60)),
    ),
    "the year of four digits": (
        codec.day,
        lambda v, _w, _f: bytes((v.day, v.month, v.year % 256)),
    ),
    "the month first": (codec.day, lambda v, _w, _f: bytes((v.month, v.day, v.year % 100))),
    "the hour first": (codec.clock, lambda v, _w, _f: bytes((v.hour, v.minute, v.second))),
}


@pytest.mark.parametrize("how", OTHERWISE)
def test_another_coding_is_noticed(how: str) -> None:
    right, wrong = OTHERWISE[how]
    bent = [field._replace(coding=wrong) if field.coding is right else field for field in RECORD]
    assert bent != list(RECORD)
    assert notices(record=bent)


@pytest.mark.parametrize(
    "form",
    [
        Form(name_alignment="left"),
        Form(bit_numbering="highest"),
        Form(character_set="cp850"),
    ],
)
def test_each_choice_of_form_changes_bytes(form: Form) -> None:
    assert notices(form=form)


@pytest.mark.parametrize("number", range(len(HEADER)))
@pytest.mark.parametrize("how", ["title", "wider", "narrower"])
def test_a_bent_header_line_is_noticed(number: int, how: str) -> None:
    bent = list(HEADER)
    title, width = bent[number]
    changed = {
        "title": Line(title.lower(), width),
        "wider": Line(title, width + 1),
        "narrower": Line(title, width - 1),
    }
    bent[number] = changed[how]
    assert notices(head=bent)


@pytest.mark.parametrize("number", range(len(HEADER) - 1))
def test_header_lines_in_another_order_are_noticed(number: int) -> None:
    bent = list(HEADER)
    bent[number], bent[number + 1] = bent[number + 1], bent[number]
    assert notices(head=bent)


RECORDED = AlzRecord(date_time=datetime(2020, 2, 24, 14, 32, 7))  # noqa: DTZ001 - wall clock


def test_star_and_hash_are_half_bytes_a_and_b() -> None:
    written = codec.packed("*1#0", 14, FORM)
    assert written == bytes.fromhex("04 0000000000000000000000 a1b0")


def test_an_empty_networked_number_counts_no_digits() -> None:
    assert codec.packed_or_blank("", 14, FORM) == bytes(14)


def test_a_name_is_cut_off_at_its_width() -> None:
    assert codec.name("A very long name indeed", 16, FORM) == b"A very long name"


def test_a_release_longer_than_its_line_is_cut_off() -> None:
    first = header_bytes(Header("x" * 50), 0).splitlines()[0]
    assert first == b"#PabxRelease=" + b"x" * 40


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("units", 65_536),
        ("charged_user", "123456789"),
        ("dialled_number", "1" * 27),
        ("dialled_number", "12.."),
        ("subscriber_name", "Ελένη"),
        ("cost", Decimal(65_536)),
        ("duration_seconds", 256 * 3600),
        ("charged_user", "é"),
    ],
)
def test_what_does_not_fit_names_its_field(name: str, value: Any) -> None:
    with pytest.raises(RecordImpossible, match=f"^{name}: "):
        encode(replace(RECORDED, **{name: value}))
