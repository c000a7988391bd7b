"""A data connection of the NMC wire through the link: the directions end one by one."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from oxo_simulator.control.messages import Fault
from oxo_simulator.link.door import reserve
from oxo_simulator.link.relay import Link
from twisted.internet.threads import blockingCallFromThread

pytestmark = pytest.mark.process

SECONDS_MAX = 10
BEHIND = "127.0.0.2"
RESET = b"\1\0\0\0\0\0\0\0"


class Ends:
    """A collector's and an exchange's end of one connection through the link."""

    def __init__(self, reactor: Any, port: str) -> None:
        self.reactor = reactor
        held = reserve("127.0.0.1", 0)
        address = held.getsockname()
        self.listening = socket.create_server((BEHIND, address[1]))
        self.ledger: list[str] = []
        self.closed = threading.Event()
        self.link = self.do(
            lambda: Link(
                reactor=reactor,
                behind=BEHIND,
                reserved={port: held},
                record=self._record,
                half_closing=("nmc-data-1", "account-data-1"),
            )
        )
        self.do(self.link.open, [port], {})
        self.do(lambda: [door.admit("not started") for door in self.link.doors.values()])
        self.collector = socket.create_connection(address, SECONDS_MAX)
        self.exchange, _ = self.listening.accept()
        self.exchange.settimeout(SECONDS_MAX)

    def do(self, function: Any, *arguments: Any) -> Any:
        return blockingCallFromThread(self.reactor, function, *arguments)

    def _record(self, event: str, _detail: Any) -> None:
        self.ledger.append(event)
        if event == "connection closed":
            self.closed.set()

    def delivered(self) -> bool:
        told: bool = self.do(self.link.delivered, "c1")
        return told

    def comes_to_be_delivered(self) -> bool:
        """Look until it is, or until there is no hope: systems acknowledge when they like."""
        latest = time.monotonic() + SECONDS_MAX
        while not self.delivered():
            if time.monotonic() > latest:
                return False
        return True

    def stop(self) -> None:
        for each in (self.collector, self.exchange, self.listening):
            each.close()
        blockingCallFromThread(self.reactor, self.link.close)


@pytest.fixture
def ends(network: Any) -> Iterator[Ends]:
    made = Ends(network, "nmc-data-1")
    yield made
    made.stop()


def test_the_end_of_one_direction_is_not_that_of_the_other(ends: Ends) -> None:
    ends.exchange.sendall(b"file")
    ends.exchange.shutdown(socket.SHUT_WR)
    assert ends.collector.recv(10) == b"file"
    assert ends.collector.recv(10) == b""
    ends.collector.sendall(b"late")
    assert ends.exchange.recv(10) == b"late"
    ends.collector.close()
    assert ends.exchange.recv(10) == b""
    assert ends.closed.wait(SECONDS_MAX)
    assert ends.delivered()  # what is carried no longer


def test_what_was_passed_on_with_its_end_is_delivered(ends: Ends) -> None:
    ends.exchange.sendall(b"file")
    assert not ends.delivered()
    ends.exchange.shutdown(socket.SHUT_WR)
    assert ends.collector.recv(10) == b"file"
    assert ends.collector.recv(10) == b""
    assert ends.comes_to_be_delivered()


def test_what_a_cut_holds_back_is_not_delivered(ends: Ends) -> None:
    ends.do(ends.link.strike, Fault(kind="cut", towards="collector"))
    ends.exchange.sendall(b"file")
    ends.exchange.shutdown(socket.SHUT_WR)
    ends.collector.sendall(b"asks")
    assert ends.exchange.recv(10) == b"asks"
    assert not ends.delivered()
    ends.do(ends.link.restore)
    assert ends.collector.recv(10) == b"file"
    assert ends.collector.recv(10) == b""
    assert ends.comes_to_be_delivered()


def test_what_the_collectors_system_threw_away_is_not_delivered(ends: Ends) -> None:
    ends.do(ends.link.strike, Fault(kind="cut", towards="collector"))
    ends.exchange.sendall(b"file")
    ends.exchange.shutdown(socket.SHUT_WR)
    ends.collector.close()
    assert ends.exchange.recv(10) == b""
    ends.do(ends.link.restore)
    assert ends.closed.wait(SECONDS_MAX)
    assert not ends.delivered()


def test_an_urgent_byte_is_one_like_the_others(ends: Ends) -> None:
    """FTP clients send `ABOR` urgently, and the system marks its last byte."""
    ends.collector.send(b"ABOR\r\n", socket.MSG_OOB)
    ends.collector.shutdown(socket.SHUT_WR)
    with ends.exchange.makefile("rb") as said:
        assert said.read() == b"ABOR\r\n"


def test_a_reset_behind_the_end_is_passed_on(ends: Ends) -> None:
    ends.exchange.sendall(b"file")
    ends.exchange.shutdown(socket.SHUT_WR)
    ends.collector.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    ends.collector.recv(1)
    ends.collector.close()
    with pytest.raises(ConnectionResetError):
        ends.exchange.recv(10)
    assert ends.closed.wait(SECONDS_MAX)


def test_elsewhere_the_end_of_one_is_the_end_of_both(network: Any) -> None:
    ends = Ends(network, "standard")
    ends.exchange.shutdown(socket.SHUT_WR)
    assert ends.collector.recv(10) == b""
    assert ends.exchange.recv(10) == b""
    ends.stop()
