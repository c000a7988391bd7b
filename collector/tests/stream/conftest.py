"""A raw peer of the stream: an exchange that says what a test scripts, byte by byte."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import pytest
import structlog
from oxo_collector.collection import collect
from oxo_collector.configuration import load
from oxo_collector.standing import SourceStatus
from oxo_collector.store import Reading
from oxo_tickets import from_json

VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "oxe-stream"
CDR = (VECTORS / "tv-07-cdr-frame.bin").read_bytes()
EMPTY = (VECTORS / "empty-frame.bin").read_bytes()
ASK = (VECTORS / "tv-04-test-request.bin").read_bytes()
ANSWER = (VECTORS / "tv-05-test-response.bin").read_bytes()
MAIN = (VECTORS / "tv-02-role-main.bin").read_bytes()
STANDBY = (VECTORS / "tv-06c-not-main.bin").read_bytes()
OPEN = (VECTORS / "tv-01-open.bin").read_bytes()
START = (VECTORS / "tv-03-start.bin").read_bytes()
SECONDS_MAX = 20.0

CALLED = slice(11, 41)
"""Where the called number stands in a frame."""


def numbered(number: int) -> bytes:
    """Return a frame whose called number is a number of ours."""
    return CDR[: CALLED.start] + f"{number:<30}".encode() + CDR[CALLED.stop :]


class Peer:
    """The exchange's end of a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        connection.settimeout(SECONDS_MAX)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        """Speak."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self._connection.close()

    def say(self, data: bytes) -> None:
        """Send."""
        self._connection.sendall(data)

    def tickets(self, *numbers: int) -> None:
        """Send calls to these numbers."""
        self.say(b"".join(map(numbered, numbers)))

    def hear(self, expected: bytes) -> None:
        """Read exactly these bytes."""
        came = b""
        while len(came) < len(expected):
            some = self._connection.recv(len(expected) - len(came))
            assert some, came
            came += some
        assert came == expected

    def ask_alive(self) -> float:
        """Ask for a sign of life; return how many seconds it took."""
        begun = time.monotonic()
        self.say(ASK)
        self.hear(ANSWER)
        return time.monotonic() - begun

    def await_end(self) -> None:
        """Wait for the other side's end; what it still says is passed over."""
        with suppress(ConnectionError):
            while self._connection.recv(4096):
                pass


class Exchange:
    """Listens; a test plays what it says on each connection."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(SECONDS_MAX)
        self.port: int = self._listener.getsockname()[1]

    def accept(self) -> Peer:
        """Take a connection, and the opening on it."""
        peer = Peer(self._listener.accept()[0])
        peer.hear(OPEN)
        return peer

    def active(self) -> Peer:
        """Take a connection up to the start."""
        peer = self.accept()
        peer.say(MAIN + EMPTY)
        peer.hear(START)
        return peer

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()


class Collecting:
    """A collection in a thread of the test."""

    def __init__(self, folder: Path, table: str) -> None:
        self.path = folder / "collector.toml"
        self.path.write_text(
            f"""
            store = "tickets.db"
            [[exchange]]
            name = "site"
            zone = "Europe/Paris"
            [exchange.stream]
            rest_seconds_first = 0.02
            rest_seconds_max = 0.05
            {table}
            """,
            "utf-8",
        )
        self.log: list[dict[str, Any]] = []
        self._grown = threading.Condition()
        self._stop = threading.Event()
        logger = structlog.wrap_logger(
            structlog.ReturnLogger(),
            processors=[structlog.processors.add_log_level, self._keep],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        )
        self._thread = threading.Thread(target=collect, args=(load(self.path), self._stop, logger))
        self._thread.start()

    def _keep(self, _log: Any, _method: str, event: MutableMapping[str, Any]) -> Any:
        with self._grown:
            self.log.append(dict(event))
            self._grown.notify_all()
        raise structlog.DropEvent

    def texts(self) -> list[str]:
        """Return all that was told."""
        return [str(one["event"]) for one in self.log]

    def wait_for(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds; looked at with each line of the log."""
        with self._grown:
            assert self._grown.wait_for(holds, SECONDS_MAX), self.log

    def wait_told(self, words: str) -> None:
        """Wait for a line."""
        self.wait_for(lambda: any(words in text for text in self.texts()))

    def wait_stored(self, count: int) -> None:
        """Wait until so many tickets are stored."""
        self.wait_for(lambda: self.new() >= count)

    def new(self) -> int:
        """Return how many tickets were told as stored."""
        told = [one for one in self.log if one["event"] == "frames stored"]
        return sum(int(one["new"]) for one in told)

    def ask_stop(self) -> None:
        """Ask for the end."""
        self._stop.set()

    def stop(self) -> None:
        """Ask for the end and wait for it."""
        self._stop.set()
        self._thread.join(SECONDS_MAX)
        assert not self._thread.is_alive()

    @property
    def store(self) -> Path:
        """The store's file."""
        return load(self.path).store

    def called(self) -> list[str | None]:
        """Return the called numbers in the store, in order of receipt."""
        with Reading(self.store) as found:
            return [from_json(row.canonical).dialled_number for row in found.tickets_once()]

    def status(self) -> SourceStatus:
        """Return how the stream stands."""
        with Reading(self.store) as store:
            return next(one for one in store.status() if one.wire == "stream")


@pytest.fixture
def start_exchange() -> Iterator[Callable[[], Exchange]]:
    """Start exchanges."""
    begun: list[Exchange] = []

    def start() -> Exchange:
        begun.append(Exchange())
        return begun[-1]

    yield start
    for one in begun:
        one.close()


@pytest.fixture
def exchange(start_exchange: Callable[[], Exchange]) -> Exchange:
    """One exchange."""
    return start_exchange()


@pytest.fixture
def start_collecting(tmp_path: Path) -> Iterator[Callable[..., Collecting]]:
    """Start collecting from one exchange or its two addresses; stopped after the test."""
    begun: list[Collecting] = []

    def start(*exchanges: Exchange, more: str = "") -> Collecting:
        keys = ("address", "second_address")
        table = "\n".join(
            f'{key} = "127.0.0.1:{one.port}"' for key, one in zip(keys, exchanges, strict=False)
        )
        begun.append(Collecting(tmp_path, f"{table}\n{more}"))
        return begun[-1]

    yield start
    for one in begun:
        one.stop()
        assert not any("defect" in text for text in one.texts()), one.log


@pytest.fixture
def frame() -> Callable[[int], bytes]:
    """What makes a ticket's frame, told by its called number."""
    return numbered
