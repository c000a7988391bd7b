"""What the status tells of an exchange, and what an older store tells of it."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from oxo_collector import tables
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.taxation_soap import TicketsAnswer
from oxo_collector.intake import Intake
from oxo_collector.layout import SCHEMA_VERSION, UPGRADES
from oxo_collector.receipt import Source
from oxo_collector.reconciliation import balances
from oxo_collector.standing import Alarm, Gap, SourceStatus
from oxo_collector.store import Reading, StoreUnusable, open_for_writing
from oxo_tickets import Kind, Ticket, to_json

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
STAMP = "2026-11-22T12:00:00.000+00:00"
BAD = Malformed("Date is absent", b"<CallAccounting/>", "ticket 1")
CALL = Ticket(kind=Kind.CALL, local_time=datetime.fromisoformat("2026-11-22T20:45:00"))


def status(path: Path) -> SourceStatus:
    with Reading(path) as store:
        (one,) = store.status()
    return one


def keep(intake: Intake, epoch: str, first: int, *tickets: Ticket | Malformed) -> None:
    batch = TicketsAnswer(first, first + len(tickets) - 1, 0, tickets)
    intake.keep_batch("site", epoch, batch, b"<answer/>")


def test_gaps_are_shown_with_their_epoch_and_the_quarantine_is_none(
    path: Path, intake: Intake
) -> None:
    keep(intake, "E1", 11, CALL, BAD, CALL)  # what was before 11 is of another store
    assert status(path).missing == 0
    keep(intake, "E1", 17, CALL)
    keep(intake, "E1", 19, BAD)
    keep(intake, "E2", 1, CALL)
    assert status(path).missing == 4
    assert status(path).gaps == (Gap("E1", 14, 16), Gap("E1", 18, 18))
    keep(intake, "E1", 14, CALL, CALL, CALL)
    assert status(path).gaps == (Gap("E1", 18, 18),)


def test_a_ticket_and_its_contradiction_are_one_sequence(path: Path, intake: Intake) -> None:
    keep(intake, "E1", 1, BAD, CALL)
    keep(intake, "E1", 1, CALL, CALL)
    keep(intake, "E1", 4, CALL)
    assert (status(path).tickets, status(path).quarantined, status(path).missing) == (3, 1, 1)


def test_the_last_warning_is_told_and_alarms_stay(path: Path, intake: Intake) -> None:
    intake.warn("site", "the certificate changed", alarm=True)
    intake.warn("site", "the certificate changed", alarm=True)
    intake.warn("site", "busy", alarm=False)
    told = status(path)
    assert (told.last_warning, told.warned_at) == ("busy", STAMP)
    assert told.alarms == (Alarm("the certificate changed", 2, STAMP, STAMP),)


def test_alarms_do_not_fill_the_disk(
    path: Path, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oxo_collector.shelves.ALARMS_COUNT_MAX", 3)
    for number in range(5):
        intake.warn("site", f"certificate {number}", alarm=True)
    texts = [alarm.text for alarm in status(path).alarms]
    assert texts == ["certificate 2", "certificate 3", "certificate 4"]


VERSION_1 = """
    CREATE TABLE exchange (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, epoch TEXT,
      last_sequence INTEGER NOT NULL DEFAULT 0, last_contact TEXT);
    CREATE TABLE answer (id INTEGER PRIMARY KEY,
      exchange INTEGER NOT NULL REFERENCES exchange (id), received TEXT NOT NULL,
      raw_bytes INTEGER NOT NULL, raw_zlib BLOB NOT NULL);
    CREATE TABLE ticket (id INTEGER PRIMARY KEY,
      exchange INTEGER NOT NULL REFERENCES exchange (id), epoch TEXT NOT NULL,
      sequence INTEGER NOT NULL, answer INTEGER NOT NULL REFERENCES answer (id),
      canonical BLOB NOT NULL, UNIQUE (exchange, epoch, sequence));
    CREATE TABLE quarantine (id INTEGER PRIMARY KEY,
      exchange INTEGER NOT NULL REFERENCES exchange (id), epoch TEXT NOT NULL,
      sequence INTEGER NOT NULL, place TEXT NOT NULL, reason TEXT NOT NULL, digest BLOB NOT NULL,
      raw_bytes INTEGER NOT NULL, raw_zlib BLOB NOT NULL, seen_count INTEGER NOT NULL,
      seen_first TEXT NOT NULL, seen_last TEXT NOT NULL,
      UNIQUE (exchange, epoch, sequence, digest));
    INSERT INTO exchange VALUES (1, 'site', 'E1', 7, '2026-11-22T12:00:00.000+00:00');
    INSERT INTO answer VALUES (1, 1, '2026-11-22T12:00:00.000+00:00', 0, x'');
    INSERT INTO ticket VALUES (1, 1, 'E1', 5, 1, '{}'), (2, 1, 'E1', 7, 1, '{}');
    PRAGMA application_id = 1331187523;
    PRAGMA user_version = 1;
"""


@pytest.fixture
def older(path: Path) -> Path:
    """A store as the first version of the collector made it."""
    with closing(sqlite3.connect(path)) as made:
        made.executescript(VERSION_1)
    return path


def test_an_older_store_is_read_as_it_is(older: Path) -> None:
    before = older.read_bytes()
    told = status(older)
    assert (told.tickets, told.last_sequence, told.missing) == (2, 7, 1)
    assert told.gaps == (Gap("E1", 6, 6),)
    assert (told.last_warning, told.alarms) == (None, ())
    assert older.read_bytes() == before


def columns(path: Path) -> set[tuple[str, str, str]]:
    query = (
        "SELECT t.name, c.name, c.type FROM sqlite_schema t, pragma_table_info(t.name) c"
        " WHERE t.type = 'table'"
    )
    with closing(sqlite3.connect(path)) as connection:
        return set(connection.execute(query))


def test_an_older_store_is_brought_up_and_loses_nothing(older: Path, tmp_path: Path) -> None:
    with closing(open_for_writing(older)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        door = Intake(connection, lambda: NOON)
        assert door.cursor("site") == ("E1", 7)
        keep(door, "E1", 6, CALL)
        door.warn("site", "busy", alarm=True)
    told = status(older)
    assert (told.tickets, told.missing, told.last_warning) == (3, 0, "busy")
    with closing(open_for_writing(tmp_path / "new.db")):
        pass
    assert columns(older) == columns(tmp_path / "new.db")


def test_an_upgrade_that_fails_leaves_the_older_store(older: Path) -> None:
    with closing(sqlite3.connect(older)) as connection:
        connection.execute("CREATE TABLE alarm (a)")  # in the way of the upgrade's own
    with pytest.raises(Exception, match="alarm already exists"):
        open_for_writing(older)
    with closing(sqlite3.connect(older)) as connection:
        connection.execute("DROP TABLE alarm")
    assert ("exchange", "warned_at", "TEXT") not in columns(older)
    with closing(open_for_writing(older)):
        pass
    assert status(older).tickets == 2


def test_the_status_shows_people_and_programs_what_is_wrong(
    path: Path, intake: Intake, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(intake, "E1", 1, CALL)
    keep(intake, "E1", 4, CALL)
    intake.warn("site", "the certificate changed\x1b[2J", alarm=True)
    intake.warn("site", "busy", alarm=False)
    with Reading(path) as store:
        tables.status(store, [Source("site"), Source("never-reached")], as_json=False)
        shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
        tables.status(store, [Source("site"), Source("never-reached")], as_json=True)
        site, never = json.loads(capsys.readouterr().out)["exchanges"]
    assert "gap sequence 2 to 3 of epoch E1 was never offered" in shown
    assert "last warning 2026-11-22 12:00:00 busy" in shown
    assert "ALARM 2026-11-22 12:00:00 the certificate changed\\x1b[2J" in shown
    assert "(seen once since 2026-11-22 12:00:00)" in shown
    assert site["missing"] == 2
    assert site["gaps"] == [{"epoch": "E1", "first": 2, "last": 3}]
    assert (site["last_warning"], site["alarms"][0]["seen_count"]) == ("busy", 1)
    assert (never["tickets"], never["alarms"], never["last_contact"]) == (0, [], None)


def test_numbers_without_measure_leave_the_status_readable(path: Path, intake: Intake) -> None:
    for number in range(10):
        keep(intake, f"E{number}", 1, CALL)
        keep(intake, f"E{number}", 10**18 - 1, CALL)
    assert status(path).missing == 10 * (10**18 - 3)


VERSION_2 = (
    VERSION_1.replace(
        "last_contact TEXT);", "last_contact TEXT, last_warning TEXT, warned_at TEXT);"
    )
    .replace(
        "INSERT INTO exchange VALUES (1, 'site', 'E1', 7, '2026-11-22T12:00:00.000+00:00');",
        """
    CREATE TABLE alarm (id INTEGER PRIMARY KEY,
      exchange INTEGER NOT NULL REFERENCES exchange (id), text TEXT NOT NULL,
      seen_count INTEGER NOT NULL, seen_first TEXT NOT NULL, seen_last TEXT NOT NULL,
      UNIQUE (exchange, text));
    INSERT INTO exchange VALUES (1, 'site', 'E1', 7, '2026-11-22T12:00:00.000+00:00', 'busy', 'x');
    INSERT INTO alarm VALUES (1, 1, 'another certificate', 2, 'a', 'b');
    """,
    )
    .replace("user_version = 1", "user_version = 2")
)


@pytest.fixture
def second(path: Path) -> Path:
    """A store as the second version of the collector made it."""
    with closing(sqlite3.connect(path)) as made:
        made.executescript(VERSION_2)
    return path


def test_a_store_of_the_second_version_is_read_as_it_is(second: Path) -> None:
    before = second.read_bytes()
    told = status(second)
    assert (told.exchange, told.wire, told.tickets, told.missing) == ("site", "taxation", 2, 1)
    assert (told.last_warning, told.alarms) == (
        "busy",
        (Alarm("another certificate", 2, "a", "b"),),
    )
    assert (told.files, told.events) == (0, 0)
    with Reading(second) as store:
        assert [(row.wire, row.sequence) for row in store.tickets(exchange="site")] == [
            ("taxation", 5), ("taxation", 7),
        ]  # fmt: skip
        assert list(store.quarantine()) == []
        assert store.answer_bytes(99) is None
    assert second.read_bytes() == before


def test_a_store_of_the_second_version_is_brought_up_and_loses_nothing(
    second: Path, tmp_path: Path
) -> None:
    before = status(second)
    with closing(open_for_writing(second)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert status(second) == before
        keep(Intake(connection, lambda: NOON), "E1", 6, CALL)
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            connection.execute("INSERT INTO ticket VALUES (9, 9, 'E1', 9, 1, '{}', NULL, NULL)")
    assert (status(second).tickets, status(second).missing) == (3, 0)
    with closing(open_for_writing(tmp_path / "new.db")):
        pass
    assert columns(second) == columns(tmp_path / "new.db")
    assert constraints(second) == constraints(tmp_path / "new.db")


def constraints(path: Path) -> set[tuple[str, ...]]:
    """Return what each table refers to and what is unique in it."""
    queries = (
        """SELECT t.name, f."table", f."from", f."to" FROM sqlite_schema t,
        pragma_foreign_key_list(t.name) f WHERE t.type = 'table'""",
        """SELECT t.name, group_concat(c.name), '', '' FROM sqlite_schema t,
        pragma_index_list(t.name) i, pragma_index_info(i.name) c WHERE t.type = 'table'
        GROUP BY i.name""",
    )
    with closing(sqlite3.connect(path)) as connection:
        return {row for query in queries for row in connection.execute(query)}


def test_an_upgrade_over_two_versions_is_one_step(older: Path) -> None:
    """Whatever fails in the second half leaves the first version, not the one between."""
    with closing(sqlite3.connect(older)) as connection:
        connection.execute("CREATE TABLE event (a)")
    with pytest.raises(Exception, match="event already exists"):
        open_for_writing(older)
    with closing(sqlite3.connect(older)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


@pytest.fixture
def third(second: Path) -> Path:
    """A store as the third version of the collector made it, with tickets of two wires."""
    with closing(sqlite3.connect(second)) as made:
        made.executescript(f"{UPGRADES[2]} PRAGMA user_version = 3;")
        made.execute("INSERT INTO source (exchange, wire) VALUES ('site', 'v24')")
        made.execute("INSERT INTO answer VALUES (9, 2, '', 0, x'')")
        values = (2, "v24:x", 1, 9, to_json(CALL))
        insert = "INSERT INTO ticket (source, epoch, sequence, answer, canonical)"
        made.execute(f"{insert} VALUES (?, ?, ?, ?, ?)", values)
        made.execute("UPDATE ticket SET canonical = ? WHERE source = 1", (to_json(CALL),))
        made.commit()
    return second


def test_a_store_of_the_third_version_is_read_as_it_is(third: Path) -> None:
    before = third.read_bytes()
    with Reading(third) as store:
        taxation, printer = store.status()
        assert [row.wire for row in store.tickets()] == ["taxation", "taxation", "v24"]
        assert [row.wire for row in store.tickets_once()] == ["taxation", "taxation"]
        assert (store.surplus(), list(store.events())) == ({}, [])
        assert [one.paired for one in balances(store.seen(["site"]), store.surplus())] == [0, 0]
    assert (taxation.tickets, printer.tickets, printer.marker) == (2, 1, None)
    assert third.read_bytes() == before


def test_a_store_of_the_third_version_is_brought_up_and_loses_nothing(
    third: Path, tmp_path: Path
) -> None:
    with Reading(third) as store:
        before = list(store.tickets()), store.status()
    with closing(open_for_writing(third)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        with Reading(third) as store:
            assert (list(store.tickets()), store.status()) == before
    with closing(open_for_writing(tmp_path / "new.db")):
        pass
    assert columns(third) == columns(tmp_path / "new.db")
    assert constraints(third) == constraints(tmp_path / "new.db")
    assert indices(third) == indices(tmp_path / "new.db")


def indices(path: Path) -> set[tuple[str, ...]]:
    query = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
    with closing(sqlite3.connect(path)) as connection:
        return set(connection.execute(query))


@pytest.mark.parametrize("table", ["marker", "outage"])
def test_an_upgrade_over_three_versions_is_one_step(older: Path, table: str) -> None:
    with closing(sqlite3.connect(older)) as connection:
        connection.execute(f"CREATE TABLE {table} (a)")
    with pytest.raises(StoreUnusable, match=f"{table} already exists"):
        open_for_writing(older)
    with closing(sqlite3.connect(older)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


@pytest.fixture
def fourth(third: Path) -> Path:
    """A store as the fourth version of the collector made it, with two files and an event."""
    with closing(sqlite3.connect(third)) as made:
        made.executescript(f"{UPGRADES[3]} PRAGMA user_version = 4;")
        made.execute("INSERT INTO source (exchange, wire) VALUES ('site', 'nmc')")
        for number, state in enumerate(("deleted", "left"), 1):
            values = (3, f"ALZ000{number}.ALZ", 357, "ab" * 32, "2026-11-22", 9, 1, 2, state, 3)
            marks = ", ".join("?" * len(values))
            made.execute(f"INSERT INTO file VALUES (NULL, {marks})", values)  # noqa: S608
        made.commit()
    return third


def test_a_store_of_the_fourth_version_is_read_as_it_is(fourth: Path) -> None:
    before = fourth.read_bytes()
    with Reading(fourth) as store:
        assert [one.files for one in store.status()] == [0, 0, 2]
        assert len(list(store.tickets_once(kind=Kind.CALL))) == 2
        assert list(store.tickets_once(kind=Kind.ROOM_STATUS)) == []
        assert len(store.last_tickets(9, exchange=None, wire=None)) == 3
    assert fourth.read_bytes() == before


def test_a_store_of_the_fourth_version_is_brought_up_and_loses_nothing(
    fourth: Path, tmp_path: Path
) -> None:
    query = "SELECT id, source, name, digest, tickets_found, state, seen_count FROM file"
    with closing(sqlite3.connect(fourth)) as made, Reading(fourth) as store:
        files = made.execute(query).fetchall()
        before = list(store.tickets()), store.status()
    with closing(open_for_writing(fourth)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute(query).fetchall() == files
        assert connection.execute("SELECT DISTINCT time FROM file").fetchall() == [(1,)]
        with Reading(fourth) as store:
            assert (list(store.tickets()), store.status()) == before
    with closing(open_for_writing(tmp_path / "new.db")):
        pass
    assert columns(fourth) == columns(tmp_path / "new.db")
    assert constraints(fourth) == constraints(tmp_path / "new.db")
    assert indices(fourth) == indices(tmp_path / "new.db")
