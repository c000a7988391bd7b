"""Account files by FTP from pyftpdlib: whole, cut, refused, growing, endless."""

import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from oxo_collector.account import by_ftp
from oxo_collector.account.by_ftp import FtpFiles
from oxo_collector.account.landing import Landing
from oxo_collector.account.messages import Entry
from oxo_collector.failure import Failure, Fault
from oxo_collector.fetching import OVERLAP_BYTES, Failed, Refused
from oxo_collector.ftp.connection import Route
from pydantic import SecretStr

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of asyncore, on Python 3.11
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import DTPHandler, FTPHandler
    from pyftpdlib.servers import FTPServer

pytestmark = pytest.mark.process

FILE = Random(1).randbytes(102_400)  # noqa: S311 - no stretch of it is like another
A = "TAXAAAAA.DAT"
LISTED = Entry(A, len(FILE))
PASSWORD = "Sesam-1234"
FOLDER = "/usr4/account"
Make = Callable[..., FtpFiles]


class Exchange:
    """A folder, and the server that shows it; `cut_bytes` ends each transfer there."""

    def __init__(self, root: Path) -> None:
        self.folder = root / FOLDER[1:]
        self.folder.mkdir(parents=True)
        self.cut_bytes: int | None = None
        self.read: Callable[[], None] | None = None
        authorizer = DummyAuthorizer()
        authorizer.add_user("adfexc", PASSWORD, str(root), perm="elr")
        handler = type(
            "Desk",
            (FTPHandler,),
            {
                "authorizer": authorizer,
                "dtp_handler": type("Data", (_Data,), {"exchange": self}),
                "use_sendfile": False,
                "auth_failed_timeout": 0,
            },
        )
        self.server = FTPServer(("127.0.0.1", 0), handler)
        self.port = self.server.address[1]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._ended.is_set():
            self.server.serve_forever(timeout=0.02, blocking=False, handle_exit=False)
        self.server.close_all()

    def close(self) -> None:
        self._ended.set()
        self._thread.join(20)


class _Data(DTPHandler):  # type: ignore[misc]  # the library has no types
    exchange: Exchange
    sent = 0

    def send(self, data: bytes) -> int:
        exchange = self.exchange
        if exchange.read is not None:
            exchange.read()
        if exchange.cut_bytes is None:
            return int(super().send(data))
        count = int(super().send(data[: exchange.cut_bytes - self.sent]))
        self.sent += count
        if self.sent >= exchange.cut_bytes:
            self.cmd_channel.close()
            self.close()
        return count


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    one = Exchange(tmp_path / "exchange")
    (one.folder / A).write_bytes(FILE)
    yield one
    one.close()


@pytest.fixture
def make(exchange: Exchange) -> Iterator[Make]:
    made: list[FtpFiles] = []

    def new(*, logged_in: bool = True, **keys: Any) -> FtpFiles:
        told = {"password": SecretStr(PASSWORD), "read_seconds_max": 10.0, **keys}
        route = Route(
            address="127.0.0.1",
            port=exchange.port,
            user="adfexc",
            **{"folder": FOLDER, **told},
        )
        made.append(FtpFiles(route, "ACCOUNT.LIS"))
        if logged_in:
            assert made[-1].log_in() is None
        return made[-1]

    yield new
    for one in made:
        one.break_off()
        one.hang_up()


@pytest.fixture
def landing(tmp_path: Path) -> Iterator[Landing]:
    with Landing(tmp_path / "part") as one:
        yield one


def fetched(client: FtpFiles, landing: Landing, entry: Entry = LISTED) -> object:
    landing.expect(entry)
    return client.fetch(entry, landing)


def failure(outcome: object, kind: type[Failed | Refused] = Failed) -> Failure:
    assert isinstance(outcome, kind), outcome
    return outcome.failure


def test_index_sizes_and_file(exchange: Exchange, make: Make, landing: Landing) -> None:
    one = make()
    assert one.index() is None
    (exchange.folder / "ACCOUNT.LIS").write_text(f"{A} 24/02/20 10:00:00\n")
    assert one.index() == f"{A} 24/02/20 10:00:00\n".encode()
    assert one.measure([A, "TAXAAAAB.DAT"]) == [LISTED, Entry("TAXAAAAB.DAT", None)]
    assert fetched(one, landing) is False
    assert landing.read() == FILE
    assert sorted(one.names()) == ["ACCOUNT.LIS", A]  # type: ignore[arg-type]
    assert failure(one.compress(), Refused).fault is Fault.OPERATOR


def test_an_empty_folder_has_no_names(exchange: Exchange, make: Make) -> None:
    (exchange.folder / A).unlink()
    assert make().names() == []


@pytest.mark.parametrize("at", [1, OVERLAP_BYTES, OVERLAP_BYTES + 1, 70_000, len(FILE) - 1])
def test_a_transfer_that_was_cut_is_gone_on_with(
    exchange: Exchange, make: Make, landing: Landing, at: int
) -> None:
    one = make()
    exchange.cut_bytes = at
    assert "cut" in failure(fetched(one, landing)).what
    assert landing.length_bytes == at
    exchange.cut_bytes = None
    assert one.log_in() is None
    assert fetched(one, landing) == (at > OVERLAP_BYTES)
    assert landing.read() == FILE


def test_a_wrong_password_is_an_alarm_of_its_own(make: Make) -> None:
    one = make(logged_in=False, password=SecretStr("Wrong-Pass"))
    told = failure(one.log_in(), Refused)
    assert (told.alarm, told.fault) == (True, Fault.OPERATOR)
    assert "user or password refused (530" in told.what
    assert "changed on both sides" in told.what
    assert "Wrong-Pass" not in str(told)


def test_a_file_that_grows_while_it_is_read_is_not_taken(
    exchange: Exchange, make: Make, landing: Landing
) -> None:
    grown = threading.Event()

    def grow() -> None:
        if not grown.is_set():
            grown.set()
            with (exchange.folder / A).open("ab") as file:
                file.write(b"more")

    exchange.read = grow
    one = make()
    assert "longer than the 102400 bytes of SIZE" in failure(fetched(one, landing)).what
    assert landing.length_bytes == 0


def test_a_file_that_is_gone_is_refused_and_the_connection_lives(
    make: Make, landing: Landing
) -> None:
    one = make()
    failure(fetched(one, landing, Entry("TAXZZZZZ.DAT", None)), Refused)
    assert fetched(one, landing) is False


def test_an_index_without_end_is_broken_off(
    exchange: Exchange, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_ftp, "INDEX_BYTES_MAX", 1000)
    (exchange.folder / "ACCOUNT.LIS").write_bytes(b"x" * 1001)
    assert "the index has more than 1000 bytes" in failure(make().index()).what


def test_a_folder_that_is_not_there_is_told(make: Make) -> None:
    told = failure(make(logged_in=False, folder="/elsewhere").log_in(), Refused)
    assert "550" in told.what


def test_a_disk_without_place_is_this_machines_fault(make: Make, tmp_path: Path) -> None:
    with Landing(tmp_path / "nowhere" / "part") as landing:
        told = failure(fetched(make(), landing))
    assert told.fault is Fault.MACHINE
    assert "has no place" in told.what
