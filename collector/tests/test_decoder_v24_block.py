"""Print-outs in blocks: whole, byte by byte, broken; a template says what a block is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.v24 import (
    Company,
    Event,
    FormFeed,
    LayoutInvalid,
    Statement,
    V24Decoder,
    to_ticket,
)
from oxo_collector.decoders.v24_block import HEADINGS, BlockDecoder, BlockLayout
from oxo_collector.decoders.v24_layout import FIELDS, FIFTEEN, LAYOUTS

CELLS = {
    "charged_user": "A128",
    "type": "-->",
    "line": "N01",
    "date": "24/02/20",
    "time": "14:32",
    "duration": "00:00:50",
    "units": "2",
    "service": "ST",
    "facilities": "",
    "dialled_number": "0039067****",
    "dialling_mode": "M",
    "ring": "",
    "cost": "1.70",
    "account_code": "123456",
    "subscriber_name": "TEST",
}


WIDE = BlockLayout(tuple(column.field for column in FIFTEEN))


def block(**other: str) -> bytes:
    cells = {**CELLS, **other}
    lines = [f"{HEADINGS[column.field][0]} : {cells[column.field]}" for column in FIFTEEN]
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1")


def decode(data: bytes, layout: BlockLayout = WIDE, *, size: int = 0) -> list[Event]:
    decoder = BlockDecoder(layout)
    pieces = [data[n : n + size] for n in range(0, len(data), size)] if size else [data]
    return [one for piece in pieces for one in decoder.receive(piece)] + decoder.close()


def kinds(events: list[Event]) -> list[str]:
    return [type(one).__name__ for one in events]


def test_a_block_is_the_same_ticket_as_its_line() -> None:
    (statement,) = decode(block())
    assert isinstance(statement, Statement)
    line = b"A128  --> N01 24/02/20 14:32 00:00:50     2 ST       0039067****                M"
    line += b"             1.70           123456 TEST\r\n"
    (same,) = V24Decoder(LAYOUTS["132"]).receive(line)
    assert isinstance(same, Statement)
    assert to_ticket(statement, "UTC") == to_ticket(same, "UTC")


def test_a_block_is_whole_with_its_last_field_and_does_not_wait_for_the_next() -> None:
    decoder = BlockDecoder(WIDE)
    data = block()
    assert decoder.receive(data[:-1]) != []  # CR ends the line; LF belongs to it
    assert decoder.waiting_bytes == 0
    assert decoder.receive(data[-1:]) == []


@pytest.mark.parametrize("size", [0, 1, 7])
def test_titles_blank_lines_and_form_feeds_stand_between(size: int) -> None:
    data = b"HOTEL SANDMEER\r\n" + block() + b"\r\n\r\n" + block() + b"\f" + block(units="9")
    events = decode(data, size=size)
    assert kinds(events) == ["Company", "Statement", "Statement", "FormFeed", "Statement"]
    assert events[0] == Company("HOTEL SANDMEER")
    assert isinstance(events[3], FormFeed)


def test_a_value_that_cannot_be_read_spoils_its_block_alone() -> None:
    bad = block(date="31/02/20")
    events = decode(block() + bad + block())
    assert kinds(events) == ["Statement", "Malformed", "Statement"]
    assert isinstance(events[1], Malformed)
    assert events[1].reason.startswith("date '31/02/20'")
    assert events[1].raw == bad.rstrip()
    assert events[1].place == "line 16"


def test_a_block_that_is_broken_off_spoils_not_the_next() -> None:
    lines = block().splitlines(keepends=True)
    half = b"".join(lines[:5])
    (broken, statement) = decode(half + block())
    assert isinstance(broken, Malformed)
    assert "'CHARGED USER : A128' where DURATION was expected" in broken.reason
    assert broken.raw == half.rstrip()
    assert isinstance(statement, Statement)
    (missing, after) = decode(b"".join(lines[:3] + lines[4:]) + block())[0::12]
    assert isinstance(missing, Malformed)
    assert isinstance(after, Statement)


def test_what_is_no_block_is_kept() -> None:
    data = b"a line of nobody, longer than any title is\r\nshort\r\ntitle\r\n" + block()[:20]
    events = decode(data)
    assert kinds(events) == ["Malformed", "Malformed", "Company", "Malformed"]
    raw = [one.raw for one in events if isinstance(one, Malformed)]
    assert raw == [b"a line of nobody, longer than any title is", b"short", block()[:19]]


def test_the_fields_of_an_exchange_where_none_was_selected() -> None:
    data = (
        b"TICKET HOTEL SANDMEER\r\nUSER : A101\r\nTYPE : -->\r\nLINE : P01\r\nDATE : 24/02/20\r\n"
        b"TIME : 14:00\r\nDURATION : 00:00:50\r\nTAXES : 0\r\nSERV : ST\r\nADD. SERVICES :\r\n"
        b"DIALLED NUMBER : 0123456789\r\n\r\n"
    )
    company, statement = decode(data, BlockLayout())
    assert company == Company("TICKET HOTEL SANDMEER")
    assert isinstance(statement, Statement)
    assert statement.dialled_number == "0123456789"
    assert BlockDecoder(BlockLayout()).receive(data)[1] == statement


def test_another_template() -> None:
    layout = BlockLayout(
        ("date", "time", "duration", "charged_user"), {"charged_user": "TEILNEHMER"}, "="
    )
    data = b"DATE=24/02/20\nTIME = 14:32\nDURATION=00:00:50\nTEILNEHMER= A128\n"
    (statement,) = decode(data, layout)
    assert isinstance(statement, Statement)
    assert statement.charged_user is not None
    assert statement.charged_user.number == "128"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"fields": ("date", "time")}, "a ticket needs the fields duration"),
        ({"fields": ("date", "time", "duration", "colour")}, "field 'colour' is unknown"),
        ({"fields": ("date", "time", "duration", "date")}, "a field stands twice"),
        ({"fields": FIELDS}, "22 fields; at most 16 exist"),
        ({"headings": {"colour": "x"}}, "field 'colour' is unknown"),
        ({"separator": " "}, "the separator is blank"),
        ({"encoding": "klingon"}, "encoding 'klingon' is no text encoding"),
    ],
)
def test_a_template_that_no_exchange_prints(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(LayoutInvalid, match=words):
        BlockLayout(**arguments)  # type: ignore[arg-type]


PIECES = (block(), b"\r\n", b"\f", b"x" * 1500, b"ok\r\n", b"TYPE : \xff\n")


@settings(settings.get_profile("collector"))
@given(st.lists(st.sampled_from(PIECES)))
def test_it_is_the_same_wherever_it_is_cut_and_no_byte_is_lost(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    whole = decode(data)
    for size in (1, 13):
        again = decode(data, size=size)
        assert sum(isinstance(one, Statement) for one in again) == sum(
            isinstance(one, Statement) for one in whole
        )
    kept = b"".join(one.raw for one in whole if isinstance(one, Statement | Malformed))
    told = "".join(one.text for one in whole if isinstance(one, Company)).encode("latin-1")
    blank = bytes.maketrans(b"", b"")
    assert sorted(data.translate(blank, b" \r\n\f")) == sorted(
        (kept + told).translate(blank, b" \r\n\f")
    )
