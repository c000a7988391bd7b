"""The hotel link on sockets and with a store: who is told what, and when."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from oxo_collector.failure import Failure, Fault
from oxo_collector.intake import Intake
from oxo_collector.ohl.machine import HotelLink, Plan
from oxo_collector.ohl.shell import Shell
from oxo_collector.ohl.transport import Transport
from oxo_collector.receipt import Piece, Source, Stored, Wire
from oxo_collector.rests import Rests
from oxo_collector.store import StoreUnusable, open_for_writing

if TYPE_CHECKING:
    from oxo_collector.report import Report

pytestmark = pytest.mark.process

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "ohl"
NIGHT = (VECTORS / "a-night.bin").read_bytes()
ONE = (VECTORS / "smdr-outgoing.bin").read_bytes()
WRONG = (VECTORS / "wrong-lrc.bin").read_bytes()
SOURCE = Source("hotel", Wire.OHL)
SECONDS_MAX = 20.0


class Exchange:
    """An exchange that a test speaks for, and the collection that runs against it."""

    def __init__(self, intake: Intake) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(SECONDS_MAX)
        self.port = self._listener.getsockname()[1]
        self.intake = intake
        self.stop = threading.Event()
        self.told: list[Report] = []
        self.transport = Transport("127.0.0.1", self.port, SECONDS_MAX)
        self._thread: threading.Thread | None = None
        self._epochs = count(1)
        self._clock: Callable[[], float] = lambda: 0.0

    def start(self, clock: Callable[[], float] | None = None, silence: float = 60.0) -> None:
        self._clock = clock or self._clock
        plan = Plan("Europe/Paris", silence, "hotel link")
        shell = Shell(
            SOURCE,
            link=HotelLink(plan, Rests(0.01, 0.01, lambda: 0.0)),
            wire=self.transport,
            door=self.intake,
            stop=self.stop,
            report=self.told.append,
            epoch=lambda: f"ohl:{next(self._epochs)}",
            clock=self._clock,
        )
        self._thread = threading.Thread(target=shell.run)
        self._thread.start()

    def accept(self) -> socket.socket:
        connection, _ = self._listener.accept()
        connection.settimeout(SECONDS_MAX)
        return connection

    def end(self) -> None:
        self.stop.set()
        if self._thread is not None:
            self._thread.join(SECONDS_MAX)
            assert not self._thread.is_alive()

    def close(self) -> None:
        self.transport.break_off()
        self.end()
        self._listener.close()


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    connection = open_for_writing(tmp_path / "tickets.db")
    yield Intake(connection, lambda: datetime(2020, 2, 24, 15, 0, tzinfo=UTC))
    connection.close()


@pytest.fixture
def exchange(intake: Intake) -> Iterator[Exchange]:
    one = Exchange(intake)
    yield one
    one.close()


def answers(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        assert piece, data
        data += piece
    return data


def stored(exchange: Exchange) -> list[int]:
    """Return how much was new in each message that was stored."""
    told = [one.fields for one in exchange.told if one.text == "message stored"]
    return [int(fields["new"]) + int(fields["events"]) for fields in told]


def test_a_night_is_kept_and_acknowledged_message_by_message(exchange: Exchange) -> None:
    exchange.start()
    with exchange.accept() as connection:
        connection.sendall(NIGHT)
        assert answers(connection, 9) == b"\x06" * 9
        exchange.end()
        assert connection.recv(1) == b""
    assert stored(exchange) == [1] * 7
    assert exchange.intake.cursor(SOURCE) == ("ohl:1", 7)


def test_a_bad_frame_is_answered_by_nak(exchange: Exchange) -> None:
    exchange.start()
    with exchange.accept() as connection:
        connection.sendall(WRONG)
        assert answers(connection, 2) == b"\x15\x06"


def test_a_message_whose_acknowledgement_was_lost_is_counted_once(exchange: Exchange) -> None:
    exchange.start()
    with exchange.accept() as connection:
        connection.sendall(ONE)
        assert answers(connection, 1) == b"\x06"
    with exchange.accept() as connection:
        connection.sendall(ONE)
        assert answers(connection, 1) == b"\x06"
        connection.sendall(ONE)
        assert answers(connection, 1) == b"\x06"
    exchange.end()
    assert stored(exchange) == [1, 1]
    assert any("sent again after a lost connection" in one.text for one in exchange.told)


def test_another_process_knows_the_last_message(exchange: Exchange, intake: Intake) -> None:
    exchange.start()
    with exchange.accept() as connection:
        connection.sendall(ONE)
        answers(connection, 1)
        exchange.end()
    again = Exchange(intake)
    again.start()
    with again.accept() as connection:
        connection.sendall(ONE)
        answers(connection, 1)
        again.end()
    assert stored(again) == []
    again.close()


def test_nothing_is_acknowledged_that_the_store_refuses(
    exchange: Exchange, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = intake.keep_stream
    refusals = iter([True, True])

    def refuse_twice(
        source: Source, epoch: str, first: int, pieces: tuple[Piece, ...], raw: bytes
    ) -> Stored:
        if next(refusals, False):
            raise StoreUnusable("the store cannot be written: full")
        return keep(source, epoch, first, pieces, raw)

    monkeypatch.setattr(intake, "keep_stream", refuse_twice)
    monkeypatch.setattr("oxo_collector.ohl.machine.HOLD_SECONDS", 0.01)
    exchange.start()
    with exchange.accept() as connection:
        connection.sendall(ONE)
        assert answers(connection, 1) == b"\x13"
        assert connection.recv(1) == b""
    with exchange.accept() as connection:
        connection.sendall(ONE)
        assert answers(connection, 1) == b"\x06"
    assert stored(exchange) == [1]


def test_a_second_attempt_to_keep_is_part_of_a_long_keeping(
    exchange: Exchange, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = intake.keep_stream
    begun, came = threading.Event(), threading.Event()

    def refuse_once(*told: Any) -> Stored:
        if not begun.is_set():
            begun.set()
            raise StoreUnusable("the store cannot be written: full")
        assert came.wait(SECONDS_MAX)
        return keep(*told)

    monkeypatch.setattr(intake, "keep_stream", refuse_once)
    monkeypatch.setattr("oxo_collector.ohl.machine.HOLD_SECONDS", 0.01)
    exchange.start(clock=iter([0.0, 5.0, 5.1]).__next__)
    with exchange.accept() as connection:
        connection.sendall(ONE)
        assert answers(connection, 1) == b"\x13"
        connection.sendall(ONE)
        came.set()
        assert answers(connection, 2) == b"\x06\x11"
        exchange.end()
        assert connection.recv(1) == b""
    assert stored(exchange) == [1]


def test_what_came_while_the_keeping_took_long_gets_no_second_answer(
    exchange: Exchange, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = intake.keep_stream
    begun, came = threading.Event(), threading.Event()

    def slow(*told: Any) -> Stored:
        begun.set()
        assert came.wait(SECONDS_MAX)
        return keep(*told)

    monkeypatch.setattr(intake, "keep_stream", slow)
    exchange.start(clock=count(0, 10).__next__)
    with exchange.accept() as connection:
        connection.sendall(ONE)
        assert begun.wait(SECONDS_MAX)
        connection.sendall(ONE)
        came.set()
        assert answers(connection, 1) == b"\x06"
        connection.sendall((VECTORS / "keep-alive.bin").read_bytes())
        assert answers(connection, 1) == b"\x06"
        exchange.end()
        assert connection.recv(1) == b""
    assert stored(exchange) == [1]
    assert any("before it was answered" in one.text for one in exchange.told)


def test_a_silent_link_is_connected_anew(exchange: Exchange) -> None:
    exchange.start(silence=0.05)
    with exchange.accept() as first:
        assert first.recv(1) == b""
    with exchange.accept():
        exchange.end()
    assert sum("silent" in one.text for one in exchange.told) == 1


def test_a_stop_breaks_off_a_peer_that_reads_nothing(exchange: Exchange) -> None:
    exchange.start()
    with exchange.accept():
        exchange.transport.break_off()
        exchange.end()


def test_a_peer_without_end_is_hung_up(exchange: Exchange) -> None:
    exchange.start()
    with exchange.accept() as connection, suppress(ConnectionError):
        while True:
            connection.sendall(b"GET / HTTP/1.1\r\n" * 4096)
    exchange.end()
    assert any("this is no hotel link" in one.text for one in exchange.told)


def test_a_closed_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    failed = Transport("127.0.0.1", port, 5.0).connect()
    assert isinstance(failed, Failure)
    assert (failed.what, failed.fault) == (
        "connection refused: the port is closed",
        Fault.EXCHANGE,
    )
