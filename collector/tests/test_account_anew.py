"""Account files of an exchange that counts anew: the same names, other files.

A cold reset may come at any moment: between two rounds of a collector that lives, and before one
that was killed in the middle of what came behind it. The exchange is a dictionary; there is no
socket.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from oxo_collector.account.landing import Landing
from oxo_collector.account.machine import AccountCollection, Plan
from oxo_collector.account.messages import Entry
from oxo_collector.account.reading import Reader
from oxo_collector.account.shell import Shell
from oxo_collector.decoders.account_file import Limits
from oxo_collector.failure import Failure, Fault
from oxo_collector.fetching import Beginning, Failed, Refused
from oxo_collector.intake import Intake
from oxo_collector.receipt import Source, Wire
from oxo_collector.rests import Rests
from oxo_collector.store import Reading, open_for_writing

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
HEADER, LINE = (VECTORS / "oxe-file/taxaaaaa-plain.txt").read_bytes().splitlines()[:2]
SOURCE = Source("site", Wire.ACCOUNT)
CUT = Failed(Failure("the connection was cut", "file", Fault.NETWORK))
REFUSED = Refused(Failure("permission denied", "file", Fault.EXCHANGE))
A, B, C = (f"TAXAAAA{letter}.DAT" for letter in "ABC")


def text(*numbers: int) -> bytes:
    """A whole file with these called numbers; as many numbers, as many bytes."""
    records = [LINE[:5] + f"{number:<30}".encode() + LINE[35:] for number in numbers]
    return b"".join(line + b"\n" for line in (HEADER, *records))


class Exchange:
    """Files in memory, one count of them after the other: each round has the next.

    The last one stays. What is odd happens once: the next fetch of that file fails so.
    """

    def __init__(self, *counts: dict[str, bytes], index: bool = True) -> None:
        self.counts = [counts[0], *counts]
        self.has_index = index
        self.hour = 9
        self.odd: dict[str, Refused | Failed] = {}
        self.fetched: list[str] = []
        self.rounds = 0
        self.stop = threading.Event()

    @property
    def files(self) -> dict[str, bytes]:
        return self.counts[0]

    def log_in(self) -> Refused | Failed | None:
        if len(self.counts) > 1:
            del self.counts[0]
            self.hour += 1
        return None

    def compress(self) -> Refused | Failed | None:
        return None

    def index(self) -> bytes | Refused | Failed | None:
        lines = "".join(f"{name} 24/02/20 {self.hour}:00:00\n" for name in self.files)
        return lines.encode() if self.has_index else None

    def names(self) -> list[str] | Refused | Failed:
        return list(self.files)

    def measure(self, names: Sequence[str]) -> list[Entry] | Refused | Failed:
        return [Entry(name, len(self.files[name])) for name in names]

    def fetch(self, entry: Entry, beginning: Beginning) -> bool | Refused | Failed:
        if entry.name in self.odd:
            return self.odd.pop(entry.name)
        self.fetched.append(entry.name)
        beginning.add(self.files[entry.name])
        return False

    def hang_up(self) -> None:
        self.rounds -= 1
        if self.rounds <= 0:
            self.stop.set()


class Site:
    """A store, and the processes that fill it one after the other."""

    def __init__(self, intake: Intake, path: Path) -> None:
        self.intake = intake
        self.path = path

    def collect(self, exchange: Exchange, rounds: int = 1) -> None:
        """Let one process collect for so many rounds."""
        exchange.rounds = rounds
        exchange.stop.clear()
        plan = Plan("oldest", False, 0.001, 0.001, 10_000_000, "sftp://exchange")
        with Landing(self.path.with_name("part")) as landing:
            Shell(
                SOURCE,
                "",
                collection=AccountCollection(plan, Rests(0.001, 0.001, lambda: 0.0)),
                wire=exchange,
                door=self.intake,
                landing=landing,
                read=Reader("Europe/Paris", 2, Limits(text_bytes_max=1024 * 1024)).read,
                stop=exchange.stop,
                report=lambda _: None,
            ).run()

    def dialled(self) -> list[str]:
        with Reading(self.path) as store:
            return [row.canonical.partition(b'"dialled_number":"')[2].partition(b'"')[0].decode()
                    for row in store.tickets()]  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    path = tmp_path / "tickets.db"
    with closing(open_for_writing(path)) as connection:
        yield Site(Intake(connection, lambda: datetime(2020, 2, 24, 15, tzinfo=UTC)), path)


def test_a_living_collector_sees_a_file_of_the_markers_name_and_length_by_its_line(
    site: Site,
) -> None:
    exchange = Exchange({A: text(1)}, {A: text(5)})
    site.collect(exchange, rounds=3)
    assert site.dialled() == ["1", "5"]
    assert exchange.fetched == [A, A, A]  # the last for the store, the one before to be compared


def test_without_an_index_a_failure_lets_the_markers_file_be_compared_again(site: Site) -> None:
    exchange = Exchange({A: text(1), B: text(2)}, {A: text(1), B: text(2), C: text(3)},
                        {A: text(5), B: text(6), C: text(7)}, index=False)  # fmt: skip
    site.collect(exchange, rounds=1)
    exchange.odd[C] = CUT  # by the reset
    site.collect(exchange, rounds=4)
    assert sorted(site.dialled()) == ["1", "2", "5", "6", "7"]


def test_a_marker_that_was_found_void_stays_so_until_a_file_is_stored(site: Site) -> None:
    site.collect(Exchange({A: text(1), B: text(2)}))
    anew = Exchange({A: text(5), B: text(6)})
    anew.odd[A] = CUT
    site.collect(anew, rounds=2)
    assert sorted(site.dialled()) == ["1", "2", "5", "6"]


def test_a_markers_file_that_is_not_given_to_be_compared_is_asked_for_again(site: Site) -> None:
    site.collect(Exchange({A: text(1)}))
    anew = Exchange({A: text(5), B: text(6)})
    anew.odd[A] = REFUSED
    site.collect(anew, rounds=2)
    assert sorted(site.dialled()) == ["1", "5", "6"]


@pytest.mark.parametrize("index", [True, False])
@pytest.mark.parametrize("odd", [REFUSED, CUT])
def test_what_was_passed_over_behind_a_new_count_is_fetched_by_the_next_process(
    site: Site, odd: Refused | Failed, *, index: bool
) -> None:
    """A marker that is not listed any more, and one that is (with another length)."""
    site.collect(Exchange({A: text(1), B: text(2), C: text(3)}, index=index))
    for number, count in enumerate(({A: text(5), B: text(6)}, {A: text(7), B: text(8, 8)})):
        anew = Exchange(count, index=index)
        anew.odd[A] = odd
        site.collect(anew, rounds=1 if odd is REFUSED else 2)
        assert len(site.dialled()) == (4, 7)[number] or odd is CUT
        site.collect(Exchange(count, index=index))
    assert sorted(site.dialled()) == ["1", "2", "3", "5", "6", "7", "8", "8"]


def test_a_count_that_only_seemed_new_stores_nothing_twice(site: Site) -> None:
    files = {A: text(1, 1), B: text(2), C: text(3)}
    site.collect(Exchange(files))
    site.collect(Exchange({A: files[A], B: files[B]}, files), rounds=3)
    site.collect(Exchange(files))
    assert site.dialled() == ["1", "1", "2", "3"]
