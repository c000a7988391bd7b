"""An exchange that is reset, moves or is reached over a bad link: nothing lost, nothing twice."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

import pytest
from oxo_collector.configuration import load
from oxo_collector.store import Reading

if TYPE_CHECKING:
    from tests.conftest import Authority, Collecting, ScriptedExchange

pytestmark = pytest.mark.process

Start = Callable[..., "Collecting"]
SECONDS_MAX = 20
HANDSHAKE_BYTES = 4096
"""The certificates of the tests take less of what an exchange sends."""


class Link:
    """Carries connections to a port; `towards_us` may damage, or cut into pieces, what comes."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.towards_us: Callable[[bytes, int], list[bytes]] = carried
        self._ends: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def connections(self) -> int:
        return len(self._ends) // 2

    def close(self) -> None:
        for one in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(SECONDS_MAX)
        for one in (self._listener, *self._ends):
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._ends += (near, far)
                for one, other, way in ((near, far, carried), (far, near, self.towards_us)):
                    self._threads.append(threading.Thread(target=carry, args=(one, other, way)))
                    self._threads[-1].start()


def carried(data: bytes, _place: int) -> list[bytes]:
    return [data]


def carry(
    one: socket.socket, other: socket.socket, way: Callable[[bytes, int], list[bytes]]
) -> None:
    place = 0
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            for piece in way(data, place):
                other.sendall(piece)
            place += len(data)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)


@pytest.fixture
def link(exchange: "ScriptedExchange") -> Iterator[Link]:
    made = Link(exchange.port)
    exchange.port = made.port
    yield made
    made.close()


def numbers(count: int) -> list[str]:
    return [str(number) for number in range(1, count + 1)]


def stored(collecting: "Collecting") -> list[tuple[str, int]]:
    with Reading(load(collecting.path).store) as store:
        assert list(store.quarantine()) == []
        return [(row.epoch, row.sequence) for row in store.tickets()]


def test_a_cold_reset_begins_a_new_epoch_and_both_are_kept_once(
    exchange: "ScriptedExchange", start_collecting: Start
) -> None:
    exchange.write(3)
    collecting = start_collecting(exchange)
    collecting.wait_for_acknowledged(3)
    with exchange.changed:  # everything is gone there: tickets, count and session
        exchange.tickets, exchange.acknowledged = [], 0
        exchange.epoch, exchange.cookie = "E2", ""
    exchange.write(2)
    collecting.wait_for_acknowledged(2)
    collecting.stop()
    assert stored(collecting) == [("E1", 1), ("E1", 2), ("E1", 3), ("E2", 1), ("E2", 2)]
    assert collecting.charged_users() == [*numbers(3), *numbers(2)]
    assert any("new epoch E2" in text for text in collecting.texts())


def test_a_certificate_made_again_by_the_same_authority_is_no_trouble(
    exchange: "ScriptedExchange", start_collecting: Start, authority: "Authority"
) -> None:
    exchange.write(2)
    collecting = start_collecting(exchange)
    collecting.wait_for_acknowledged(2)
    exchange.present(authority.ca.issue_cert("127.0.0.1"))
    seen = exchange.connections
    exchange.answer_with("GetTickets", b"", 503)  # the reset that comes with it
    exchange.wait_for(lambda: exchange.connections > seen)
    exchange.write(2)
    collecting.wait_for_acknowledged(4)
    collecting.stop()
    assert collecting.charged_users() == numbers(4)
    assert collecting.texts("error") == []


def test_a_byte_that_is_damaged_ends_the_connection_and_everything_comes_again(
    exchange: "ScriptedExchange", start_collecting: Start, link: Link
) -> None:
    """TLS knows: nothing of a damaged answer is read, and the session is begun anew."""
    hurt = 3

    def damaged(data: bytes, place: int) -> list[bytes]:
        nonlocal hurt
        if place + len(data) <= HANDSHAKE_BYTES or not hurt:
            return [data]
        hurt -= 1
        middle = len(data) // 2
        return [data[:middle] + bytes([data[middle] ^ 0x20]) + data[middle + 1 :]]

    link.towards_us = damaged
    exchange.write(20)
    collecting = start_collecting(exchange)
    collecting.wait_for_acknowledged(20)
    collecting.stop()
    assert hurt == 0
    assert len(stored(collecting)) == 20
    assert collecting.charged_users() == numbers(20)
    assert link.connections > 3
    assert collecting.texts()


def test_a_link_that_slices_costs_time_alone(
    exchange: "ScriptedExchange", start_collecting: Start, link: Link
) -> None:
    link.towards_us = lambda data, _place: [data[n : n + 7] for n in range(0, len(data), 7)]
    exchange.write(4)
    collecting = start_collecting(exchange)
    collecting.wait_for_acknowledged(4)
    collecting.stop()
    assert collecting.charged_users() == numbers(4)
    assert collecting.texts() == []


def test_a_power_cut_behind_the_answer_costs_nothing(
    exchange: "ScriptedExchange", start_collecting: Start
) -> None:
    """The tickets are stored and not acknowledged when the exchange goes: it offers them again."""

    def dead(desk: BaseHTTPRequestHandler) -> None:
        desk.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        desk.connection.shutdown(socket.SHUT_RDWR)
        desk.close_connection = True

    exchange.write(2)
    exchange.go_wrong("AckTickets", dead)
    collecting = start_collecting(exchange)
    collecting.wait_for_acknowledged(2)
    collecting.stop()
    assert collecting.charged_users() == numbers(2)
    assert stored(collecting) == [("E1", 1), ("E1", 2)]
