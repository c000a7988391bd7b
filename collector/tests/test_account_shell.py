"""The account collection with a store: rows and marker together, what a crash and a bad file leave.

The exchange is a dictionary; there is no socket.
"""

import stat
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import ncompress
import pytest
from oxo_collector.account.landing import Landing
from oxo_collector.account.machine import AccountCollection, Plan
from oxo_collector.account.messages import Entry
from oxo_collector.account.reading import Reader
from oxo_collector.account.shell import Shell
from oxo_collector.decoders.account_file import Limits
from oxo_collector.failure import Failure, Fault
from oxo_collector.fetching import Beginning, Failed, NoPlace, Refused
from oxo_collector.intake import Intake
from oxo_collector.receipt import Source, Wire
from oxo_collector.report import Level, Report
from oxo_collector.rests import Rests
from oxo_collector.store import Reading, StoreUnusable, open_for_writing

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
HEADER, LINE = (VECTORS / "oxe-file/taxaaaaa-plain.txt").read_bytes().splitlines()[:2]
SOURCE = Source("site", Wire.ACCOUNT)
CUT = Failed(Failure("the connection was cut", "file", Fault.NETWORK))
A, B, C, D = (f"TAXAAAA{letter}.DAT" for letter in "ABCD")
LIMITS = Limits(text_bytes_max=1024 * 1024)


def text(*numbers: int) -> bytes:
    """A whole file with these called numbers."""
    records = [LINE[:5] + f"{number:<30}".encode() + LINE[35:] for number in numbers]
    return b"".join(line + b"\n" for line in (HEADER, *records))


class Exchange:
    """Files in memory, and what goes wrong with them."""

    def __init__(self, **files: bytes) -> None:
        self.files = {f"TAXAAAA{letter}.DAT": raw for letter, raw in files.items()}
        self.listing: bytes | None = b""
        self.fetched: list[str] = []
        self.odd: dict[str, list[Failed | Refused]] = {}
        self.rounds = 1
        self.stop = threading.Event()

    def log_in(self) -> Refused | Failed | None:
        return None

    def compress(self) -> Refused | Failed | None:
        return None

    def index(self) -> bytes | Refused | Failed | None:
        if self.listing is None:
            return None
        return self.listing or "".join(f"{n} 24/02/20 10:00:00\n" for n in self.files).encode()

    def names(self) -> list[str] | Refused | Failed:
        return ["tax.tmp", *reversed(self.files)]

    def measure(self, names: Sequence[str]) -> list[Entry] | Refused | Failed:
        return [Entry(name, len(self.files[name])) for name in names]

    def fetch(self, entry: Entry, beginning: Beginning) -> bool | Refused | Failed:
        odd = self.odd.get(entry.name)
        if odd:
            return odd.pop(0)
        self.fetched.append(entry.name)
        assert beginning.length_bytes == 0  # what came whole is not gone on with
        beginning.add(self.files[entry.name])
        return False

    def hang_up(self) -> None:
        self.rounds -= 1
        if self.rounds <= 0:
            self.stop.set()


class Site:
    """A store, and the collections that fill it one after the other."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "tickets.db"
        self.part = folder / "tickets.db.site.account.part"
        self.connection = open_for_writing(self.path)
        self.intake = Intake(self.connection, lambda: datetime(2020, 2, 24, 15, tzinfo=UTC))

    def collect(
        self, exchange: Exchange, rounds: int = 1, start: Literal["oldest", "now"] = "oldest"
    ) -> list[Report]:
        exchange.rounds, told = rounds, list[Report]()
        exchange.stop.clear()
        plan = Plan(start, False, 0.001, 0.001, 10_000_000, "sftp://exchange")
        with Landing(self.part) as landing:
            Shell(
                SOURCE,
                "",
                collection=AccountCollection(plan, Rests(0.001, 0.001, lambda: 0.0)),
                wire=exchange,
                door=self.intake,
                landing=landing,
                read=Reader("Europe/Paris", 2, LIMITS).read,
                stop=exchange.stop,
                report=told.append,
            ).run()
        assert not self.part.exists()
        return told

    def dialled(self) -> list[str]:
        with Reading(self.path) as store:
            return [row.canonical.partition(b'"dialled_number":"')[2].partition(b'"')[0].decode()
                    for row in store.tickets()]  # fmt: skip

    def quarantine(self) -> list[str]:
        with Reading(self.path) as store:
            return [row.reason for row in store.quarantine(None)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    one = Site(tmp_path)
    yield one
    one.connection.close()


def texts(told: Sequence[Report], level: Level) -> list[str]:
    return [one.text for one in told if one.level is level]


def test_files_are_kept_with_their_marker_and_once(site: Site) -> None:
    exchange = Exchange(A=ncompress.compress(text(1, 1, 2)), B=text(3), C=text())
    told = site.collect(exchange, rounds=3)
    assert site.dialled() == ["1", "1", "2", "3"]
    marker = site.intake.marker(SOURCE)
    assert marker is not None
    assert (marker.name, marker.size_bytes) == (C, len(text()))
    assert [one.fields["new"] for one in told] == [3, 1, 0]
    assert exchange.fetched == [A, B, C]
    site.collect(exchange)
    assert exchange.fetched == [A, B, C, C]  # compared after a start
    assert len(site.dialled()) == 4


def test_a_start_from_now_leaves_what_is_there_and_forgets_nothing_behind_it(site: Site) -> None:
    exchange = Exchange(A=text(1), B=text(2))
    site.collect(exchange, start="now")
    assert exchange.fetched == [B]
    assert site.dialled() == []
    exchange.files |= {C: text(3), D: text(4)}
    exchange.odd[C] = [Refused(CUT.failure)]
    site.collect(exchange, start="now")
    assert site.dialled() == ["4"]
    site.collect(exchange, start="now")
    assert site.dialled() == ["4", "3"]
    assert A not in exchange.fetched


@pytest.mark.parametrize("listing", [None, b"no name stands here\n"])
def test_without_an_index_the_folder_is_listed(site: Site, listing: bytes | None) -> None:
    exchange = Exchange(A=text(1), B=text(2))
    exchange.listing = listing
    site.collect(exchange)
    assert exchange.fetched == [A, B]


@pytest.mark.parametrize("spelling", ["taxaaaaa.dat", "TAXAAAAA", "TaxAAAAA.Dat"])
def test_a_file_is_the_same_however_its_name_is_spelled(site: Site, spelling: str) -> None:
    exchange = Exchange(A=text(1, 1), B=text(2))
    site.collect(exchange)
    exchange.files = {spelling: text(1, 1), B: text(2)}
    site.collect(exchange, rounds=2)
    assert site.dialled() == ["1", "1", "2"]
    assert exchange.fetched == [A, B, B]


def test_a_start_from_now_may_begin_behind_a_name_in_small_letters(site: Site) -> None:
    exchange = Exchange()
    exchange.files = {"taxaaaaa.dat": text(1), "taxaaaab.dat": text(2)}
    site.collect(exchange, rounds=2, start="now")
    exchange.files["taxaaaac.dat"] = text(3)
    site.collect(exchange, rounds=2, start="now")
    assert site.dialled() == ["3"]


@pytest.mark.parametrize("place", ["keep_account_file", "files", "contact"])
def test_a_crash_anywhere_leaves_all_or_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    exchange = Exchange(A=text(1, 1), B=text(2))

    def crash(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(site.intake, place, crash)
        with pytest.raises(SystemExit):
            site.collect(exchange)
    assert site.intake.marker(SOURCE) is None
    assert site.dialled() == []
    site.collect(exchange)
    assert site.dialled() == ["1", "1", "2"]


def test_a_crash_behind_the_commit_fetches_nothing_twice(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = Exchange(A=text(1, 1), B=text(2))
    keep = site.intake.keep_account_file

    def crash(*words: object) -> None:
        keep(*words)  # type: ignore[arg-type]
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(site.intake, "keep_account_file", crash)
        with pytest.raises(SystemExit):
            site.collect(exchange)
    marker = site.intake.marker(SOURCE)
    assert marker is not None
    assert marker.name == A
    site.collect(exchange)
    assert site.dialled() == ["1", "1", "2"]


def test_a_store_that_refuses_is_told_and_the_file_comes_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = Exchange(A=text(1))
    keep, refusals = site.intake.keep_account_file, [StoreUnusable("full")]

    def full(*words: object) -> object:
        if refusals:
            raise refusals.pop()
        return keep(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(site.intake, "keep_account_file", full)
    told = site.collect(exchange, rounds=2)
    assert "full (the collector's store); at fault: this machine" in texts(told, Level.WARNING)[0]
    assert site.dialled() == ["1"]


@pytest.mark.parametrize(
    ("bad", "reason", "dialled"),
    [
        (ncompress.compress(text(1, 2))[:-9], "last line incomplete", ["1"]),
        (text(1, 2)[:-3], "last line incomplete", ["1"]),
        (text(1, 2)[:300], "last line incomplete", []),
        (b"\x1f\x9d" + b"\xff" * 400, "not Unix compress, or damaged", []),
        (b"nothing of this is a ticket\n", "no account file", []),
        (b"", "the file is empty", []),
        (ncompress.compress(b"#" * (LIMITS.text_bytes_max + 1)), "expands to more than", []),
    ],
)
def test_a_bad_file_holds_nothing_back_and_is_stored_as_it_is_at_last(
    site: Site, bad: bytes, reason: str, dialled: list[str]
) -> None:
    exchange = Exchange(A=text(7), B=bad, C=text(8))
    site.collect(exchange)
    assert site.dialled() == ["7", "8"]
    assert reason in site.quarantine()[0]
    told = site.collect(exchange, rounds=5)
    assert len(site.quarantine()) == 1
    assert exchange.fetched.count(B) == 4
    assert sorted(site.dialled()) == sorted(["7", "8", *dialled])
    (alarm,) = texts(told, Level.ERROR)
    assert f"file {B} is damaged on the exchange: " in alarm
    assert reason in alarm
    marker = site.intake.marker(SOURCE)
    assert marker is not None
    assert marker.name == C


def test_a_bad_file_that_is_mended_meanwhile_is_read_whole(site: Site) -> None:
    whole = text(1, 2, 2)
    exchange = Exchange(A=whole[:-10])
    site.collect(exchange)
    assert site.dialled() == []
    exchange.files[A] = whole
    site.collect(exchange)
    assert site.dialled() == ["1", "2", "2"]


def test_a_file_that_is_not_whole_is_fetched_from_its_beginning(site: Site) -> None:
    exchange = Exchange(A=text(1)[:-1])
    site.collect(exchange, rounds=3)
    assert exchange.fetched == [A, A, A]


def test_a_line_that_cannot_be_read_spoils_no_neighbour(site: Site) -> None:
    lines = text(1, 2, 3).splitlines()
    lines[2] = lines[2][:173] + b"99" + lines[2][175:]  # a month
    lines.append(b"short")
    site.collect(Exchange(A=b"\n".join(lines) + b"\n"))
    assert site.dialled() == ["1", "3"]
    assert len(site.quarantine()) == 2


def test_after_a_new_set_up_everything_comes_and_nothing_twice(site: Site) -> None:
    site.collect(Exchange(A=text(1), B=text(2)))
    anew = Exchange(A=text(5), B=text(6))
    told = site.collect(anew)
    assert texts(told, Level.ERROR)[0].startswith(f"GAP: {B} is not the file that is stored")
    assert sorted(site.dialled()) == ["1", "2", "5", "6"]


def test_the_file_that_comes_is_the_owners_alone_and_left_overs_are_removed(
    site: Site, tmp_path: Path
) -> None:
    site.part.write_bytes(b"of a crash")
    with Landing(site.part) as landing:
        assert not site.part.exists()
        landing.expect(Entry(A, 3))
        landing.add(b"abc")
        assert stat.S_IMODE(site.part.stat().st_mode) == 0o600
        assert landing.digest() == (
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
    assert not site.part.exists()
    victim = tmp_path / "victim"
    victim.write_bytes(b"x")
    with Landing(site.part) as landing:
        site.part.symlink_to(victim)
        with pytest.raises(NoPlace, match="File exists"):
            landing.add(b"y")
    assert victim.read_bytes() == b"x"


def test_a_beginning_is_gone_on_with_for_the_same_file_alone(site: Site) -> None:
    with Landing(site.part) as landing:
        for entry, stays in [
            (Entry(A, 9), 0), (Entry(A, 9), 3), (Entry(A, 10), 0), (Entry(B, 10), 0),
            (Entry(B, None), 0), (Entry(B, None), 0),
        ]:  # fmt: skip
            landing.expect(entry)
            assert landing.length_bytes == stays
            landing.add(b"abc")
        landing.expect(Entry(C, 3))
        landing.add(b"abc")
        landing.came_whole()
        landing.expect(Entry(C, 3))
        assert landing.length_bytes == 0
