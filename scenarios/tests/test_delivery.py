"""Deliveries of both formats: what is read, what is shown, what is kept as unreadable."""

from datetime import datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oxo_scenarios import delivery
from oxo_scenarios.delivery import read_delivery, read_shown
from oxo_scenarios.subject import DeliveryDoor
from oxo_tickets import (
    FIELDS,
    DiallingMode,
    Facility,
    Kind,
    ReminderState,
    RoomStatus,
    Ticket,
    to_ndjson,
)

NOON = datetime(2026, 11, 23, 12, 0, 5)  # noqa: DTZ001 - wall clock of the exchange
CALL = Ticket(kind=Kind.CALL, local_time=NOON, charged_user="128", call_seconds=50)
NDJSON = DeliveryDoor.model_validate({"format": "ndjson", "file": "tickets.ndjson"})


def door(columns: dict[str, Any], **values: dict[str, str]) -> DeliveryDoor:
    return DeliveryDoor.model_validate(
        {"format": "csv", "file": "x.csv", "columns": columns, "values": values}
    )


PLAIN = door(
    {
        "charged_user": "extension",
        "local_time": {"columns": ["date", "time"], "format": "%d.%m.%Y %H:%M:%S"},
        "call_seconds": {"column": "duration", "format": "HH:MM:SS"},
        "kind": "what",
    },
    kind={"Gespraech": "call"},
)
HEADER = b"extension,date,time,duration,what,more\n"
ROW = b"128,23.11.2026,12:00:05,00:00:50,Gespraech,x\n"


def unreadable(raw: bytes, by: DeliveryDoor = PLAIN) -> list[tuple[int, str]]:
    return [(found.line, found.reason) for found in read_delivery(raw, by).unreadable]


# --- NDJSON ---


def test_ndjson_shows_every_field() -> None:
    found = read_delivery(to_ndjson([CALL, CALL]), NDJSON)
    assert found.tickets == (CALL, CALL)
    assert found.lines == (1, 2)
    assert found.shown == frozenset(FIELDS)
    assert not found.blank_is_absent
    assert not found.unreadable


def test_a_torn_line_is_kept_as_unreadable_and_the_rest_is_read() -> None:
    line = to_ndjson([CALL])
    raw = line[:20] + b"\n\n" + line + b'{"kind": "call"}\n\xff\n' + line[:9]
    found = read_delivery(raw, NDJSON)
    assert (found.tickets, found.lines) == ((CALL,), (3,))
    assert [one.line for one in found.unreadable] == [1, 4, 5, 6]
    assert "missing required field `local_time`" in found.unreadable[1].reason


@given(st.integers(0, len(to_ndjson([CALL, CALL]))))
def test_cut_anywhere_it_gives_whole_tickets_or_an_unreadable_line(cut: int) -> None:
    raw = to_ndjson([CALL, CALL])
    found = read_delivery(raw[:cut], NDJSON)
    size = len(raw) // 2
    whole = sum(cut >= end - 1 for end in (size, 2 * size))
    torn = cut - whole * size > 0
    assert (len(found.tickets), len(found.unreadable)) == (whole, int(torn))


@given(st.binary(max_size=200))
def test_garbage_never_stops_the_reader(raw: bytes) -> None:
    read_delivery(raw, NDJSON)
    read_delivery(HEADER + raw, PLAIN)
    read_delivery(raw, PLAIN)


# --- CSV ---


def test_csv_by_columns_and_values() -> None:
    found = read_delivery(HEADER + ROW, PLAIN)
    assert found.tickets == (CALL,)
    assert found.lines == (2,)
    assert found.shown == {"charged_user", "local_time", "call_seconds", "kind"}
    assert found.blank_is_absent
    assert not found.unreadable


def test_csv_of_every_kind_of_field() -> None:
    columns = {
        "cost": "a",
        "units": "b",
        "dialling_mode": "c",
        "reminder_time": "d",
        "facilities": "e",
        "ring_seconds": {"column": "f", "format": "seconds"},
        "trunk": "g",
        "local_time": "h",
    }
    raw = (
        b"\xef\xbb\xbfa,b,c,d,e,f,g,h\r\n"
        b'1.70,3,redial,07:00,transfer; forwarding,12,"01,""x""",2026-11-23T12:00:05\r\n'
        b",,,,,,,2026-11-23 12:00:05\r\n"
    )
    found = read_delivery(raw, door(columns))
    assert not found.unreadable
    full, empty = found.tickets
    assert (full.cost, full.units, full.dialling_mode) == (Decimal("1.70"), 3, DiallingMode.REDIAL)
    assert (full.reminder_time, full.ring_seconds, full.trunk) == (time(7), 12, '01,"x"')
    assert full.facilities == (Facility.FORWARDING, Facility.TRANSFER)
    assert (full.local_time, full.kind) == (NOON, Kind.UNKNOWN)
    assert empty == Ticket(kind=Kind.UNKNOWN, local_time=NOON)


def test_long_durations_are_read_and_wrong_ones_named() -> None:
    long = HEADER + b"128,23.11.2026,12:00:05,100:00:01,Gespraech,x\n"
    assert read_delivery(long, PLAIN).tickets[0].call_seconds == 360001
    for text in ("50", "0:50", "00:00:-5", "1:2:3:4", "\u0661:00:00"):
        raw = HEADER + f"128,23.11.2026,12:00:05,{text},Gespraech,x\n".encode()
        assert "call_seconds" in unreadable(raw)[0][1], text


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (b"128,23.11.2026\n", "2 cells; the header has 6"),
        (b"128,23.11.2026,noon,00:00:50,Gespraech,x\n", "local_time: '23.11.2026 noon' cannot be"),
        (b"128,23.11.2026,12:00:05,00:00:50,Fax,x\n", "kind: 'Fax' cannot be read (the words are"),
        (b"128,23.11.2026,12:00:05,00:00:50,,x\n", "kind: is empty"),
        (b"128,,,00:00:50,Gespraech,x\n", "local_time: is empty"),
        (b"\xff,23.11.2026,12:00:05,00:00:50,Gespraech,x\n", "no UTF-8 at byte 0"),
        (b'"128"x,23.11.2026,12:00:05,00:00:50,Gespraech,x\n', "no CSV"),
        (b"a" * 20_000 + b",23.11.2026,12:00:05,00:00:50,Gespraech,x\n", "charged_user: more than"),
    ],
)
def test_a_row_that_is_no_ticket_is_kept_and_the_next_is_read(row: bytes, words: str) -> None:
    found = read_delivery(HEADER + row + ROW, PLAIN)
    assert found.tickets == (CALL,)
    assert found.lines == (3,)
    assert [one.line for one in found.unreadable] == [2]
    assert words in found.unreadable[0].reason


def test_a_missing_column_names_those_there_are() -> None:
    assert unreadable(b"extension,date\n" + ROW) == [
        (1, "no column duration, time, what; the header has extension, date")
    ]
    assert unreadable(b"") == []


def test_limits_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    line = to_ndjson([CALL])
    monkeypatch.setattr(delivery, "DELIVERY_BYTES_MAX", 2 * len(line) + 3)
    found = read_delivery(line * 3, NDJSON)
    assert len(found.tickets) == 2
    assert found.unreadable[0].line == 3
    assert "bytes are read" in found.unreadable[0].reason
    monkeypatch.setattr(delivery, "DELIVERY_BYTES_MAX", 1_000_000)
    monkeypatch.setattr(delivery, "UNREADABLE_LINES_MAX", 2)
    many = unreadable(b"x\n" * 5, NDJSON)
    assert [line_number for line_number, _ in many] == [1, 2, 5]
    assert many[-1][1] == "and 3 more lines, this the last"


def test_what_is_no_delivery_is_not_read_to_its_end() -> None:
    garbage = delivery.UNREADABLE_LINES_READ_MAX * 3
    found = read_delivery(to_ndjson([CALL]) + b"x\n" * garbage + to_ndjson([CALL]), NDJSON)
    assert len(found.tickets) == 1
    assert len(found.unreadable) == delivery.UNREADABLE_LINES_MAX + 2
    assert found.unreadable[-1].line == delivery.UNREADABLE_LINES_READ_MAX + 2
    assert "rest is not read" in found.unreadable[-1].reason


ROOMS = door(
    {
        "charged_user": "room",
        "room_status": "status",
        "room_problem": "problem",
        "reminder_time": {"column": "hour", "format": "%H:%M"},
        "reminder_state": "what",
    },
    room_status={"0": "cleaned", "1": "not cleaned"},
)
ROOM_ROWS = (
    b"room,status,problem,hour,what\n106,1,12,,\n106,0,,,\n107,,,07:05,failed\n108,,,,\n109,2,,,\n"
)


def test_csv_of_rooms_has_their_states_and_problems_in_the_words_of_the_model() -> None:
    first, second, *_ = read_delivery(ROOM_ROWS, ROOMS).tickets
    assert (first.room_status, first.room_problem) == (RoomStatus.NOT_CLEANED, 12)
    assert isinstance(first.room_status, RoomStatus)
    assert (second.room_status, second.room_problem) == (RoomStatus.CLEANED, None)
    ((line, reason),) = unreadable(ROOM_ROWS, ROOMS)
    assert (line, reason.split(" (")[0]) == (6, "room_status: '2' cannot be read")
    other = b"room,status,problem,hour,what\n1,1,x,,\n"
    assert "room_problem: 'x' cannot be read" in unreadable(other, ROOMS)[0][1]


def test_what_is_shown_is_known_by_what_it_tells_where_no_kind_is_shown() -> None:
    found = read_shown(ROOM_ROWS, ROOMS).tickets
    assert [one.kind for one in found] == [
        Kind.ROOM_STATUS,
        Kind.ROOM_STATUS,
        Kind.REMINDER,
        Kind.UNKNOWN,
    ]


def test_a_line_that_is_shown_needs_neither_kind_nor_time_of_writing() -> None:
    told = (
        b'{"charged_user": "106", "reminder_time": "07:05:00", "reminder_state": "failed"}\n'
        b'{"charged_user": "106", "room_status": "cleaned"}\n'
        b'7\n{"charged_user": "106", "room_status": "dirty"}\n' + to_ndjson([CALL])
    )
    found = read_shown(told, NDJSON)
    assert [one.kind for one in found.tickets] == [Kind.REMINDER, Kind.ROOM_STATUS, Kind.CALL]
    assert found.tickets[0].reminder_state is ReminderState.FAILED
    assert found.tickets[2] == CALL
    assert [one.line for one in found.unreadable] == [3, 4]


def test_each_facility_of_a_cell_is_mapped_for_itself() -> None:
    by = door({"facilities": "marks"}, facilities={"T": "transfer", "U": "user-to-user signalling"})
    told = read_delivery(b"marks\nT;U\nU; transfer\n", by).tickets
    both = (Facility.TRANSFER, Facility.USER_TO_USER)
    assert [set(one.facilities or ()) for one in told] == [set(both), set(both)]
