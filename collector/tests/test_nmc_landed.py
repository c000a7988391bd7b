"""A file that the exchange emptied as soon as it was transferred: it is nowhere else than here."""

# ruff: noqa: S321 - errors as the library raises them

import ftplib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest
from oxo_collector.failure import Failure
from oxo_collector.fetching import Failed, NoPlace, Refused
from oxo_collector.intake import Intake
from oxo_collector.nmc.landed import Landed, Whole
from oxo_collector.nmc.machine import FileCollection, Plan
from oxo_collector.nmc.messages import Entry
from oxo_collector.nmc.shell import Shell
from oxo_collector.nmc.transport import Route, Transport
from oxo_collector.receipt import FetchedFile, Piece, Source, Stored, Wire
from oxo_collector.rests import Rests
from oxo_collector.store import StoreUnusable, open_for_writing
from pydantic import SecretStr

if TYPE_CHECKING:
    from oxo_collector.report import Report

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "oxo-alz"
SIX = (VECTORS / "six-kinds.alz").read_bytes()
TWINS = (VECTORS / "line-feeds-inside.alz").read_bytes()
SOURCE = Source("head-office", Wire.NMC)
NAME = "ALZ0001.ALZ"


class Killed(BaseException):
    """SIGKILL: nothing of ours runs any more."""


class Exchange:
    """Files by FTP, without a socket; `empties` as soon as a file was transferred."""

    def __init__(self, files: dict[str, bytes], *, empties: bool = True) -> None:
        self.files = files
        self.empties = empties
        self.answers: dict[str, str] = {}
        self.last_reply: Callable[[], None] = lambda: None
        self.said: list[str] = []

    def names(self) -> list[str]:
        if "NLST" in self.answers:
            raise ftplib.error_perm(self.answers["NLST"])
        return sorted(self.files)

    def sendcmd(self, line: str) -> str:
        verb, _, name = line.partition(" ")
        self.said.append(line)
        if verb in self.answers:
            raise ftplib.error_perm(self.answers[verb])
        if name not in self.files:
            raise ftplib.error_perm("550 No.")
        return {"SIZE": f"213 {len(self.files[name])}", "MDTM": "213 20200224143300"}[verb]

    def size(self, name: str) -> int:
        return int(self.sendcmd(f"SIZE {name}")[4:])

    def delete(self, name: str) -> None:
        if "DELE" in self.answers or name not in self.files:
            raise ftplib.error_perm(self.answers.get("DELE", "550 No."))
        del self.files[name]

    def pieces(self, command: str, rest: int | None, ended: Callable[[], None]) -> Iterator[bytes]:
        name = command.removeprefix("RETR ")
        if name not in self.files:
            raise ftplib.error_perm("550 No.")
        self.said.append(command)
        yield self.files[name][rest or 0 :]
        ended()
        if self.empties:
            del self.files[name]
        self.last_reply()

    def voidcmd(self, _line: str) -> None:
        """Say good-bye."""

    def close(self) -> None:
        """End the connection."""


class Reached(Transport):
    """The transport, connected to an exchange in memory."""

    def __init__(self, exchange: Exchange) -> None:
        route = Route(address="exchange", port=30021, user="ftp_nmc", password=SecretStr("Sesam"))
        super().__init__(route)
        self._exchange = exchange

    def _log_in(self) -> None:
        self._client = self._exchange  # type: ignore[assignment]


class Store(Intake):
    """The store, which may refuse, or end the process in a keeping."""

    refuses = 0
    killed: str | None = None

    def keep_file(
        self,
        source: Source,
        file: FetchedFile,
        pieces: Sequence[Piece],
        raw: bytes,
        known: int = 0,
    ) -> Stored:
        if self.refuses:
            self.refuses -= 1
            raise StoreUnusable("the store cannot be written: full")
        if self.killed == "before":
            raise Killed
        stored = super().keep_file(source, file, pieces, raw, known)
        if self.killed == "after":
            raise Killed
        return stored


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    connection = open_for_writing(tmp_path / "tickets.db")
    yield Store(connection, lambda: datetime(2020, 2, 24, 15, 0, tzinfo=UTC))
    connection.close()


class Stop(Event):
    """Asked for by the so manieth wait between two rounds."""

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self.rounds = rounds

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002
        self.rounds -= 1
        if self.rounds <= 0:
            self.set()
        return self.is_set()


def collect(exchange: Exchange, store: Store, rounds: int = 1, after: str = "delete") -> list[str]:
    """Run one process for so many rounds; return what it said."""
    told: list[Report] = []
    wire = Reached(exchange)
    wire.landed = Landed(store.store.with_name("site.nmc.part"), 100_000)
    plan = Plan("leave" if after == "leave" else "delete", 1.0, 100_000, "ftp://exchange")
    Shell(
        SOURCE,
        "Europe/Paris",
        collection=FileCollection(plan, Rests(1.0, 1.0, lambda: 0.0)),
        wire=wire,
        door=store,
        stop=Stop(rounds),
        report=told.append,
    ).run()
    return [one.text for one in told]


def count(store: Store) -> int:
    return len(store._read("SELECT id FROM ticket"))


def leftovers(store: Store) -> list[Path]:
    return list(store.store.parent.glob("*.part*"))


def no_reply() -> None:
    raise EOFError


@pytest.mark.parametrize("after", ["delete", "leave"])
def test_a_last_reply_that_is_lost_loses_nothing(store: Store, after: str) -> None:
    exchange = Exchange({NAME: SIX})
    exchange.last_reply = no_reply
    collect(exchange, store, 2, after)
    assert (count(store), leftovers(store)) == (6, [])


def test_a_store_that_refuses_once_loses_nothing(store: Store) -> None:
    store.refuses = 1
    collect(Exchange({NAME: SIX}), store, 2)
    assert (count(store), leftovers(store)) == (6, [])


@pytest.mark.parametrize("empties", [True, False])
@pytest.mark.parametrize("killed", ["before", "after"])
def test_a_kill_around_the_keeping_neither_loses_nor_doubles(
    store: Store, killed: str, *, empties: bool
) -> None:
    exchange = Exchange({NAME: SIX}, empties=empties)
    store.killed = killed
    with pytest.raises(Killed):
        collect(exchange, store)
    store.killed = None
    collect(exchange, store, 2)
    assert (count(store), leftovers(store), exchange.files) == (6, [], {})


def test_a_kill_between_the_last_byte_and_the_last_reply_loses_nothing(store: Store) -> None:
    exchange = Exchange({NAME: SIX})

    def killed() -> None:
        raise Killed

    exchange.last_reply = killed
    with pytest.raises(Killed):
        collect(exchange, store)
    exchange.last_reply = lambda: None
    exchange.files["ALZ0002.ALZ"] = TWINS
    collect(exchange, store, 2)
    assert (count(store), leftovers(store)) == (9, [])


def test_an_exchange_that_shows_the_same_tickets_under_another_name_doubles_nothing(
    store: Store,
) -> None:
    exchange = Exchange({NAME: SIX})
    exchange.last_reply = no_reply
    collect(exchange, store, 1)
    exchange.last_reply = lambda: None
    exchange.files["ALZ0002.ALZ"] = SIX  # it had not heard that the transfer came to its end
    collect(exchange, store, 2)
    assert count(store) == 6


def test_a_file_that_is_listed_on_is_fetched_anew(store: Store) -> None:
    """Its bytes came without the exchange's word for it: they may be damaged."""
    exchange = Exchange({NAME: SIX}, empties=False)
    exchange.last_reply = no_reply
    collect(exchange, store, 1)
    assert (count(store), len(leftovers(store))) == (0, 1)
    exchange.last_reply = lambda: None
    collect(exchange, store, 1)
    assert exchange.said.count(f"RETR {NAME}") == 2
    assert (count(store), leftovers(store)) == (6, [])


def test_the_next_file_of_the_same_name_is_another(store: Store) -> None:
    exchange = Exchange({NAME: TWINS})
    exchange.last_reply = no_reply
    collect(exchange, store, 1)
    exchange.last_reply = lambda: None
    exchange.files[NAME] = SIX
    collect(exchange, store, 2)
    assert (count(store), leftovers(store)) == (9, [])


def test_what_was_damaged_where_it_lay_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.part"
    Landed(path).hold(Whole(NAME, None, SIX))
    assert path.stat().st_mode & 0o777 == 0o600
    assert Landed(path, 10_000).whole == Whole(NAME, None, SIX)
    assert Landed(path, 1 - 8 * 1024).whole is None
    for damaged in (path.read_bytes()[:-1], b"", b"{}\nx", b'{"sha256": 1}\nx', b"[]\n", b"1\n"):
        path.write_bytes(damaged)
        assert Landed(path, 10_000).whole is None


def test_a_disk_that_is_full_halfway_keeps_no_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    landed = Landed(tmp_path / "x.part")
    with pytest.raises(NoPlace, match=r"x\.part: .*: No space left on device"):
        landed.hold(Whole(NAME, None, SIX))
    assert landed.whole is not None
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_nothing_is_no_reason_to_give_the_file_up(tmp_path: Path) -> None:
    landed = Landed(tmp_path / "nowhere" / "x.part")
    with pytest.raises(NoPlace):
        landed.hold(Whole(NAME, None, SIX))
    assert landed.whole is not None
    landed.let_go("ALZ0002.ALZ")
    assert landed.whole is not None
    landed.let_go(NAME)
    assert landed.whole is None


@pytest.mark.parametrize("empties", [True, False])
def test_a_file_that_has_no_place_on_the_disk_is_not_taken(store: Store, *, empties: bool) -> None:
    """An exchange that waits for our end of the data connection keeps the file then."""
    (store.store.parent / "site.nmc.part.new").mkdir()  # in the way of it
    store.refuses = 1
    exchange = Exchange({NAME: SIX}, empties=empties)
    (told, *_) = collect(exchange, store)
    assert "has no place" in told
    assert (count(store), exchange.files) == (0, {NAME: SIX})
    (store.store.parent / "site.nmc.part.new").rmdir()
    store.refuses = 0
    collect(exchange, store)
    assert (count(store), exchange.files, leftovers(store)) == (6, {}, [])


def failure(outcome: object, kind: type[Failed | Refused]) -> Failure:
    assert isinstance(outcome, kind)
    return outcome.failure


def test_an_exchange_that_refuses_every_size_does_not_tell_that_a_file_is_gone() -> None:
    """A refusal in the words of one that is not there: who believes it counts a file twice."""
    exchange = Exchange({NAME: SIX}, empties=False)
    exchange.answers = {"SIZE": "550 SIZE not allowed.", "DELE": "550 Not allowed."}
    one = Reached(exchange)
    assert one.log_in() is None
    listed = one.list_files()
    assert isinstance(listed, tuple)
    ((entry,), others) = listed
    assert (entry, others) == (Entry(NAME, None, "20200224143300"), 0)
    assert "550" in failure(one.delete(entry), Refused).what
    del exchange.answers["DELE"]
    assert one.delete(entry) is False


def test_a_list_that_is_refused_tells_of_no_file_that_it_is_gone() -> None:
    exchange = Exchange({NAME: SIX})
    one = Reached(exchange)
    one.log_in()
    assert one.lists(NAME) is None
    one.list_files()
    assert (one.lists(NAME), one.lists("ALZ0002.ALZ")) == (True, False)
    exchange.answers = {"NLST": "550 No files."}
    assert one.list_files() == ([], 0)
    assert one.lists(NAME) is None
