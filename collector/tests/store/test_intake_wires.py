"""What streams, files and hotel links hand in: kept in one step each, and nothing twice."""

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.intake import Intake
from oxo_collector.receipt import (
    FetchedFile,
    FileState,
    KnownFile,
    Piece,
    Source,
    Stored,
    Wire,
    WireEvent,
)
from oxo_collector.store import Reading, StoreUnusable
from oxo_tickets import Kind, Ticket, from_json

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BAD = Malformed("date is blank", b"A101 -->", "line 2")
CHECK_IN = WireEvent("check-in", {"room": "217", "deposit": 5, "name": None}, b"\x02A217\x03")
PRINTER, NMC, HOTEL = (Source("site", wire) for wire in (Wire.V24, Wire.NMC, Wire.OHL))


def ticket(user: str) -> Ticket:
    stamp = datetime.fromisoformat("2026-11-22T20:45:00")
    return Ticket(kind=Kind.CALL, local_time=stamp, charged_user=user)


def fetched(raw: bytes, name: str = "ALZ0001.ALZ") -> FetchedFile:
    return FetchedFile(name, len(raw), sha256(raw).hexdigest(), 2, 2)


def told(path: Path) -> list[tuple[str, str, int, str | None]]:
    with Reading(path) as store:
        return [
            (row.wire, row.epoch, row.sequence, from_json(row.canonical).charged_user)
            for row in store.tickets()
        ]


def count(connection: sqlite3.Connection, table: str) -> int:
    query = f"SELECT count(*) FROM {table}"  # noqa: S608 - our own words
    return int(connection.execute(query).fetchone()[0])


def test_a_stream_is_kept_with_its_bytes_and_every_piece_has_its_number(
    path: Path, intake: Intake
) -> None:
    pieces: list[Piece] = [ticket("101"), BAD, ticket("101"), CHECK_IN]
    assert intake.keep_stream(PRINTER, "v24:x", 5, pieces, b"raw") == Stored(2, 0, 1, events=1)
    assert told(path) == [("v24", "v24:x", 5, "101"), ("v24", "v24:x", 7, "101")]
    assert intake.last_raw(PRINTER) == b"raw"
    assert intake.last_raw(HOTEL) is None
    assert intake.cursor(PRINTER) == ("v24:x", 8)
    with Reading(path) as store:
        (status,) = store.status()
    assert (status.wire, status.tickets, status.quarantined, status.events) == ("v24", 2, 1, 1)
    assert (status.missing, status.last_contact) == (0, "2026-11-22T12:00:00.000+00:00")


def test_the_same_pieces_again_are_known(path: Path, intake: Intake) -> None:
    pieces: list[Piece] = [ticket("101"), CHECK_IN]
    intake.keep_stream(HOTEL, "ohl:x", 1, pieces, b"raw")
    assert intake.keep_stream(HOTEL, "ohl:x", 1, pieces, b"raw") == Stored(0, 1, 0, events=0)
    assert intake.keep_stream(HOTEL, "ohl:y", 1, pieces, b"raw") == Stored(1, 0, 0, events=1)
    assert len(told(path)) == 2


def test_the_wires_of_an_exchange_do_not_meet(path: Path, intake: Intake) -> None:
    for wire in Wire:
        intake.keep_stream(Source("site", wire), "E", 1, [ticket("101")], b"raw")
    assert [one[0] for one in told(path)] == [str(wire) for wire in Wire]
    with Reading(path) as store:
        assert store.exchanges() == ["site"]
        assert [row.wire for row in store.tickets(wire=Wire.V24)] == ["v24"]


def test_a_hotel_event_is_kept_as_it_was_told(
    connection: sqlite3.Connection, intake: Intake
) -> None:
    intake.keep_stream(HOTEL, "ohl:x", 1, [CHECK_IN], CHECK_IN.raw)
    query = "SELECT epoch, sequence, received, kind, fields, raw FROM event"
    epoch, sequence, received, kind, fields, raw = connection.execute(query).fetchone()
    assert (epoch, sequence, kind, raw) == ("ohl:x", 1, "check-in", CHECK_IN.raw)
    assert received == "2026-11-22T12:00:00.000+00:00"
    assert json.loads(fields) == {"room": "217", "deposit": 5, "name": None}


def test_a_file_is_kept_whole_and_the_same_again_is_not(
    path: Path, connection: sqlite3.Connection, intake: Intake
) -> None:
    file = fetched(b"one")
    assert intake.keep_file(NMC, file, [ticket("101"), BAD], b"one") == Stored(1, 0, 1)
    assert intake.files(NMC) == {file.name: KnownFile(3, file.digest, FileState.FETCHED)}
    intake.note_file(NMC, file, FileState.DELETED)
    assert intake.files(NMC)[file.name].state is FileState.DELETED
    assert intake.keep_file(NMC, file, [ticket("101"), BAD], b"one") == Stored(0, 1, 0)
    assert intake.files(NMC)[file.name].state is FileState.FETCHED
    assert told(path) == [("nmc", file.epoch_on(Wire.NMC), 1, "101")]
    assert (count(connection, "answer"), count(connection, "file")) == (1, 1)
    assert connection.execute("SELECT seen_count FROM quarantine").fetchone() == (1,)
    assert connection.execute("SELECT seen_count FROM file").fetchone() == (2,)


def test_another_content_under_the_same_name_is_another_file(path: Path, intake: Intake) -> None:
    intake.keep_file(NMC, fetched(b"one"), [ticket("101")], b"one")
    intake.keep_file(NMC, fetched(b"two"), [ticket("101")], b"two")
    intake.keep_file(NMC, fetched(b"one", "ALZ0002.ALZ"), [ticket("101")], b"one")
    assert len(told(path)) == 3
    assert len(intake.files(NMC)) == 2


def test_an_empty_file_is_kept_too(connection: sqlite3.Connection, intake: Intake) -> None:
    assert intake.keep_file(NMC, fetched(b""), [], b"") == Stored(0, 0, 0)
    assert count(connection, "file") == 1
    assert intake.last_raw(NMC) == b""


@pytest.mark.parametrize(
    "keep",
    [
        lambda door: door.keep_stream(HOTEL, "ohl:x", 1, [ticket("1"), CHECK_IN, BAD], b"raw"),
        lambda door: door.keep_file(NMC, fetched(b"raw"), [ticket("1"), BAD], b"raw"),
    ],
)
@pytest.mark.parametrize("table", ["ticket", "answer", "quarantine", "event", "file"])
def test_a_keeping_that_fails_anywhere_leaves_nothing(
    connection: sqlite3.Connection, intake: Intake, keep: Callable[[Intake], Stored], table: str
) -> None:
    connection.execute(
        f"CREATE TRIGGER full BEFORE INSERT ON {table} BEGIN SELECT raise(FAIL, 'full'); END"
    )
    try:
        keep(intake)
    except StoreUnusable:
        for one in ("ticket", "answer", "quarantine", "event", "file", "source"):
            assert count(connection, one) == 0
    connection.execute("DROP TRIGGER full")
    assert keep(intake).quarantined <= 1
    assert count(connection, "ticket") == 1


def test_a_contact_that_was_not_stored_is_noted_the_next_time(
    path: Path, connection: sqlite3.Connection, intake: Intake
) -> None:
    connection.execute(
        "CREATE TRIGGER full BEFORE UPDATE ON source BEGIN SELECT raise(FAIL, 'full'); END"
    )
    with pytest.raises(StoreUnusable):
        intake.contact(PRINTER)
    connection.execute("DROP TRIGGER full")
    intake.contact(PRINTER)
    with Reading(path) as store:
        assert store.status()[0].last_contact is not None


def test_a_contact_is_written_once_in_a_while(path: Path, connection: sqlite3.Connection) -> None:
    times = iter([NOON, NOON + timedelta(seconds=9), NOON + timedelta(seconds=11)])
    door = Intake(connection, lambda: next(times))
    seen = []
    for _ in range(3):
        door.contact(PRINTER)
        with Reading(path) as store:
            seen.append(store.status()[0].last_contact)
    assert seen[0] == seen[1] != seen[2]


def test_what_waited_is_read_again_and_keeps_its_identity(
    path: Path, connection: sqlite3.Connection, intake: Intake
) -> None:
    lines = [b"101", b"?", b" 7", b"101"]
    waiting = [Malformed("waits", line, f"line {n}") for n, line in enumerate(lines, 1)]
    other = Malformed("another reason", b"101", "line 9")
    intake.keep_stream(PRINTER, "v24:x", 1, [*waiting, other], b"\n".join(lines))

    def read(raw: bytes) -> Piece | None:
        if raw == b"?":
            return Malformed("no statement", raw, "line 1")
        return ticket(raw.decode()) if raw == b"101" else None

    assert intake.read_again(PRINTER, "waits", read) == Stored(2, 0, 1)
    assert told(path) == [("v24", "v24:x", 1, "101"), ("v24", "v24:x", 4, "101")]
    assert intake.read_again(PRINTER, "waits", read) == Stored(0, 0, 0)
    with Reading(path) as store:
        assert [(row.sequence, row.reason) for row in store.quarantine()] == [
            (2, "no statement"), (5, "another reason"),
        ]  # fmt: skip
        assert store.answer_bytes(1) == b"101\r\n101"
    assert count(connection, "answer") == 2


def test_headings_are_remembered_for_the_next_start(intake: Intake) -> None:
    assert intake.headings(PRINTER) == ()
    intake.note_headings(PRINTER, ("USER  LINE", "      TYPE"))
    assert intake.headings(PRINTER) == ("USER  LINE", "      TYPE")
    assert intake.headings(HOTEL) == ()
