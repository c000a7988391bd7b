"""The store's file: who may write it, what it refuses, what a reader sees."""

import os
import resource
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from oxo_collector.layout import SCHEMA_VERSION
from oxo_collector.store import (
    Ownership,
    Reading,
    StoreInUse,
    StoreUnusable,
    open_for_writing,
)


def test_a_new_store_is_durable_and_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "tickets.db"
    with closing(open_for_writing(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        for file in tmp_path.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    with closing(open_for_writing(path)), Reading(path) as store:
        assert store.exchanges() == []
        assert store.size_bytes() > 0


def test_a_second_owner_is_refused_and_named(tmp_path: Path) -> None:
    path = tmp_path / "tickets.db"
    with (
        Ownership(path),
        pytest.raises(StoreInUse, match=rf"process {os.getpid()}\) collects into this store"),
    ):
        Ownership(path)
    with Ownership(path):
        pass


def test_a_lock_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match=r"nowhere/tickets\.db\.lock: cannot be written"):
        Ownership(tmp_path / "nowhere" / "tickets.db")


@pytest.mark.parametrize("opener", [open_for_writing, Reading])
def test_foreign_files_are_refused_and_left_alone(tmp_path: Path, opener: type[Reading]) -> None:
    path = tmp_path / "foreign.db"
    with closing(sqlite3.connect(path)) as foreign:
        foreign.execute("CREATE TABLE theirs (a)")
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match=r"foreign\.db: an SQLite file, but not a store"):
        opener(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("opener", [open_for_writing, Reading])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, opener: type[Reading]) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(StoreUnusable, match=r"letter\.txt: .*not a database"):
        opener(path)


@pytest.mark.parametrize("opener", [open_for_writing, Reading])
def test_a_newer_version_is_refused(tmp_path: Path, opener: type[Reading]) -> None:
    path = tmp_path / "tickets.db"
    with closing(open_for_writing(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(
        StoreUnusable, match=r"store of version 6; this oxo-collect reads version 5"
    ):
        opener(path)


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow, as on a disk without a byte left."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


def test_a_store_is_read_where_nothing_can_be_written_beside_it(tmp_path: Path) -> None:
    """A disk that is full or read-only is a reason more to get the tickets off it."""
    path = tmp_path / "tickets.db"
    fill(path)
    with full_disk(), Reading(path) as store:
        assert len(list(store.tickets())) == 2999


def test_a_log_that_cannot_be_read_along_is_not_passed_over(tmp_path: Path) -> None:
    path, there = tmp_path / "tickets.db", tmp_path / "there"
    there.mkdir()
    with closing(open_for_writing(path)):
        for end in ("", "-wal"):  # as a kill leaves it: the log has what the file has not
            shutil.copy(f"{path}{end}", there)
    said = r"disk I/O error, as on a full disk; its write-ahead log \(.*-wal\) holds what is newer"
    with full_disk(), pytest.raises(StoreUnusable, match=said):
        Reading(there / "tickets.db")
    with Reading(there / "tickets.db") as store:
        assert store.exchanges() == []


def test_a_full_disk_is_named_to_who_writes(tmp_path: Path) -> None:
    path = tmp_path / "tickets.db"
    fill(path)
    with full_disk(), pytest.raises(StoreUnusable, match="as a store: disk I/O error, as on a f"):
        open_for_writing(path)


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="cannot be opened for writing: Is a directory"):
        open_for_writing(tmp_path)


def test_a_missing_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match=r"none\.db: there is no store"):
        Reading(tmp_path / "none.db")


def damage(path: Path) -> None:
    """Overwrite every page but the first, as a failing disk does."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xa5" * (len(data) - 4096))


READS: dict[str, Callable[[Reading], object]] = {
    "exchanges": lambda store: store.exchanges(),
    "tickets": lambda store: list(store.tickets()),
    "quarantine": lambda store: list(store.quarantine()),
    "quarantined_bytes": lambda store: store.quarantined_bytes(1),
    "status": lambda store: store.status(),
}


@pytest.mark.parametrize("read", READS)
def test_a_damaged_store_is_named_by_every_read(tmp_path: Path, read: str) -> None:
    path = tmp_path / "tickets.db"
    with closing(open_for_writing(path)):
        pass
    damage(path)
    with (
        Reading(path) as store,
        pytest.raises(StoreUnusable, match=r"tickets\.db: cannot be read: .*malformed"),
    ):
        READS[read](store)


def test_a_store_that_vanishes_while_it_is_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tickets.db"
    with closing(open_for_writing(path)):
        pass
    with Reading(path) as store:
        path.unlink()
        with pytest.raises(StoreUnusable, match=r"tickets\.db: cannot be read: No such file"):
            store.size_bytes()


def fill(path: Path) -> None:
    """Put in more tickets than are fetched at once."""
    with closing(open_for_writing(path)) as connection:
        connection.execute("INSERT INTO source (exchange, wire) VALUES ('site', 'taxation')")
        connection.execute("INSERT INTO answer VALUES (1, 1, '', 0, '')")
        connection.executemany(
            "INSERT INTO ticket VALUES (?, 1, 'E1', ?, 1, '{}', NULL, NULL)",
            ((n, n) for n in range(1, 3000)),
        )


def test_damage_that_is_met_halfway_is_named_then(tmp_path: Path) -> None:
    path = tmp_path / "tickets.db"
    fill(path)
    data = path.read_bytes()
    good = len(data) * 3 // 4
    path.write_bytes(data[:good] + b"\xa5" * (len(data) - good))
    with Reading(path) as store:
        rows = store.tickets()
        assert next(rows).sequence == 1
        with pytest.raises(StoreUnusable, match=r"tickets\.db: cannot be read: .*malformed"):
            list(rows)


def test_a_reader_that_stops_halfway_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "tickets.db"
    fill(path)
    with Reading(path) as store:
        rows = store.tickets()
        assert next(rows).sequence == 1
    del rows  # would raise, or print, if it held a statement of the closed file


def test_a_store_that_is_just_being_made_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "tickets.db"
    path.touch()
    with pytest.raises(StoreUnusable, match=r"empty, no store yet; `oxo-collect run` makes one"):
        Reading(path)
    with closing(open_for_writing(path)), Reading(path) as store:
        assert store.exchanges() == []
