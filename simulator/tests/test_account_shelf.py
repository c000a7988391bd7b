"""The shelf of account files: names, index, what a fetch leaves behind, what ages out."""

import hashlib
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from oxo_simulator.account.closing import Rules
from oxo_simulator.account.names import count_of, file_name
from oxo_simulator.account.shelf import AccountFile, Shelf, Terms, Transfer
from oxo_simulator.exchange.moment import Moment
from oxo_simulator.ftp.files import NoSuchFile, Visitor

VECTORS = Path(__file__).parents[2] / "vectors/oxe-file"
RULES = Rules(True, timedelta(minutes=90), timedelta(days=31))
START = datetime(2020, 2, 12, 11, 0, 4, tzinfo=UTC)
ONE, TWO = Visitor("a1", "c1"), Visitor("a2", "c2")


def at(seconds: float = 0) -> Moment:
    utc = START + timedelta(seconds=seconds)
    return Moment(utc.replace(tzinfo=None), 0, utc, "UTC")


class Store:
    """An outlet on paper."""

    def __init__(self) -> None:
        self.journal: list[tuple[Any, ...]] = []

    def filed(self, last: int, file: str) -> None:
        self.journal.append(("filed", last, file))

    def file_offered(self, first: int, last: int, file: str, session: str, connection: str) -> None:
        self.journal.append(("offered", first, last, file, session, connection))

    def file_fetched(self, first: int, last: int, file: str, session: str, connection: str) -> None:
        self.journal.append(("fetched", first, last, file, session, connection))

    def file_expired(self, first: int, last: int, file: str, *, fetched: bool) -> None:
        self.journal.append(("expired", first, last, file, fetched))


def text(records: Sequence[bytes]) -> bytes:
    return b"#\n" + b"".join(record + b"\n" for record in records)


def squeeze(plain: bytes) -> bytes:
    return b"Z" + plain


class Desk:
    """A shelf, what it wrote down, and tickets for it."""

    def __init__(self, **terms: Any) -> None:
        self.store = Store()
        self.shelf = Shelf(self.store, text, squeeze, Terms(RULES, **terms))
        self.sequence = 0

    def put(self, count: int = 1, seconds: float = 0) -> None:
        for _ in range(count):
            self.sequence += 1
            self.shelf.put(self.sequence, b"%04d" % self.sequence, at(seconds))

    def closed(self, count: int = 1, seconds: float = 0) -> AccountFile:
        self.put(count, seconds)
        file = self.shelf.close(at(seconds))
        assert file is not None
        return file

    def words(self, event: str) -> list[tuple[Any, ...]]:
        return [line[1:] for line in self.store.journal if line[0] == event]

    @property
    def names(self) -> list[str]:
        return [file.name for file in self.shelf.files]

    def fetch(self, name: str, visitor: Visitor = ONE, begin: int = 0) -> Transfer:
        return self.shelf.begin(name, visitor, begin)


# Names.


@pytest.mark.parametrize(
    ("letters", "after"),
    [("AAAAA", "AAAAB"), ("AAAAZ", "AAABA"), ("AZZZZ", "BAAAA"), ("ZZZZZ", "AAAAA")],
)
def test_names_count_with_carry_and_begin_again(letters: str, after: str) -> None:
    count = count_of(letters)
    assert file_name(count) == f"TAX{letters}.DAT"
    assert file_name(count + 1) == f"TAX{after}.DAT"


def test_names_of_the_field_follow_each_other() -> None:
    """2,307 names without a gap from TAXAXBGU to TAXAXERM."""
    assert count_of("AXERM") - count_of("AXBGU") == 2306
    assert file_name(count_of("AXBGU") + 2306) == "TAXAXERM.DAT"


def test_the_index_has_a_line_for_each_file_as_the_vector_has() -> None:
    desk = Desk(first_count=count_of("AAAAX"))
    for number in range(6):
        desk.closed(seconds=number * 3607)
    assert desk.names[-1] == "ACCOUNT.LIS"
    index = desk.shelf.file("ACCOUNT.LIS")
    assert index.content.data == (VECTORS / "account-lis.lis").read_bytes()
    assert index.at == datetime(2020, 2, 12, 16, 0, 39)  # noqa: DTZ001 - wall clock


def test_behind_the_last_name_the_count_begins_again_and_the_index_keeps_the_order() -> None:
    desk = Desk(first_count=count_of("ZZZZZ"))
    desk.closed()
    desk.closed()
    assert desk.names[:2] == ["TAXZZZZZ.DAT", "TAXAAAAA.DAT"]
    lines = desk.shelf.file("ACCOUNT.LIS").content.data.decode().splitlines()
    assert [line.split()[0] for line in lines] == desk.names[:2]


def test_without_files_there_is_no_index_and_a_profile_may_have_none_at_all() -> None:
    desk, bare = Desk(), Desk(index=False)
    assert desk.names == []
    bare.closed()
    assert bare.names == ["TAXAAAAA.DAT"]
    with pytest.raises(NoSuchFile, match="ACCOUNT"):
        bare.shelf.file("ACCOUNT.LIS")


# Open and closed.


def test_a_closed_file_is_compressed_text_and_its_tickets_have_left() -> None:
    desk = Desk()
    desk.put(2)
    assert (desk.names, desk.words("filed")) == ([], [])
    file = desk.shelf.close(at(7))
    assert file is not None
    assert file.content.data == b"Z#\n0001\n0002\n"
    assert (file.name, file.first, file.last) == ("TAXAAAAA.DAT", 1, 2)
    assert file.at == datetime(2020, 2, 12, 11, 0, 11)  # noqa: DTZ001 - wall clock
    assert desk.words("filed") == [(2, "TAXAAAAA.DAT")]
    desk.closed()
    assert desk.words("filed") == [(2, "TAXAAAAA.DAT"), (3, "TAXAAAAB.DAT")]
    assert desk.shelf.bytes_count == 13 + 8


def test_where_nothing_was_written_there_is_nothing_to_close_and_no_name_is_spent() -> None:
    desk = Desk()
    assert desk.shelf.close(at()) is None
    assert desk.shelf.closes_at() is None
    assert desk.closed().name == "TAXAAAAA.DAT"
    assert desk.shelf.close(at()) is None


def test_a_full_file_is_closed_and_the_next_ticket_opens_another() -> None:
    desk = Desk(file_tickets_max=2)
    desk.put(5)
    assert desk.words("filed") == [(2, "TAXAAAAA.DAT"), (4, "TAXAAAAB.DAT")]
    assert desk.shelf.closes_at() is not None


def test_what_is_spilled_of_the_open_file_shows_as_tax_tmp() -> None:
    desk = Desk(memory_records=2)
    desk.put(1)
    assert desk.names == []
    desk.put(2)
    assert desk.names == ["tax.tmp"]
    assert desk.shelf.file("tax.tmp").content.data == b"#\n0001\n0002\n"
    desk.put(1)
    assert desk.shelf.file("tax.tmp").content.data == b"#\n0001\n0002\n0003\n0004\n"
    desk.shelf.close(at())
    assert desk.names == ["TAXAAAAA.DAT", "ACCOUNT.LIS"]


def test_the_open_file_may_be_shown_whole_or_not_at_all() -> None:
    shown, hidden = Desk(open_shown="shown"), Desk(open_shown="hidden", memory_records=1)
    shown.put(1)
    hidden.put(1)
    assert shown.shelf.file("tax.tmp").content.data == b"#\n0001\n"
    assert hidden.names == []
    shown.put(1)
    assert shown.shelf.file("tax.tmp").content.data == b"#\n0001\n0002\n"


def test_what_is_fetched_of_the_open_file_and_the_index_is_not_written_down() -> None:
    desk = Desk(open_shown="shown")
    desk.closed()
    desk.put(1)
    for name in ("tax.tmp", "ACCOUNT.LIS"):
        transfer = desk.fetch(name)
        before = transfer.file.content.data
        desk.put(1)
        assert transfer.file.content.data == before
        transfer.end(len(before), in_order=True)
    assert [line[0] for line in desk.store.journal] == ["filed"]


# Fetching.


def test_a_fetch_is_written_down_each_time_and_takes_nothing_away() -> None:
    desk = Desk()
    file = desk.closed(3)
    for visitor in (ONE, TWO):
        transfer = desk.fetch(file.name, visitor)
        assert not transfer.end(len(file.content), in_order=True)
        transfer.end(len(file.content), in_order=True)  # again: nothing
    assert desk.words("offered") == [(1, 3, file.name, *ONE), (1, 3, file.name, *TWO)]
    assert desk.words("fetched") == [(1, 3, file.name, *ONE), (1, 3, file.name, *TWO)]
    assert desk.names == [file.name, "ACCOUNT.LIS"]


def test_files_may_be_fetched_in_any_order() -> None:
    desk = Desk()
    first, second = desk.closed(), desk.closed()
    for file in (second, first):
        desk.fetch(file.name).end(len(file.content), in_order=True)
    assert [line[2] for line in desk.words("fetched")] == [second.name, first.name]


def test_a_broken_fetch_is_none_and_its_rest_makes_it_whole() -> None:
    desk = Desk()
    file = desk.closed(3)
    desk.fetch(file.name).end(5, in_order=False)
    assert desk.words("fetched") == []
    rest = desk.fetch(file.name, TWO, begin=5)
    assert rest.file.content.read(5, 100) == file.content.data[5:]
    rest.end(len(file.content) - 5, in_order=True)
    assert desk.words("fetched") == [(1, 3, file.name, *TWO)]


@pytest.mark.parametrize("in_order", [False, True])
def test_whoever_skips_a_byte_has_not_fetched(*, in_order: bool) -> None:
    desk = Desk()
    file = desk.closed(3)
    size = len(file.content)
    desk.fetch(file.name).end(5, in_order=False)
    desk.fetch(file.name, begin=6).end(size - 6, in_order=True)
    desk.fetch(file.name).end(size, in_order=False)
    assert desk.words("fetched") == []
    if in_order:
        desk.fetch(file.name, begin=size).end(0, in_order=True)
        assert len(desk.words("fetched")) == 1


def test_the_end_of_a_file_alone_is_no_second_fetch() -> None:
    desk = Desk()
    file = desk.closed()
    size = len(file.content)
    desk.fetch(file.name).end(size, in_order=True)
    desk.fetch(file.name, begin=size - 1).end(1, in_order=True)
    assert len(desk.words("fetched")) == 1


def test_a_transfer_cannot_begin_behind_the_end_nor_of_nothing() -> None:
    desk = Desk()
    file = desk.closed()
    with pytest.raises(ValueError, match="the file has 8"):
        desk.fetch(file.name, begin=9)
    with pytest.raises(NoSuchFile, match="TAXAAAAB"):
        desk.fetch("TAXAAAAB.DAT")
    with pytest.raises(NoSuchFile):
        desk.shelf.delete(file.name, ONE)
    assert desk.words("offered") == []


def test_the_digest_is_of_the_bytes_that_went_over() -> None:
    content = Desk().closed(2).content
    assert content.digest(2, 3) == hashlib.sha256(content.data[2:5]).hexdigest()


# Ageing.


def test_a_file_ages_out_of_folder_and_index_and_says_whether_anybody_had_it() -> None:
    desk = Desk()
    first, second = desk.closed(), desk.closed(2, seconds=3600)
    desk.fetch(first.name).end(len(first.content), in_order=True)
    days = 31 * 24 * 3600
    desk.shelf.age(at(days - 1))
    assert desk.words("expired") == []
    desk.shelf.age(at(days))
    assert desk.words("expired") == [(1, 1, first.name, True)]
    assert desk.names == [second.name, "ACCOUNT.LIS"]
    assert desk.shelf.file("ACCOUNT.LIS").content.data.startswith(second.name.encode())
    desk.shelf.age(at(days + 3600))
    assert desk.words("expired")[1:] == [(2, 3, second.name, False)]
    assert (desk.names, desk.shelf.bytes_count) == (["ACCOUNT.LIS"], 0)
    assert desk.shelf.file("ACCOUNT.LIS").content.data == b""
    assert desk.closed().name == "TAXAAAAC.DAT", "a name was used twice"


def test_who_was_fetching_a_file_that_aged_out_still_gets_it() -> None:
    desk = Desk()
    file = desk.closed()
    transfer = desk.fetch(file.name)
    desk.shelf.age(at(32 * 24 * 3600))
    assert len(transfer.file.content.read(0, 100)) == len(file.content)
    transfer.end(len(file.content), in_order=True)
    assert [line[0] for line in desk.store.journal] == ["filed", "offered", "expired", "fetched"]


@pytest.mark.parametrize("limit", [{"files_max": 2}, {"files_bytes_max": 16}])
def test_beyond_a_limit_the_oldest_ages_out_early(limit: dict[str, int]) -> None:
    desk = Desk(**limit)
    for _ in range(4):
        desk.closed()
    assert desk.names[:-1] == ["TAXAAAAC.DAT", "TAXAAAAD.DAT"]
    assert [line[2] for line in desk.words("expired")] == ["TAXAAAAA.DAT", "TAXAAAAB.DAT"]


def test_the_newest_file_stays_however_large() -> None:
    desk = Desk(files_bytes_max=1)
    desk.closed()
    assert desk.closed(5).name in desk.names


# The snapshot.


def test_a_snapshot_shows_everything_and_never_changes() -> None:
    desk = Desk(open_shown="shown")
    file = desk.closed()
    desk.put(1, seconds=9)
    before = desk.shelf.snapshot()
    assert list(before) == [file.name, "ACCOUNT.LIS", "tax.tmp"]
    assert before[file.name] == (file.content.data, file.at, START.timestamp())
    assert before["tax.tmp"].mtime == START.timestamp() + 9
    with pytest.raises(TypeError):
        before["x"] = before[file.name]  # type: ignore[index]
    desk.closed()
    assert list(before) == [file.name, "ACCOUNT.LIS", "tax.tmp"]
    assert "TAXAAAAB.DAT" in desk.shelf.snapshot()


# Whatever comes in whatever order.


class Walk:
    """A random life of a shelf, and what is told of it."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - a walk
        self.desk = Desk(memory_records=2, file_tickets_max=7, files_max=20)
        self.seconds = 0.0
        self.under_way: list[Transfer] = []
        self.whole = 0

    def step(self) -> None:
        self.seconds += self.dice.choice((0, 1, 600, 3600, 24 * 3600))
        self.desk.shelf.age(at(self.seconds))
        self.dice.choice((self.put, self.put, self.close, self.begin, self.end))()

    def put(self) -> None:
        self.desk.put(self.dice.randint(1, 5), self.seconds)

    def close(self) -> None:
        self.desk.shelf.close(at(self.seconds))

    def begin(self) -> None:
        if self.desk.names:
            self.under_way.append(self.desk.fetch(self.dice.choice(self.desk.names)))

    def end(self) -> None:
        if self.under_way:
            transfer = self.under_way.pop(self.dice.randrange(len(self.under_way)))
            size = len(transfer.file.content)
            sent = self.dice.choice((0, size // 2, size))
            closed_file = isinstance(transfer.file, AccountFile)
            in_order = sent == size and self.dice.random() < 0.8
            self.whole += closed_file and in_order
            transfer.end(sent, in_order=in_order)


@pytest.mark.parametrize("seed", range(20))
def test_each_ticket_is_in_one_file_and_only_whole_fetches_count(seed: int) -> None:
    walk = Walk(seed)
    for _ in range(300):
        walk.step()
    walk.close()
    shelf, desk = walk.desk.shelf, walk.desk
    lasts = [last for last, _ in desk.words("filed")]
    assert lasts == sorted(set(lasts))
    assert lasts[-1] == desk.sequence
    kept = [file for file in shelf.files if isinstance(file, AccountFile)]
    expired = desk.words("expired")
    spans = [(first, last) for first, last, *_ in expired] + [(f.first, f.last) for f in kept]
    assert [last for _, last in spans] == lasts
    assert [first for first, _ in spans] == [1, *(last + 1 for last in lasts[:-1])]
    assert shelf.bytes_count == sum(len(file.content) for file in kept)
    assert shelf.count == len(kept) <= 20
    index = shelf.file("ACCOUNT.LIS").content.data.decode().splitlines()
    assert [line.split()[0] for line in index] == [file.name for file in kept]
    assert len(desk.words("fetched")) == walk.whole
