"""The hour that daylight saving repeats, and the one it leaves out, on every wire.

No wire tells the pass of a stamp, so that `fold` stays untold. Identity is where a ticket was
received, and order is that of receipt: calls that look alike in both passes stay two.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from oxo_collector.decoders.outcome import Malformed, Recorded, record_digest
from oxo_collector.decoders.taxation_soap import TicketsAnswer
from oxo_collector.decoders.taxation_xml import decode_list
from oxo_collector.decoders.v24 import LAYOUTS, Statement, V24Decoder, to_ticket
from oxo_collector.intake import Intake
from oxo_collector.receipt import FetchedFile, Marker, Source, Wire
from oxo_collector.store import Reading, open_for_writing
from oxo_collector.told import Told, appointments
from oxo_collector.wall_clock import earliest, latest
from oxo_tickets import Direction, Kind, ReminderState, Ticket, from_json

ZONE = "Europe/Paris"
V24, STREAM, ACCOUNT = (Source("site", wire) for wire in (Wire.V24, Wire.STREAM, Wire.ACCOUNT))
NOW = datetime(2026, 10, 25, 3, 0, tzinfo=UTC)


def at(clock: str) -> datetime:
    """Return an instant's wall clock on the day on which 02:00 to 03:00 comes twice."""
    return datetime.fromisoformat(f"2026-10-25T{clock}:00")


def call(clock: str, user: str = "128", **more: object) -> Ticket:
    told = {"direction": Direction.OUTGOING, "call_seconds": 50, "zone": ZONE, **more}
    return Ticket(kind=Kind.CALL, local_time=at(clock), charged_user=user, **told)  # type: ignore[arg-type]


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_for_writing(tmp_path / "t.db")) as made:
        yield made


@pytest.fixture
def door(connection: sqlite3.Connection) -> Intake:
    return Intake(connection, lambda: NOW)


def stamps(door: Intake) -> list[str]:
    with Reading(door.store) as store:
        rows = store.tickets_once()
        return [f"{from_json(row.canonical).local_time:%H:%M}" for row in rows]


def test_the_same_call_in_both_passes_is_two_and_stays_in_the_order_of_receipt(
    door: Intake,
) -> None:
    passes = (call("01:59"), call("02:30"), call("02:59"), call("02:30"), call("03:00"))
    door.keep_batch("site", "E1", TicketsAnswer(1, 5, 0, passes), b"x")
    assert stamps(door) == ["01:59", "02:30", "02:59", "02:30", "03:00"]
    door.keep_stream(V24, "v24:1", 1, passes, b"y")
    assert stamps(door) == ["01:59", "02:30", "02:59", "02:30", "03:00"]


def test_a_print_out_of_both_passes_is_read_line_by_line() -> None:
    line = b"A128  --> N01 25/10/26 02:30 00:00:50     2 ST       00390670000\r\n"
    decoder = V24Decoder(LAYOUTS["79"])
    events = decoder.receive(line + line.replace(b"02:30", b"02:59") + line)
    told = [to_ticket(one, ZONE) for one in events if isinstance(one, Statement)]
    assert [f"{one.local_time:%H:%M}" for one in told] == ["02:30", "02:59", "02:30"]
    assert {one.fold for one in told} == {None}


def local_call(begin: str, end: str, zone: str | None = ZONE) -> int | str | None:
    document = (
        "<CallAccountingList><CallAccounting>"
        f"<DateOfBegin>{begin}</DateOfBegin><DateOfEnd>{end}</DateOfEnd>"
        "</CallAccounting></CallAccountingList>"
    )
    (told,) = decode_list(document.encode(), zone)
    return told.reason if isinstance(told, Malformed) else told.call_seconds


@pytest.mark.parametrize(
    ("begin", "end", "seconds"),
    [
        ("2026-10-25T02:59:50", "2026-10-25T02:00:10", 20),  # over the end of the first pass
        ("2026-10-25T02:10:00", "2026-10-25T02:30:00", 1200),  # within one pass, as a rule
        ("2026-10-25T01:50:00", "2026-10-25T02:10:00", 1200),
        ("2026-10-25T02:50:00", "2026-10-25T03:10:00", 1200),  # the second pass, as a rule
        ("2026-10-25T01:50:00", "2026-10-25T03:10:00", 8400),  # certain: both passes lie inside
        ("2026-03-29T01:50:00", "2026-03-29T03:10:00", 1200),  # over the hour that is left out
        ("2026-11-22T23:59:50", "2026-11-23T00:00:10", 20),
    ],
)
def test_how_long_a_local_call_lasted_over_a_change_of_the_clock(
    begin: str, end: str, seconds: int
) -> None:
    assert local_call(begin, end) == seconds


def test_a_local_call_that_ends_before_it_begins_in_every_pass_is_set_aside() -> None:
    assert "before DateOfBegin" in str(local_call("2026-10-25T12:00:00", "2026-10-25T11:50:00"))
    assert "before DateOfBegin" in str(local_call("2026-10-25T03:10:00", "2026-10-25T02:50:00"))
    assert local_call("2026-10-25T02:59:50", "2026-10-25T02:00:10", None) is None


@pytest.mark.parametrize("zone", [ZONE, "America/New_York", "Pacific/Kiritimati", None])
@pytest.mark.parametrize("day", ["0001-01-01T00:00:00", "9999-12-31T23:59:00"])
def test_the_first_and_the_last_day_of_all_spoil_nothing(day: str, zone: str | None) -> None:
    """An exchange whose clock is wrong, or that is none: no other ticket waits behind it."""
    seconds = local_call(day, day.replace(":00:00", ":00:10").replace(":59:00", ":59:10"), zone)
    assert seconds == 10
    stamp = datetime.fromisoformat(day)
    assert earliest(stamp, zone) <= latest(stamp, zone)


def test_a_stamp_has_two_instants_in_the_repeated_hour_and_one_elsewhere() -> None:
    assert (latest(at("02:30"), ZONE) - earliest(at("02:30"), ZONE)).total_seconds() == 3600
    for clock in ("01:59", "03:00"):
        assert latest(at(clock), ZONE) == earliest(at(clock), ZONE)


def recorded(clock: str, user: str) -> Recorded:
    return Recorded(call(clock, user, local_end=at(clock)), record_digest(user.encode()))


def keep_file(door: Intake, name: str, *pieces: Recorded) -> None:
    file = FetchedFile(name, 1, "", None, len(pieces))
    door.keep_account_file(ACCOUNT, file, list(pieces), name.encode(), Marker(name, 1, "00" * 32))


def healed(door: Intake) -> list[str | None]:
    with Reading(door.store) as store:
        return [one.healed_by for row in store.status() for one in row.outages]


def test_a_file_of_the_first_pass_heals_no_outage_of_the_second(door: Intake) -> None:
    lost = datetime(2026, 10, 25, 1, 5, tzinfo=UTC)  # 02:05, second pass
    door.note_outage(STREAM, "stream:1", lost, lost, "cut")
    door.note_resumed(STREAM, "stream:2", lost)
    door.keep_stream(STREAM, "stream:2", 1, [recorded("02:10", "after")], b"x")
    keep_file(door, "TAXAAA01.DAT", recorded("02:55", "first pass"))
    assert healed(door) == [None]
    keep_file(door, "TAXAAA02.DAT", recorded("03:01", "behind it"))
    assert healed(door) == ["TAXAAA02.DAT"]


def test_an_outage_of_which_our_clock_alone_knows_is_healed_by_a_later_file(door: Intake) -> None:
    lost = datetime(2026, 10, 25, 1, 5, tzinfo=UTC)
    door.note_outage(STREAM, "stream:1", lost, lost, "cut")
    door.note_resumed(STREAM, "stream:2", lost)
    keep_file(door, "TAXAAA01.DAT", recorded("02:55", "either pass"))
    assert healed(door) == [None]
    keep_file(door, "TAXAAA02.DAT", recorded("03:00", "behind it"))
    assert healed(door) == ["TAXAAA02.DAT"]


def test_what_files_to_come_may_tell_is_no_surplus(door: Intake) -> None:
    door.keep_stream(STREAM, "stream:1", 1, [recorded("02:30", "second pass")], b"x")
    keep_file(door, "TAXAAA01.DAT", recorded("02:50", "first pass"))
    with Reading(door.store) as store:
        assert store.surplus() == {}
    keep_file(door, "TAXAAA02.DAT", recorded("03:30", "behind both"))
    with Reading(door.store) as store:
        assert store.surplus() == {"site": 1}


def test_a_reminder_of_the_second_pass_is_the_last_though_its_stamp_is_earlier() -> None:
    def told(clock: str, state: ReminderState) -> Told:
        ticket = Ticket(
            kind=Kind.REMINDER, local_time=at(clock), charged_user="106", reminder_state=state
        )
        return Told("site", "taxation", ticket)

    changes = [told("02:50", ReminderState.ACTIVATION), told("02:05", ReminderState.COMPLETE)]
    (last,) = appointments(changes)
    assert last.ticket.reminder_state is ReminderState.COMPLETE
