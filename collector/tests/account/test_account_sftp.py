"""The SFTP transport against an exchange that is honest, cut off, changed and hostile."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from time import monotonic
from typing import TYPE_CHECKING, Any

import paramiko
import pytest
from oxo_collector.account import by_sftp
from oxo_collector.account.by_sftp import SftpFiles
from oxo_collector.account.landing import Landing
from oxo_collector.account.messages import Entry
from oxo_collector.account.route import Route
from oxo_collector.failure import Failure, Fault
from oxo_collector.fetching import Failed, Refused
from paramiko.sftp import SFTP_FAILURE, SFTP_OP_UNSUPPORTED, SFTP_PERMISSION_DENIED
from pydantic import SecretStr

if TYPE_CHECKING:
    from tests.account.conftest import SftpExchange

pytestmark = pytest.mark.process

FILE = Random(1).randbytes(102_400)  # noqa: S311 - no stretch of it is like another
A = "TAXAAAAA.DAT"
LISTED = Entry(A, len(FILE))
PASSWORD = "Sesam-1234"
PIECE_BYTES = 32 * 1024
"""What the library has read of a piece when the connection ends is lost with it."""
Make = Callable[..., SftpFiles]


@pytest.fixture
def landing(tmp_path: Path) -> Iterator[Landing]:
    with Landing(tmp_path / "tickets.db.site.account.part") as one:
        yield one


@pytest.fixture
def make(exchange: "SftpExchange") -> Iterator[Make]:
    """Make clients; each is hung up at the end."""
    made: list[SftpFiles] = []
    exchange.files[A] = FILE

    def new(*, logged_in: bool = True, **keys: Any) -> SftpFiles:
        told = {"host_key": exchange.fingerprint, "read_seconds_max": 10.0, **keys}
        route = Route(
            address="127.0.0.1", port=exchange.port, user="adfexc",
            **{"password": SecretStr(PASSWORD), **told},
        )  # fmt: skip
        made.append(SftpFiles(route))
        if logged_in:
            assert made[-1].log_in() is None
        return made[-1]

    yield new
    exchange.cut()
    for one in made:
        one.hang_up()


def fetched(client: SftpFiles, landing: Landing, entry: Entry = LISTED) -> object:
    landing.expect(entry)
    outcome = client.fetch(entry, landing)
    if isinstance(outcome, bool):
        landing.came_whole()
    return outcome


def failure(outcome: object, kind: type[Failed | Refused] = Failed) -> Failure:
    assert isinstance(outcome, kind), outcome
    return outcome.failure


def test_index_sizes_file_and_command(
    exchange: "SftpExchange", make: Make, landing: Landing
) -> None:
    exchange.index = f"{A} 24/02/20 10:00:00\n"
    one = make()
    assert one.compress() is None
    assert one.index() == exchange.index.encode()
    assert one.measure([A, "TAXAAAAB.DAT"]) == [LISTED, Entry("TAXAAAAB.DAT", None)]
    assert fetched(one, landing) is False
    assert landing.read() == FILE
    assert set(one.names()) == {A, "tax.tmp"}  # type: ignore[arg-type]
    assert exchange.said[:2] == ["login adfexc", "account compress"]
    assert PASSWORD not in repr(one.__dict__)


def test_without_an_index_there_is_none(make: Make) -> None:
    assert make().index() is None


@pytest.mark.parametrize("length", [0, 1, 32 * 1024, 32 * 1024 + 1, 1024 * 1024 + 5])
def test_files_of_any_length(
    exchange: "SftpExchange", make: Make, landing: Landing, length: int
) -> None:
    exchange.files[A] = whole = (FILE * 11)[:length]
    one = make()
    for size in (length, None):
        assert fetched(one, landing, Entry(A, size)) is False
        assert landing.read() == whole


def test_a_wrong_password_is_an_alarm_of_its_own_and_is_not_repeated(make: Make) -> None:
    failed = failure(make(logged_in=False, password=SecretStr("Wrong-Pass")).log_in())
    assert (failed.alarm, failed.fault) == (True, Fault.OPERATOR)
    assert "user or password refused" in failed.what
    assert "Wrong-Pass" not in str(failed)


def known_hosts(path: Path, port: int, *keys: paramiko.PKey) -> str:
    lines = [f"[127.0.0.1]:{port} {key.get_name()} {key.get_base64()}\n" for key in keys]
    path.write_text("# of the exchange\n" + "".join(lines))
    return str(path)


def test_a_changed_key_is_an_alarm_and_no_password_is_sent(
    exchange: "SftpExchange", make: Make, host_keys: tuple[paramiko.PKey, ...], tmp_path: Path
) -> None:
    before = exchange.fingerprint
    file = known_hosts(tmp_path / "known", exchange.port, exchange.key)
    clients = [make(logged_in=False, host_key=before)]
    clients.append(make(logged_in=False, host_key=None, host_key_file=file))
    for key in host_keys[1:]:
        exchange.key = key
        for one in clients:
            failed = failure(one.log_in())
            assert failed.alarm
            assert "host key changed" in failed.what
            assert before in failed.what
            assert key.fingerprint in failed.what
            assert "no password was sent" in failed.what
    assert exchange.passwords == []
    exchange.key = host_keys[0]
    assert [one.log_in() for one in clients] == [None, None]


def test_the_pinned_key_may_be_any_of_the_exchanges(
    exchange: "SftpExchange", make: Make, host_keys: tuple[paramiko.PKey, ...], tmp_path: Path
) -> None:
    exchange.other_keys = [host_keys[2]]
    make(host_key=host_keys[2].fingerprint)
    file = known_hosts(tmp_path / "known", exchange.port, host_keys[2])
    make(host_key=None, host_key_file=file)
    make(host_key=exchange.fingerprint)
    assert len(exchange.passwords) == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file"),
        ("", "has no key of [127.0.0.1]"),
        ("nonsense\n", "has no key of [127.0.0.1]"),
    ],
)
def test_a_file_of_keys_that_is_of_no_use_is_the_operators_fault(
    exchange: "SftpExchange", make: Make, tmp_path: Path, content: str | None, words: str
) -> None:
    path = tmp_path / "known"
    if content is not None:
        path.write_text(content)
    failed = failure(make(logged_in=False, host_key=None, host_key_file=str(path)).log_in())
    assert (failed.fault, failed.alarm) == (Fault.OPERATOR, False)
    assert words in failed.what
    assert exchange.passwords == []


@pytest.mark.parametrize("at", [0, 1, 32_767, 32_768, 40_000, 65_536, 98_304, len(FILE) - 1])
def test_a_transfer_that_was_cut_is_gone_on_with(
    exchange: "SftpExchange", make: Make, landing: Landing, at: int
) -> None:
    one = make()
    exchange.cut_bytes = at
    assert "cut" in failure(fetched(one, landing)).what
    exchange.cut_bytes = None
    assert one.log_in() is None
    came = landing.length_bytes
    assert came == at // PIECE_BYTES * PIECE_BYTES
    assert fetched(one, landing) == (came > 0)
    assert landing.read() == FILE


def test_the_rest_of_another_file_is_not_taken_for_this_ones(
    exchange: "SftpExchange", make: Make, landing: Landing
) -> None:
    one = make()
    exchange.cut_bytes = 70_000
    failure(fetched(one, landing))
    assert landing.length_bytes == 65536
    exchange.cut_bytes = None
    exchange.files[A] = other = bytes(reversed(FILE))
    assert one.log_in() is None
    assert "does not belong to its beginning" in failure(fetched(one, landing)).what
    assert one.log_in() is None
    assert fetched(one, landing) is False
    assert landing.read() == other


def test_a_file_that_grows_while_it_is_read_is_not_taken(
    exchange: "SftpExchange", make: Make, landing: Landing
) -> None:
    one = make()

    def grow(name: str) -> None:
        if name == A:
            exchange.files[A] = FILE + b"more"

    exchange.reading = grow
    refused = failure(fetched(one, landing), Refused)
    assert "grew while it was read: 102400 bytes came and it has 102404 now" in refused.what
    assert one.measure([A]) == [Entry(A, len(FILE) + 4)]  # the connection lives


def test_a_file_that_is_gone_is_refused_and_the_connection_lives(
    make: Make, landing: Landing
) -> None:
    one = make()
    refused = failure(fetched(one, landing, Entry("TAXZZZZZ.DAT", None)), Refused)
    assert refused.fault is Fault.EXCHANGE
    assert fetched(one, landing) is False


@pytest.mark.parametrize("status", [SFTP_FAILURE, SFTP_PERMISSION_DENIED, SFTP_OP_UNSUPPORTED])
def test_a_file_that_is_not_given_is_refused_and_the_connection_lives(
    exchange: "SftpExchange", make: Make, landing: Landing, status: int
) -> None:
    other = "TAXAAAAB.DAT"
    exchange.files[other] = b"x"
    exchange.denied = {other: status, "ACCOUNT.LIS": status}
    one = make()
    assert one.index() is None
    assert one.measure([other, A]) == [Entry(other, None), LISTED]
    refused = failure(fetched(one, landing, Entry(other, None)), Refused)
    assert refused.what.startswith("refused (")
    assert fetched(one, landing) is False


def test_an_exchange_that_falls_silent_in_a_transfer_is_timed_out(
    exchange: "SftpExchange", make: Make, landing: Landing
) -> None:
    one = make(read_seconds_max=0.3)
    exchange.held = threading.Event()
    assert "fell silent" in failure(fetched(one, landing)).what


def test_an_exchange_that_drips_is_broken_off(
    exchange: "SftpExchange", make: Make, landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_sftp, "TRANSFER_SECONDS_MAX", 0.3)
    one = make(read_seconds_max=60.0)
    exchange.held = threading.Event()
    begun = monotonic()
    told = failure(fetched(one, landing))
    assert monotonic() - begun < 10  # the exchange says something after twenty
    assert "not done in the time that it may take" in told.what
    assert told.fault is Fault.EXCHANGE


def test_a_port_that_is_silent_or_speaks_otherwise(
    exchange: "SftpExchange", make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(exchange, "port", silent.getsockname()[1])
        told = failure(make(logged_in=False, read_seconds_max=0.3).log_in())
        assert told.fault is Fault.NETWORK
        assert "timed out" in told.what
    told = failure(make(logged_in=False).log_in())
    assert told.what == "connection refused: the port is closed"


def test_a_listing_without_end_is_broken_off(
    exchange: "SftpExchange", make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_sftp, "NAMES_COUNT_MAX", 500)
    exchange.names = [f"TAX{number:05}.DAT" for number in range(501)]
    one = make()
    assert "more than 500 names" in failure(one.names()).what
    assert one.log_in() is None
    exchange.names = ["x" * 1025]
    assert "more than 1024 characters" in failure(one.names()).what
    assert one.log_in() is None
    exchange.index = "TAXAAAAA.DAT\n" * 100_000
    assert "the index has more than 1048576 bytes" in failure(one.index()).what


def test_a_file_that_is_longer_than_allowed_is_broken_off(make: Make, landing: Landing) -> None:
    one = make(file_bytes_max=1000)
    told = failure(fetched(one, landing, Entry(A, None))).what
    assert "longer than the 1000 bytes of file_bytes_max" in told
    assert landing.length_bytes == 0


def test_packets_have_a_greatest_length(
    make: Make, landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make()
    monkeypatch.setattr(by_sftp, "PACKET_BYTES_MAX", 4096)
    failure(fetched(one, landing))


@pytest.mark.parametrize("status", [-1, 3])
def test_a_command_that_does_not_work_is_refused_and_the_connection_lives(
    exchange: "SftpExchange", make: Make, landing: Landing, status: int
) -> None:
    exchange.status = status
    one = make()
    told = failure(one.compress(), Refused)
    assert ("status 3 (done)" if status == 3 else "refused") in told.what
    assert fetched(one, landing) is False


def test_a_command_whose_end_comes_before_the_answer_ran_all_the_same(
    exchange: "SftpExchange", make: Make
) -> None:
    exchange.answers_late = True
    one = make()
    assert [one.compress() for _ in range(3)] == [None] * 3
    exchange.status = 3
    assert "status 3 (done)" in failure(one.compress(), Refused).what


def test_a_stop_breaks_a_silent_transfer_off(
    exchange: "SftpExchange", make: Make, landing: Landing
) -> None:
    one = make(read_seconds_max=60.0)
    exchange.held = threading.Event()

    def break_off() -> None:
        exchange.wait_for(lambda: f"read {A} 0" in exchange.said)
        one.break_off()

    breaker = threading.Thread(target=break_off)
    breaker.start()
    failure(fetched(one, landing))
    breaker.join(20)
    assert "broken off by the stop" in failure(one.log_in()).what


def test_a_full_disk_is_this_machines_fault(make: Make, tmp_path: Path) -> None:
    one = make()
    with Landing(tmp_path / "there-is-no-such-folder" / "part") as landing:
        told = failure(fetched(one, landing))
    assert told.fault is Fault.MACHINE
    assert "has no place: No such file or directory" in told.what
