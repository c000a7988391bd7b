"""Keep, then acknowledge: whatever the instant of a crash, nothing is lost and nothing twice."""

import random
import shutil
import sqlite3
import threading
import zlib
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from oxo_collector.decoders.outcome import Malformed, Recorded
from oxo_collector.decoders.taxation_soap import TicketsAnswer
from oxo_collector.intake import CONTACT_EVERY, Intake
from oxo_collector.receipt import FetchedFile, Marker, SetAside, Source, Stored, Wire
from oxo_collector.store import Reading, StoreUnusable, open_for_writing
from oxo_tickets import Kind, Ticket, from_json, to_json

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BODY = b"<answer/>" * 50
BAD = Malformed(
    "Date '99' is no date", b"<CallAccounting><Date>99</Date></CallAccounting>", "ticket 2"
)


def ticket(user: str) -> Ticket:
    stamp = datetime.fromisoformat("2026-11-22T20:45:00")
    return Ticket(kind=Kind.CALL, local_time=stamp, charged_user=user, zone="UTC")


def batch(first: int, *users: str) -> TicketsAnswer:
    return TicketsAnswer(first, first + len(users) - 1, 0, tuple(ticket(user) for user in users))


def users(path: Path) -> list[str | None]:
    with Reading(path) as store:
        return [from_json(row.canonical).charged_user for row in store.tickets()]


def answers(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM answer").fetchone()[0])


def test_a_batch_is_kept_with_its_bytes_and_the_cursor(
    path: Path, connection: sqlite3.Connection, intake: Intake
) -> None:
    assert intake.cursor("site") == (None, 0)
    assert intake.keep_batch("site", "E1", batch(1, "101", "102"), BODY) == Stored(2, 0, 0)
    assert intake.cursor("site") == ("E1", 2)
    with Reading(path) as store:
        first, second = store.tickets()
        (status,) = store.status()
    assert (first.id, first.exchange, first.epoch, first.sequence) == (1, "site", "E1", 1)
    assert first.canonical == to_json(ticket("101"))
    assert second.sequence == 2
    assert (status.tickets, status.last_sequence, status.last_contact) == (
        2, 2, "2026-11-22T12:00:00.000+00:00",
    )  # fmt: skip
    size, raw = connection.execute("SELECT raw_bytes, raw_zlib FROM answer").fetchone()
    assert zlib.decompress(raw) == BODY
    assert size == len(BODY)
    assert len(raw) < size


def test_the_same_batch_again_is_recognised(
    path: Path, connection: sqlite3.Connection, intake: Intake
) -> None:
    intake.keep_batch("site", "E1", batch(1, "101", "102"), BODY)
    assert intake.keep_batch("site", "E1", batch(1, "101", "102"), BODY) == Stored(0, 2, 0)
    assert intake.keep_batch("site", "E1", batch(2, "102", "103"), BODY) == Stored(1, 1, 0)
    assert users(path) == ["101", "102", "103"]
    assert answers(connection) == 2


def test_identical_neighbours_are_two_tickets(path: Path, intake: Intake) -> None:
    assert intake.keep_batch("site", "E1", batch(1, "101", "101"), BODY) == Stored(2, 0, 0)
    assert users(path) == ["101", "101"]


def test_exchange_and_epoch_are_part_of_the_identity(path: Path, intake: Intake) -> None:
    intake.keep_batch("site", "E1", batch(1, "101"), BODY)
    assert intake.keep_batch("other", "E1", batch(1, "101"), BODY) == Stored(1, 0, 0)
    assert intake.keep_batch("site", "E2", batch(1, "101"), BODY) == Stored(1, 0, 0)
    assert users(path) == ["101"] * 3
    assert intake.cursor("site") == ("E2", 1)


def test_a_batch_offered_again_does_not_move_the_cursor_back(intake: Intake) -> None:
    intake.keep_batch("site", "E1", batch(1, "101", "102", "103"), BODY)
    intake.keep_batch("site", "E1", batch(1, "101"), BODY)
    assert intake.cursor("site") == ("E1", 3)


def test_an_unreadable_ticket_goes_to_quarantine_with_its_identity(
    path: Path, intake: Intake
) -> None:
    mixed = TicketsAnswer(7, 9, 0, (ticket("101"), BAD, ticket("103")))
    assert intake.keep_batch("site", "E1", mixed, BODY) == Stored(2, 0, 1)
    assert intake.keep_batch("site", "E1", mixed, BODY) == Stored(0, 2, 0)
    with Reading(path) as store:
        (entry,) = store.quarantine()
        assert store.quarantined_bytes(entry.id) == BAD.raw
        assert store.quarantined_bytes(99) is None
    assert (entry.sequence, entry.reason, entry.place, entry.seen_count) == (
        8, BAD.reason, BAD.place, 2,
    )  # fmt: skip
    assert users(path) == ["101", "103"]


def test_the_same_identity_with_another_content_is_set_aside_not_lost(
    path: Path, intake: Intake
) -> None:
    intake.keep_batch("site", "E1", batch(1, "101"), BODY)
    assert intake.keep_batch("site", "E1", batch(1, "999"), BODY) == Stored(0, 0, 1)
    with Reading(path) as store:
        (entry,) = store.quarantine()
        assert from_json(store.quarantined_bytes(entry.id) or b"").charged_user == "999"
    assert entry.reason == "sequence 1 is stored already with another charged_user"
    assert users(path) == ["101"]


def test_a_corrected_zone_is_no_contradiction(intake: Intake) -> None:
    intake.keep_batch("site", "E1", batch(1, "101"), BODY)
    moved = msgspec.structs.replace(ticket("101"), zone="Europe/Paris")
    assert intake.keep_batch("site", "E1", TicketsAnswer(1, 1, 0, (moved,)), BODY) == Stored(
        0, 1, 0
    )


def test_an_unreadable_answer_is_kept_once_and_counted(path: Path, intake: Intake) -> None:
    assert intake.keep_unreadable("site", "not well formed", "document", b"<x") == SetAside(1)
    assert intake.keep_unreadable("site", "not well formed", "document", b"<x") == SetAside(2)
    assert intake.keep_unreadable("site", "not well formed", "document", b"<y") == SetAside(1)
    with Reading(path) as store:
        assert [entry.seen_count for entry in store.quarantine("site")] == [2, 1]
        assert list(store.quarantine("other")) == []


def test_contact_is_noted_but_not_with_every_poll(
    path: Path, connection: sqlite3.Connection
) -> None:
    times = iter([NOON, NOON + CONTACT_EVERY - timedelta(seconds=1), NOON + CONTACT_EVERY])
    intake = Intake(connection, lambda: next(times))
    seen = []
    for _ in range(3):
        intake.contact("site")
        with Reading(path) as store:
            seen.append(store.status()[0].last_contact)
    assert seen == [
        "2026-11-22T12:00:00.000+00:00",
        "2026-11-22T12:00:00.000+00:00",
        "2026-11-22T12:00:10.000+00:00",
    ]


def test_a_store_that_cannot_be_written_says_so_and_takes_the_next_batch_later(
    path: Path, connection: sqlite3.Connection, intake: Intake
) -> None:
    connection.execute("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnusable, match="cannot be written: database is locked"):
            intake.keep_batch("site", "E1", batch(1, "101"), BODY)
    assert intake.keep_batch("site", "E1", batch(1, "101"), BODY) == Stored(1, 0, 0)


def test_a_full_disk_says_so_and_takes_the_batch_when_there_is_room(
    path: Path, connection: sqlite3.Connection, intake: Intake
) -> None:
    intake.keep_batch("site", "E1", batch(1, "101"), BODY)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    body = random.Random(0).randbytes(20_000)  # noqa: S311 - no secret
    with pytest.raises(StoreUnusable, match="cannot be written: database or disk is full"):
        intake.keep_batch("site", "E1", batch(2, "102"), body)
    with pytest.raises(StoreUnusable, match="cannot be written: database or disk is full"):
        intake.keep_unreadable("site", "not well formed", "document", body)
    assert intake.cursor("site") == ("E1", 1)
    assert users(path) == ["101"]
    connection.execute("PRAGMA max_page_count = 1000")
    assert intake.keep_batch("site", "E1", batch(2, "102"), body) == Stored(1, 0, 0)
    assert users(path) == ["101", "102"]


def test_a_damaged_ticket_in_the_store_is_not_taken_for_a_contradiction(
    connection: sqlite3.Connection, intake: Intake
) -> None:
    intake.keep_batch("site", "E1", batch(1, "101"), BODY)
    connection.execute("UPDATE ticket SET canonical = x'a5a5'")
    with pytest.raises(StoreUnusable, match="the store is damaged"):
        intake.keep_batch("site", "E1", batch(1, "101"), BODY)


def test_a_cursor_that_cannot_be_read_is_the_stores_trouble(
    connection: sqlite3.Connection, intake: Intake
) -> None:
    connection.execute("ALTER TABLE source RENAME TO another")
    with pytest.raises(StoreUnusable, match="the store cannot be read: no such table"):
        intake.cursor("site")


def test_several_exchanges_share_the_door(path: Path, intake: Intake) -> None:
    def collect(name: str) -> None:
        for number in range(1, 21):
            intake.keep_batch(name, "E1", batch(number, name), BODY)

    threads = [threading.Thread(target=collect, args=(f"site-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(users(path), key=str) == [f"site-{n}" for n in range(4) for _ in range(20)]


class Crash(BaseException):
    """The process is gone."""


class Watched(sqlite3.Connection):
    """Takes a picture of the files before and after each statement: what a crash there leaves."""

    pictures: list[Path]

    def picture(self) -> None:
        (source,) = (row[2] for row in super().execute("PRAGMA database_list"))
        if source and hasattr(self, "pictures"):
            folder = Path(source).with_name(f"crash-{len(self.pictures)}")
            folder.mkdir()
            for name in ("tickets.db", "tickets.db-wal"):
                with suppress(FileNotFoundError):
                    shutil.copy(Path(source).with_name(name), folder)
            self.pictures.append(folder / "tickets.db")

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        self.picture()
        cursor = super().execute(*arguments)
        self.picture()
        return cursor

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        self.picture()
        cursor = super().executemany(*arguments)
        self.picture()
        return cursor


def test_a_crash_at_any_step_loses_nothing_and_counts_nothing_twice(path: Path) -> None:
    """The model: the exchange offers 2..5 again until told; a crash in between changes nothing."""
    offered = TicketsAnswer(2, 5, 0, (ticket("102"), ticket("102"), BAD, ticket("105")))
    with closing(open_for_writing(path, Watched)) as connection:
        assert isinstance(connection, Watched)
        Intake(connection, lambda: NOON).keep_batch("site", "E1", batch(1, "101"), BODY)
        connection.pictures = []
        Intake(connection, lambda: NOON).keep_batch("site", "E1", offered, BODY)
        pictures = connection.pictures
    kept = 0
    for picture in pictures:
        with closing(open_for_writing(picture)) as after:
            before = users(picture)
            assert before in (["101"], ["101", "102", "102", "105"])
            kept += len(before) == 4
            again = Intake(after, lambda: NOON)
            assert again.cursor("site") == ("E1", 1 if len(before) == 1 else 5)
            again.keep_batch("site", "E1", offered, BODY)
            assert again.cursor("site") == ("E1", 5)
            assert answers(after) == 2
        assert users(picture) == ["101", "102", "102", "105"]
        with Reading(picture) as store:
            assert [entry.sequence for entry in store.quarantine()] == [4]
    assert len(pictures) > 12
    assert kept == 1, "only the picture after the commit holds the batch"


def test_a_crash_at_any_step_of_an_account_file_moves_the_marker_with_its_rows(
    path: Path,
) -> None:
    """The stream brought `b` of `a b b`; whatever a crash leaves, fetching again makes it whole."""
    files, stream = Source("site", Wire.ACCOUNT), Source("site", Wire.STREAM)
    a, b = (Recorded(ticket(user), user.encode() * 16) for user in "ab")
    file = FetchedFile("TAXAAAAA.DAT", 1, "", None, 4)
    marker = Marker(file.name, 1, "ab" * 32)

    def counted(store: Path) -> list[str | None]:
        with Reading(store) as reading:
            return [from_json(row.canonical).charged_user for row in reading.tickets_once()]

    with closing(open_for_writing(path, Watched)) as connection:
        assert isinstance(connection, Watched)
        door = Intake(connection, lambda: NOON)
        door.keep_stream(stream, "stream:x", 1, [b], BODY)
        connection.pictures = []
        door.keep_account_file(files, file, [a, b, b, BAD], BODY, marker)
        pictures = connection.pictures
    kept = 0
    for picture in pictures:
        with closing(open_for_writing(picture)) as after:
            again = Intake(after, lambda: NOON)
            done = again.marker(files) is not None
            kept += done
            assert counted(picture) == (["b", "a", "b"] if done else ["b"])
            again.keep_account_file(files, file, [a, b, b, BAD], BODY, marker)
            assert again.marker(files) == marker
        assert counted(picture) == ["b", "a", "b"]
        with Reading(picture) as store:
            assert len(list(store.quarantine())) == 1
    assert len(pictures) > 20
    assert kept == 1, "only the picture after the commit holds the file"


def test_an_exception_inside_the_transaction_leaves_nothing(path: Path) -> None:
    class Dying(sqlite3.Connection):
        def executemany(self, *arguments: Any) -> sqlite3.Cursor:
            super().executemany(*arguments)
            raise Crash

    with closing(open_for_writing(path, Dying)) as connection:
        door = Intake(connection, lambda: NOON)
        with pytest.raises(Crash):
            door.keep_batch("site", "E1", batch(1, "101"), BODY)
        assert not connection.in_transaction
    assert users(path) == []


def test_what_is_set_aside_holds_no_secret_of_the_account(
    path: Path, connection: sqlite3.Connection
) -> None:
    def scrub(raw: bytes) -> bytes:
        return raw.replace(b"sesame", b"[secret]")

    door = Intake(connection, lambda: NOON, {Source("site"): scrub})
    bad = Malformed("Date 'sesame' is no date", b"<Date>sesame</Date>", "ticket 1")
    door.keep_batch("site", "E1", TicketsAnswer(1, 1, 0, (bad,)), b"<!-- sesame -->")
    door.keep_unreadable("site", "not XML: sesame", "document", b"sesame!")
    door.keep_unreadable("other", "another account's", "document", b"sesame!")
    with Reading(path) as store:
        entries = list(store.quarantine())
        kept = [store.quarantined_bytes(entry.id) for entry in entries]
    assert [entry.reason for entry in entries[:2]] == [
        "Date '[secret]' is no date", "not XML: [secret]",
    ]  # fmt: skip
    assert kept == [b"<Date>[secret]</Date>", b"[secret]!", b"sesame!"]
    (raw,) = connection.execute("SELECT raw_zlib FROM answer").fetchone()
    assert zlib.decompress(raw) == b"<!-- [secret] -->"


def test_contact_is_noted_though_our_clock_jumped_back(
    path: Path, connection: sqlite3.Connection
) -> None:
    times = iter([NOON, NOON - timedelta(days=365)])
    intake = Intake(connection, lambda: next(times))
    for _ in range(2):
        intake.contact("site")
    with Reading(path) as store:
        assert store.status()[0].last_contact == "2025-11-22T12:00:00.000+00:00"


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_what_is_written_into_a_removed_file_is_not_kept(
    path: Path, intake: Intake, suffix: str
) -> None:
    intake.keep_batch("site", "E1", batch(1, "101"), BODY)
    path.with_name(path.name + suffix).unlink()
    with pytest.raises(StoreUnusable, match=r"tickets\.db: the store .* was removed or replaced"):
        intake.keep_batch("site", "E1", batch(2, "102"), BODY)


def test_what_is_written_beside_a_restored_store_is_not_kept(
    path: Path, connection: sqlite3.Connection, intake: Intake
) -> None:
    intake.keep_batch("site", "E1", batch(1, "101"), BODY)
    with closing(sqlite3.connect(path.with_name("backup"))) as backup:
        connection.backup(backup)
    path.with_name("backup").replace(path)
    with pytest.raises(StoreUnusable, match="nothing more is acknowledged"):
        intake.keep_batch("site", "E1", batch(2, "102"), BODY)
