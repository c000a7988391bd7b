"""The file collection with a store: what is kept, when it goes, and what a crash leaves."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from oxo_collector.decoders.alz_layout import RECORD_BYTES
from oxo_collector.failure import Failure, Fault
from oxo_collector.fetching import Failed, Refused
from oxo_collector.intake import Intake
from oxo_collector.nmc.machine import FileCollection, Plan
from oxo_collector.nmc.messages import Entry
from oxo_collector.nmc.shell import Shell
from oxo_collector.receipt import FileState, Source, Wire
from oxo_collector.report import Report
from oxo_collector.rests import Rests
from oxo_collector.store import StoreUnusable, open_for_writing

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "oxo-alz"
SIX = (VECTORS / "six-kinds.alz").read_bytes()
SOURCE = Source("head-office", Wire.NMC)
CUT = Failed(Failure("the connection was cut", "file", Fault.NETWORK))


class Exchange:
    """Files in memory; after so many rounds it asks for the stop."""

    def __init__(self, files: dict[str, bytes], rounds: int = 1) -> None:
        self.files = files
        self.rounds = rounds
        self.fetched: list[str] = []
        self.deleted: list[str] = []
        self.odd: dict[str, Failed] = {}
        self.cut_before_deletion = False
        self.sure = False
        self.refuses = False
        self.lists_nothing = False
        self.beyond: set[str] = set()
        self.let_gone: list[str] = []
        self.stop = threading.Event()

    def log_in(self) -> Refused | Failed | None:
        return None

    def list_files(self) -> tuple[list[Entry], int] | Refused | Failed:
        entries = [Entry(name, len(raw), "1") for name, raw in sorted(self.files.items())]
        return entries, 0

    def fetch(self, entry: Entry) -> tuple[bytes, bool] | Refused | Failed:
        self.fetched.append(entry.name)
        return self.odd.pop(entry.name, None) or (self.files[entry.name], False)

    def lists(self, name: str) -> bool | None:
        return None if self.lists_nothing else name in self.files or name in self.beyond

    def let_go(self, name: str) -> None:
        self.let_gone.append(name)

    def delete(self, entry: Entry) -> bool | Refused | Failed:
        if self.cut_before_deletion:
            self.cut_before_deletion = False
            return CUT
        if self.refuses:
            return Refused(Failure("refused (550 No.)", "deletion", Fault.EXCHANGE))
        self.deleted.append(entry.name)
        del self.files[entry.name]
        return self.sure

    def hang_up(self) -> None:
        self.rounds -= 1
        if self.rounds <= 0:
            self.stop.set()


def beginning(count: int) -> bytes:
    """The first tickets of six, with the header that tells so many."""
    begin = SIX.index(b"#DataBegin\n") + 11
    told = re.sub(rb"(#TicketNumber=)6", rb"\g<1>%d" % count, SIX[:begin])
    return told + SIX[begin : begin + count * RECORD_BYTES]


def users(intake: Intake) -> list[tuple[str, int]]:
    query = "SELECT epoch, sequence FROM ticket"
    return intake._read(query)


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    connection = open_for_writing(tmp_path / "tickets.db")
    yield Intake(connection, lambda: datetime(2020, 2, 24, 15, 0, tzinfo=UTC))
    connection.close()


def collect(exchange: Exchange, intake: Intake, after: str = "delete") -> list[Report]:
    told: list[Report] = []
    plan = Plan("leave" if after == "leave" else "delete", 0.001, 10_000, "ftp://exchange")
    Shell(
        SOURCE,
        "Europe/Paris",
        collection=FileCollection(plan, Rests(0.001, 0.001, lambda: 0.0)),
        wire=exchange,
        door=intake,
        stop=exchange.stop,
        report=told.append,
    ).run()
    return told


def test_a_file_is_kept_and_deleted(intake: Intake) -> None:
    exchange = Exchange({"ALZ0001.ALZ": SIX})
    (stored,) = collect(exchange, intake)
    assert (stored.text, stored.fields["new"]) == ("file stored", 6)
    assert exchange.deleted == ["ALZ0001.ALZ"]
    known = intake.files(SOURCE)["ALZ0001.ALZ"]
    assert (known.size_bytes, known.state) == (len(SIX), FileState.DELETED)


def test_a_left_file_is_fetched_and_counted_once(intake: Intake) -> None:
    exchange = Exchange({"ALZ0001.ALZ": SIX}, rounds=3)
    collect(exchange, intake, "leave")
    assert exchange.fetched == ["ALZ0001.ALZ"]
    again = Exchange({"ALZ0001.ALZ": SIX})
    (stored,) = collect(again, intake, "leave")
    assert (stored.fields["new"], stored.fields["known"]) == (0, 6)
    assert again.files
    assert intake.files(SOURCE)["ALZ0001.ALZ"].state is FileState.LEFT


@pytest.mark.parametrize("later", ["ALZ0001.ALZ", "ALZ0002.ALZ"])
def test_tickets_of_a_file_that_was_not_deleted_are_known_in_the_one_that_goes_on_with_it(
    intake: Intake, later: str
) -> None:
    exchange = Exchange({"ALZ0001.ALZ": beginning(2)})
    exchange.cut_before_deletion = True
    collect(exchange, intake)
    stored, *_ = collect(Exchange({later: beginning(5)}), intake)
    assert (stored.fields["new"], stored.fields["known"]) == (3, 2)
    assert len(users(intake)) == 5


def test_a_left_file_that_grows_counts_each_ticket_once(intake: Intake) -> None:
    for count in (1, 2, 2, 4):
        collect(Exchange({"ALZ0001.ALZ": beginning(count)}), intake, "leave")
    assert len(users(intake)) == 4


def test_a_clock_that_is_set_back_changes_nothing_of_that(tmp_path: Path) -> None:
    hours = iter(range(23, 0, -1))
    connection = open_for_writing(tmp_path / "tickets.db")
    intake = Intake(connection, lambda: datetime(2020, 2, 24, next(hours), tzinfo=UTC))
    for count in (1, 3, 6):
        collect(Exchange({"ALZ0001.ALZ": beginning(count)}), intake, "leave")
    assert len(users(intake)) == 6
    connection.close()


def test_a_left_file_whose_last_record_was_cut_off_is_gone_on_with(intake: Intake) -> None:
    whole = beginning(4)
    collect(Exchange({"ALZ0001.ALZ": whole[:-50]}), intake)
    stored, *_ = collect(Exchange({"ALZ0001.ALZ": whole}), intake)
    assert (stored.fields["new"], stored.fields["known"]) == (1, 3)
    assert len(users(intake)) == 4


def test_what_only_resembles_the_file_before_is_another_file(intake: Intake) -> None:
    collect(Exchange({"ALZ0001.ALZ": SIX}), intake, "leave")
    (stored,) = collect(Exchange({"ALZ0001.ALZ": beginning(5)}), intake, "leave")
    assert (stored.fields["new"], stored.fields["known"]) == (5, 0)
    (stored,) = collect(Exchange({"ALZ0002.ALZ": beginning(5)}), intake, "leave")
    assert (stored.fields["new"], stored.fields["known"]) == (5, 0)


def test_equal_neighbours_in_a_file_and_in_two_files_are_as_many_as_they_were(
    intake: Intake,
) -> None:
    twins = (VECTORS / "line-feeds-inside.alz").read_bytes()
    told = collect(Exchange({"ALZ0001.ALZ": twins, "ALZ0002.ALZ": twins}), intake)
    assert [one.fields["new"] for one in told] == [3, 3]


def test_a_transfer_that_was_cut_is_fetched_in_the_next_round(intake: Intake) -> None:
    exchange = Exchange({"ALZ0001.ALZ": SIX}, rounds=2)
    exchange.odd["ALZ0001.ALZ"] = CUT
    cut, stored = collect(exchange, intake)
    assert "the connection was cut" in cut.text
    assert stored.fields["new"] == 6


def test_nothing_is_deleted_that_the_store_refused(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreUnusable("the store cannot be written: full")

    monkeypatch.setattr(intake, "keep_file", full)
    exchange = Exchange({"ALZ0001.ALZ": SIX})
    (told,) = collect(exchange, intake)
    assert "at fault: this machine" in told.text
    assert (exchange.deleted, list(exchange.files)) == ([], ["ALZ0001.ALZ"])


def test_a_doubtful_file_is_kept_with_what_is_there_and_left(intake: Intake) -> None:
    raw = (VECTORS / "truncated-last-record.alz").read_bytes()
    exchange = Exchange({"ALZ0001.ALZ": raw}, rounds=2)
    stored, doubt = collect(exchange, intake)
    assert (stored.fields["new"], stored.fields["quarantined"]) == (2, 2)
    assert "ticket count differs: the header tells 3, 2 are there" in doubt.text
    assert (exchange.deleted, exchange.fetched) == ([], ["ALZ0001.ALZ"] * 2)


def test_a_file_without_a_ticket_is_deleted_without_a_word(intake: Intake) -> None:
    empty = (VECTORS / "empty.alz").read_bytes()
    exchange = Exchange({"ALZ0001.ALZ": empty, "ALZ0002.ALZ": b""})
    assert collect(exchange, intake) == []
    assert exchange.deleted == ["ALZ0001.ALZ", "ALZ0002.ALZ"]
    assert intake.files(SOURCE) == {}


def test_a_stop_before_the_beginning_asks_nothing(intake: Intake) -> None:
    exchange = Exchange({"ALZ0001.ALZ": SIX})
    exchange.stop.set()
    assert collect(exchange, intake) == []
    assert exchange.fetched == []


def test_the_very_same_file_again_is_another_once_it_was_deleted_and_gone(intake: Intake) -> None:
    """The second pass of a repeated hour, or a cold reset: name and bytes are no identity."""
    collect(Exchange({"ALZ0001.ALZ": SIX}), intake)
    collect(Exchange({}), intake)
    assert intake.files(SOURCE)["ALZ0001.ALZ"].state is FileState.GONE
    (stored,) = collect(Exchange({"ALZ0001.ALZ": SIX}), intake)
    assert (stored.fields["new"], stored.fields["known"]) == (6, 0)
    assert len(users(intake)) == 12
    assert intake.files(SOURCE)["ALZ0001.ALZ"].state is FileState.DELETED
    epochs = {epoch for epoch, _ in users(intake)}
    assert len(epochs) == 2
    assert max(epochs) == f"{min(epochs)}:2"


def test_the_very_same_file_at_once_is_another_where_the_exchange_says_that_the_first_is_gone(
    intake: Intake,
) -> None:
    exchange = Exchange({"ALZ0001.ALZ": SIX})
    exchange.sure = True
    collect(exchange, intake)
    assert intake.files(SOURCE)["ALZ0001.ALZ"].state is FileState.GONE
    (stored,) = collect(Exchange({"ALZ0001.ALZ": SIX}), intake)
    assert (stored.fields["new"], stored.fields["known"]) == (6, 0)


def test_a_file_that_is_listed_on_though_its_deletion_was_told_is_no_other(intake: Intake) -> None:
    collect(Exchange({"ALZ0001.ALZ": SIX}), intake)
    (stored,) = collect(Exchange({"ALZ0001.ALZ": SIX}), intake)
    assert (stored.fields["new"], stored.fields["known"]) == (0, 6)


@pytest.mark.parametrize("after", ["delete", "leave"])
def test_a_left_file_that_is_not_listed_once_stays_what_it_is(intake: Intake, after: str) -> None:
    """Nobody deleted it, or nobody knows whether the deletion arrived: it is the same again."""
    exchange = Exchange({"ALZ0001.ALZ": SIX})
    exchange.cut_before_deletion = True
    collect(exchange, intake, after)
    collect(Exchange({}), intake, after)
    (stored,) = collect(Exchange({"ALZ0001.ALZ": SIX}), intake, after)
    assert (stored.fields["new"], stored.fields["known"]) == (0, 6)


def test_what_was_refused_to_be_deleted_is_not_gone_for_a_list_that_was_refused(
    intake: Intake,
) -> None:
    """450 or 550 may mean that there is none, or that the exchange is busy."""
    exchange = Exchange({"ALZ0001.ALZ": SIX})
    exchange.refuses = True
    collect(exchange, intake)
    exchange = Exchange({})
    exchange.lists_nothing = True
    collect(exchange, intake)
    assert intake.files(SOURCE)["ALZ0001.ALZ"].state is FileState.UNDELETED
    (stored, *_) = collect(Exchange({"ALZ0001.ALZ": SIX}), intake)
    assert (stored.fields["new"], stored.fields["known"]) == (0, 6)


def test_what_was_deleted_is_gone_when_the_exchange_says_that_there_is_none(
    intake: Intake,
) -> None:
    collect(Exchange({"ALZ0001.ALZ": SIX}), intake)
    exchange = Exchange({})
    exchange.lists_nothing = True
    collect(exchange, intake)
    assert intake.files(SOURCE)["ALZ0001.ALZ"].state is FileState.GONE


def test_what_stands_beyond_the_files_that_are_looked_at_is_not_gone(intake: Intake) -> None:
    exchange = Exchange({"ALZ0001.ALZ": SIX})
    exchange.refuses = True
    collect(exchange, intake)
    exchange = Exchange({})
    exchange.beyond = {"ALZ0001.ALZ"}
    collect(exchange, intake)
    (stored, *_) = collect(Exchange({"ALZ0001.ALZ": SIX}), intake)
    assert (stored.fields["new"], stored.fields["known"]) == (0, 6)


def damaged(place: int) -> bytes:
    """The file with an impossible month in its third record: the way there did it."""
    begin = SIX.index(b"#DataBegin\n") + 11 + 2 * RECORD_BYTES + 15
    return SIX[:begin] + bytes([place]) + SIX[begin + 1 :]


class Damaging(Exchange):
    """The link damages what comes, so many times."""

    def __init__(self, times: int, rounds: int = 1) -> None:
        super().__init__({"ALZ0001.ALZ": SIX}, rounds)
        self.times = times

    def fetch(self, entry: Entry) -> tuple[bytes, bool] | Refused | Failed:
        super().fetch(entry)
        self.times -= 1
        return (damaged(20 + self.times) if self.times >= 0 else SIX), False


def test_what_the_link_damages_is_not_kept_and_the_next_round_has_it_whole(intake: Intake) -> None:
    exchange = Damaging(1)
    (told,) = collect(exchange, intake)
    assert "came in other bytes when it was fetched again" in told.text
    assert (users(intake), exchange.deleted) == ([], [])
    exchange = Damaging(2, rounds=2)
    told, stored = collect(exchange, intake)
    assert (stored.fields["new"], stored.fields["quarantined"]) == (6, 0)
    assert exchange.deleted == ["ALZ0001.ALZ"]
    assert len(users(intake)) == 6


def test_what_the_exchange_itself_wrote_so_is_kept_with_what_cannot_be_read(intake: Intake) -> None:
    exchange = Exchange({"ALZ0001.ALZ": damaged(13)})
    (stored,) = collect(exchange, intake)
    assert (stored.fields["new"], stored.fields["quarantined"]) == (5, 1)
    assert exchange.fetched == ["ALZ0001.ALZ"] * 2
    assert exchange.deleted == ["ALZ0001.ALZ"]
