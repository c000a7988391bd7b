"""What account files and the stream hand in: one record by both counts once, whoever came first."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from oxo_collector.decoders.outcome import Malformed, Recorded, record_digest
from oxo_collector.intake import Intake
from oxo_collector.receipt import FetchedFile, Marker, Piece, Source, Stored, Wire
from oxo_collector.reconciliation import Balance, balances
from oxo_collector.standing import FileGap
from oxo_collector.store import Reading, StoreUnusable
from oxo_tickets import Kind, Ticket, from_json

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FILES, STREAM = Source("site", Wire.ACCOUNT), Source("site", Wire.STREAM)
BAD = Malformed("524 characters", b"ED5.2 ...", "line 3")
MARKER = Marker("TAXAAAAB.DAT", 100, "ab" * 32)


def record(user: str, begun: str = "2026-11-22T20:45:00") -> Recorded:
    stamp = datetime.fromisoformat(begun)
    ticket = Ticket(kind=Kind.CALL, local_time=stamp, charged_user=user)
    return Recorded(ticket, record_digest(user.encode()))


def records(users: str) -> list[Piece]:
    """Return one record a letter."""
    return [record(user) for user in users]


def file(name: str = "TAXAAAAA.DAT", digest: str = "as it lay there") -> FetchedFile:
    return FetchedFile(name, 100, digest, None, 2)


def fetch(door: Intake, users: str, name: str = "TAXAAAAA.DAT", raw: bytes = b"Z") -> Stored:
    return door.keep_account_file(FILES, file(name), records(users), raw, None)


def counted(path: Path, since: int = 0) -> list[tuple[int, str, str | None]]:
    with Reading(path) as store:
        return [
            (row.id, row.wire, from_json(row.canonical).charged_user)
            for row in store.tickets_once(since=since)
        ]


def users(path: Path) -> str:
    return "".join(user or "" for _, _, user in counted(path))


def test_a_file_after_the_stream_adds_what_the_stream_had_not(path: Path, intake: Intake) -> None:
    assert intake.keep_stream(STREAM, "stream:x", 1, records("aab"), b"raw") == Stored(3, 0, 0)
    assert fetch(intake, "aaabc") == Stored(5, 0, 0, same=3)
    assert counted(path) == [
        (1, "stream", "a"), (2, "stream", "a"), (3, "stream", "b"), (6, "account", "a"),
        (8, "account", "c"),
    ]  # fmt: skip
    assert counted(path, since=3) == [(6, "account", "a"), (8, "account", "c")]


def test_the_stream_after_a_file_adds_what_the_file_had_not(path: Path, intake: Intake) -> None:
    fetch(intake, "aab")
    assert intake.keep_stream(STREAM, "stream:x", 1, records("aa"), b"raw") == Stored(
        2, 0, 0, same=2
    )
    assert intake.keep_stream(STREAM, "stream:x", 3, records("ac"), b"raw") == Stored(2, 0, 0)
    assert users(path) == "aabac"


def test_both_wires_alone_are_whole(path: Path, intake: Intake) -> None:
    intake.keep_stream(STREAM, "stream:x", 1, records("aab"), b"raw")
    fetch(intake, "aab")
    with Reading(path) as store:
        for wire in (Wire.ACCOUNT, Wire.STREAM):
            assert len(list(store.tickets(wire=wire))) == 3


def test_what_the_stream_had_too_often_counts_and_is_told(path: Path, intake: Intake) -> None:
    """The exchange said `b` again after a cut; of what came after the files, nobody knows yet."""
    intake.keep_stream(STREAM, "stream:x", 1, [record(user) for user in "abb"], b"raw")
    fetch(intake, "ab")
    with Reading(path) as store:
        assert store.surplus() == {}
    later = [record("c", "2026-11-22T21:45:00")]
    intake.keep_account_file(FILES, file("TAXAAAAB.DAT"), later, b"Z", None)
    intake.keep_stream(STREAM, "stream:x", 4, [record("d", "2026-11-22T22:45:00")], b"raw")
    with Reading(path) as store:
        assert store.surplus() == {"site": 1}
        one, other = balances(store.seen(["site"]), store.surplus())
    assert one == Balance("site", "account", 3, 1, 2, paired=2)
    assert other == Balance("site", "stream", 4, 2, 1, paired=2, surplus=1)
    assert users(path) == "abbcd"


def test_another_exchange_has_its_own_records(path: Path, intake: Intake) -> None:
    intake.keep_stream(Source("other", Wire.STREAM), "stream:x", 1, records("a"), b"raw")
    assert fetch(intake, "a").same == 0
    assert users(path) == "aa"


def test_thirteen_equal_records_stay_thirteen(path: Path, intake: Intake) -> None:
    intake.keep_stream(STREAM, "stream:x", 1, records("a" * 13), b"raw")
    assert fetch(intake, "a" * 13).same == 13
    assert users(path) == "a" * 13


def test_the_same_content_compressed_otherwise_is_the_same_file(
    path: Path, intake: Intake, connection: sqlite3.Connection
) -> None:
    fetch(intake, "aab", raw=b"one way")
    assert fetch(intake, "aab", raw=b"another") == Stored(0, 3, 0)
    assert users(path) == "aab"
    assert connection.execute("SELECT seen_count FROM file").fetchall() == [(2,)]


def test_another_content_under_the_name_brings_what_it_has_more(path: Path, intake: Intake) -> None:
    fetch(intake, "aab")
    assert fetch(intake, "baca") == Stored(1, 3, 0)
    assert fetch(intake, "aaacd") == Stored(2, 3, 0)
    assert users(path) == "aabcad"


def test_what_cannot_be_read_is_set_aside_once_of_every_content(path: Path, intake: Intake) -> None:
    for told in ("a", "ab"):
        pieces = [*records(told), BAD, BAD]
        intake.keep_account_file(FILES, file(), pieces, b"Z", None)
    with Reading(path) as store:
        assert [one.sequence for one in store.quarantine()] == [2, 3]


def test_numbers_without_a_file_are_gaps_of_files_not_of_tickets(
    path: Path, intake: Intake
) -> None:
    for name in (
        "TAXAAAAC.DAT",
        "TAXAAAAA.DAT",
        "TAXAAAAG.DAT",
        "TAXBAAAA.DAT",
        "TAXAAAAB_AC199E64.DAT",
    ):
        fetch(intake, name[3:8], name)
    fetch(intake, "AAAAAB", "TAXAAAAA.DAT")
    intake.move_marker(FILES, MARKER)
    with Reading(path) as store:
        (status,) = store.status()
    assert (status.missing, status.gaps, status.marker) == (0, (), MARKER.name)
    assert status.file_gaps == (
        FileGap("TAXAAAAA.DAT", "TAXAAAAC.DAT", 1), FileGap("TAXAAAAC.DAT", "TAXAAAAG.DAT", 3),
    )  # fmt: skip
    assert (status.files, status.missing_files) == (6, 4)


def test_equal_files_under_two_names_are_two(path: Path, intake: Intake) -> None:
    fetch(intake, "a")
    fetch(intake, "a", "TAXAAAAB.DAT")
    assert users(path) == "aa"


def test_the_marker_moves_with_the_file_alone(path: Path, intake: Intake) -> None:
    assert intake.marker(FILES) is None
    pieces: list[Piece] = [*records("a"), BAD]
    assert intake.keep_account_file(FILES, file(), pieces, b"Z", MARKER) == Stored(1, 0, 1)
    assert intake.marker(FILES) == MARKER
    fetch(intake, "b", "TAXAAAAC.DAT")
    assert intake.marker(FILES) == MARKER
    again = Marker("TAXAAAAA.DAT", 1, "cd" * 32)
    intake.move_marker(FILES, again)
    assert intake.marker(FILES) == again
    assert intake.marker(STREAM) is None
    with Reading(path) as store:
        assert [(one.sequence, one.reason) for one in store.quarantine()] == [(2, BAD.reason)]


@pytest.mark.parametrize("table", ["ticket", "answer", "quarantine", "file", "marker"])
def test_a_file_that_cannot_be_kept_leaves_nothing(
    connection: sqlite3.Connection, intake: Intake, table: str
) -> None:
    connection.execute(
        f"CREATE TRIGGER full BEFORE INSERT ON {table} BEGIN SELECT raise(FAIL, 'full'); END"
    )
    with pytest.raises(StoreUnusable):
        intake.keep_account_file(FILES, file(), [*records("a"), BAD], b"Z", MARKER)
    for one in ("ticket", "answer", "quarantine", "file", "source", "marker"):
        query = f"SELECT count(*) FROM {one}"  # noqa: S608 - our own words
        assert connection.execute(query).fetchone() == (0,)
    connection.execute("DROP TRIGGER full")
    stored = intake.keep_account_file(FILES, file(), [*records("a"), BAD], b"Z", MARKER)
    assert stored == Stored(1, 0, 1)
