"""The link with real sockets: what a blocking collector sees, what the ledger says."""

import contextlib
import queue
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from oxo_simulator.control.messages import ArmedFault, Fault, LedgerLine
from oxo_simulator.link.door import PortOccupied, reserve
from oxo_simulator.link.faults import FaultUnknown
from oxo_simulator.link.lane import HELD_BYTES_MAX
from oxo_simulator.link.relay import Link
from twisted.internet.defer import Deferred
from twisted.internet.threads import blockingCallFromThread

pytestmark = pytest.mark.process

SECONDS_MAX = 5.0
SILENCE_SECONDS = 0.15
"""How long nothing may come before silence is believed; faults are in force before it begins."""


class Line:
    """A link between a collector and an exchange that the test itself plays."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self.events: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        reserved = reserve("127.0.0.1", 0)
        self.port = reserved.getsockname()[1]
        self.exchange = socket.create_server(("127.0.0.2", self.port))
        self.exchange.settimeout(SECONDS_MAX)
        self._sockets = [self.exchange]

        def make() -> Link:
            return Link(
                reactor=network,
                behind="127.0.0.2",
                reserved={"standard": reserved},
                record=self._note,
            )

        self.link: Link = self.call(make)
        self.call(lambda: self.link.doors["standard"].admit("not started"))

    def _note(self, event: str, detail: dict[str, Any]) -> None:
        self.events.put((event, detail))

    def call(self, what: Callable[[], Any]) -> Any:
        return blockingCallFromThread(self._network, what)

    def connect(self) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), SECONDS_MAX)
        self._sockets.append(client)
        return client

    def accept(self) -> socket.socket:
        server, _ = self.exchange.accept()
        server.settimeout(SECONDS_MAX)
        self._sockets.append(server)
        return server

    def pair(self) -> tuple[socket.socket, socket.socket]:
        """Return both ends of a connection that has carried something each way."""
        client, server = self.connect(), self.accept()
        client.sendall(b"ask")
        assert server.recv(3) == b"ask"
        server.sendall(b"say")
        assert client.recv(3) == b"say"
        return client, server

    def strike(self, **fields: Any) -> None:
        def work() -> Any:
            self.link.strike(Fault(**fields))
            return self.link.settled()

        self.call(work)

    def restore(self, *, reset_connections: bool = False) -> None:
        def work() -> Any:
            self.link.restore(reset_connections=reset_connections)
            return self.link.settled()

        self.call(work)

    def event(self, wanted: str) -> dict[str, Any]:
        """Wait for the next such event."""
        while True:
            event, detail = self.events.get(timeout=SECONDS_MAX)
            if event == wanted:
                return detail

    def close(self) -> None:
        self.call(self.link.close)
        for each in self._sockets:
            each.close()


@pytest.fixture
def line(network: Any) -> Iterator[Line]:
    found = Line(network)
    yield found
    found.close()
    assert blockingCallFromThread(network, network.getDelayedCalls) == []


def silent(end: socket.socket) -> bool:
    """Tell whether nothing comes, neither a byte nor an end."""
    end.settimeout(SILENCE_SECONDS)
    with contextlib.suppress(TimeoutError):
        end.recv(1)
        return False
    end.settimeout(SECONDS_MAX)
    return True


def read_all(end: socket.socket) -> tuple[bytes, bool]:
    """Read until the end; tell whether it was a reset."""
    found = b""
    while True:
        try:
            data = end.recv(65_536)
        except ConnectionResetError:
            return found, True
        if not data:
            return found, False
        found += data


def test_a_whole_link_carries_both_ways_and_ends_in_order(line: Line) -> None:
    client, server = line.pair()
    peer = f"127.0.0.1:{client.getsockname()[1]}"
    opened = {"connection": "c1", "port": "standard", "peer": peer}
    assert line.event("connection opened") == opened
    big = bytes(range(256)) * 8192
    server.settimeout(SECONDS_MAX)
    client.sendall(big[:1_000_000])
    got = b""
    while len(got) < 1_000_000:
        got += server.recv(65_536)
    assert got == big[:1_000_000]
    server.sendall(b"last words")
    server.close()
    assert read_all(client) == (b"last words", False)
    client.close()
    assert line.event("connection closed") == opened


def test_the_exchange_side_peer_has_the_name_of_its_connection(line: Line) -> None:
    line.pair()
    client, server = line.pair()

    ends = server.getpeername(), server.getsockname()
    name, peer = line.call(lambda: line.link.connection_name(*ends))
    assert (name, peer) == ("c2", f"127.0.0.1:{client.getsockname()[1]}")


def test_refuse_refuses_new_connections_and_lets_existing_ones_go_on(line: Line) -> None:
    client, server = line.pair()
    line.strike(kind="refuse")
    assert line.event("fault") == {
        "id": "f1",
        "fault": {"kind": "refuse", "towards": "both", "ports": []},
    }
    with pytest.raises(ConnectionRefusedError):
        line.connect()
    client.sendall(b"still here")
    assert server.recv(99) == b"still here"
    assert line.link.disturbed
    line.restore()
    assert line.event("restored") == {"reset_connections": False, "faults": [{"id": "f1"}]}
    line.pair()
    assert not line.link.disturbed


def test_a_refused_number_is_given_to_nobody_else(line: Line) -> None:
    line.strike(kind="refuse")
    with pytest.raises(OSError, match="in use"), socket.socket() as other:
        other.bind(("127.0.0.1", line.port))
    line.restore()
    line.pair()


def test_a_cut_holds_bytes_both_ways_and_a_repair_delivers_them(line: Line) -> None:
    client, server = line.pair()
    line.strike(kind="cut")
    client.sendall(b"question")
    assert line.event("held") == {
        "connection": "c1", "port": "standard", "towards": "exchange", "bytes": 8
    }  # fmt: skip
    server.sendall(b"answer")
    assert line.event("held") == {
        "connection": "c1", "port": "standard", "towards": "collector", "bytes": 6
    }  # fmt: skip
    assert silent(client)
    assert silent(server)
    line.restore()
    assert server.recv(99) == b"question"
    assert client.recv(99) == b"answer"


def test_a_cut_in_one_direction_leaves_the_other(line: Line) -> None:
    client, server = line.pair()
    line.strike(kind="cut", towards="exchange")
    server.sendall(b"answer")
    assert client.recv(99) == b"answer"
    client.sendall(b"thanks")
    assert line.event("held")["towards"] == "exchange"
    assert silent(server)
    line.restore()
    assert server.recv(99) == b"thanks"


def test_an_end_is_held_behind_its_bytes(line: Line) -> None:
    client, server = line.pair()
    line.strike(kind="cut")
    client.sendall(b"goodbye")
    client.close()
    line.event("held")
    assert silent(server)
    line.restore()
    assert read_all(server) == (b"goodbye", False)


def test_new_connections_hang_while_cut_and_come_alive_after_it(line: Line) -> None:
    line.strike(kind="cut")
    client = line.connect()
    client.sendall(b"hello")
    assert line.event("held")["bytes"] == 5
    assert silent(client)
    line.restore()
    server = line.accept()
    assert server.recv(99) == b"hello"
    server.sendall(b"welcome")
    assert client.recv(99) == b"welcome"


def test_a_connection_that_gave_up_while_cut_never_reaches_the_exchange(line: Line) -> None:
    line.strike(kind="cut")
    client = line.connect()
    client.sendall(b"hello")
    line.event("held")
    client.close()
    line.event("connection closed")
    line.restore()
    line.pair()


def test_what_a_cut_holds_is_bounded_and_still_complete(line: Line) -> None:
    client, server = line.pair()
    line.strike(kind="cut", towards="exchange")
    client.setblocking(False)
    sent = 0
    with contextlib.suppress(BlockingIOError):
        while sent < 64 * HELD_BYTES_MAX:
            sent += client.send(b"x" * 65_536)
    assert line.event("held")["connection"] == "c1"
    held = line.call(lambda: len(line.link.connections(["standard"])[0].lanes["exchange"]._kept))
    assert held < HELD_BYTES_MAX + 1_000_000
    client.setblocking(True)
    line.restore()
    client.shutdown(socket.SHUT_WR)
    got, reset = read_all(server)
    assert (len(got), reset) == (sent, False)


def test_restore_can_reset_what_lived_through_it(line: Line) -> None:
    client, server = line.pair()
    line.strike(kind="cut")
    client.sendall(b"lost")
    line.event("held")
    line.restore(reset_connections=True)
    assert read_all(client) == (b"", True)
    assert read_all(server) == (b"", True)
    line.pair()


def test_reset_resets_and_lets_new_ones_through(line: Line) -> None:
    client, server = line.pair()
    line.strike(kind="reset")
    assert read_all(client) == (b"", True)
    assert read_all(server) == (b"", True)
    assert not line.link.disturbed
    line.pair()


@pytest.mark.parametrize("count", [0, 1, 7, 100_000])
def test_carry_then_reset_carries_exactly_so_many_bytes(line: Line, count: int) -> None:
    client, server = line.pair()
    line.strike(kind="carry then reset", towards="collector", carry_bytes=count)
    client.sendall(b"not counted")
    assert server.recv(99) == b"not counted"
    payload = bytes(range(256)) * 1000
    with contextlib.suppress(ConnectionError):
        server.sendall(payload)
    assert read_all(client) == (payload[:count], True)
    line.event("connection closed")
    assert not line.link.disturbed
    line.pair()


def exactly(end: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        data = end.recv(count - len(found))
        assert data, f"the end came after {len(found)} bytes"
        found += data
    return found


PAYLOAD = bytes(range(256)) * 1000


@pytest.mark.parametrize("count", [0, 1, 7, 100_000, len(PAYLOAD)])
def test_carry_then_cut_carries_so_many_bytes_and_the_rest_after_the_repair(
    line: Line, count: int
) -> None:
    client, server = line.pair()
    line.strike(kind="carry then cut", towards="collector", carry_bytes=count)
    client.sendall(b"not counted")
    assert server.recv(99) == b"not counted"
    server.sendall(PAYLOAD)
    assert exactly(client, count) == PAYLOAD[:count]
    assert silent(client)
    server.sendall(b"more")
    assert line.event("held")["towards"] == "collector"
    late = line.connect()
    line.accept().sendall(b"behind the cut")
    assert silent(late)
    client.sendall(b"the other way is open")
    assert server.recv(99) == b"the other way is open"
    assert line.link.disturbed
    line.restore()
    assert exactly(client, len(PAYLOAD) - count + 4) == PAYLOAD[count:] + b"more"
    assert late.recv(99) == b"behind the cut"
    assert not line.link.disturbed


def test_the_count_runs_over_all_connections(line: Line) -> None:
    client, server = line.pair()
    other_client, other_server = line.pair()
    line.strike(kind="carry then cut", towards="both", carry_bytes=10)
    client.sendall(b"1234567")
    assert exactly(server, 7) == b"1234567"
    other_server.sendall(b"890abc")
    assert exactly(other_client, 3) == b"890"
    assert line.event("held") == {
        "connection": "c2", "port": "standard", "towards": "collector", "bytes": 3
    }  # fmt: skip
    client.sendall(b"x")
    assert line.event("held") == {
        "connection": "c1", "port": "standard", "towards": "exchange", "bytes": 1
    }  # fmt: skip
    assert silent(server)
    line.restore()
    assert exactly(server, 1) == b"x"
    assert exactly(other_client, 3) == b"abc"


def test_a_count_that_is_not_reached_ends_with_the_repair(line: Line) -> None:
    client, server = line.pair()
    line.strike(kind="carry then cut", towards="exchange", carry_bytes=5)
    line.restore()
    client.sendall(b"0123456789")
    assert exactly(server, 10) == b"0123456789"


def undialled(
    line: Line, monkeypatch: pytest.MonkeyPatch, **fault: Any
) -> tuple[socket.socket, Callable[[], Any]]:
    """Send ten bytes on a connection that is still being dialled; return what ends the dialling."""
    dials: queue.Queue[Any] = queue.Queue()
    dial, waiting = line.link.dial, Deferred[Any]()

    def later(connection: Any) -> Deferred[Any]:
        dials.put(connection)
        return waiting

    monkeypatch.setattr(line.link, "dial", later)
    line.strike(towards="exchange", carry_bytes=6, **fault)
    client = line.connect()
    connection = dials.get(timeout=SECONDS_MAX)
    client.sendall(b"0123456789")
    lane = connection.lanes["exchange"]
    while not lane.is_cut and lane._last_words is None:
        assert line.call(lambda: connection.near.transport.connected)
    return client, lambda: line.call(lambda: dial(connection))


def test_carry_then_cut_reaches_an_end_that_is_still_dialled(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, reached = undialled(line, monkeypatch, kind="carry then cut")
    reached()
    server = line.accept()
    assert exactly(server, 6) == b"012345"
    assert silent(server)
    client.sendall(b"x")
    line.restore()
    assert exactly(server, 5) == b"6789x"


def test_carry_then_reset_reaches_an_end_that_is_still_dialled(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, reached = undialled(line, monkeypatch, kind="carry then reset")
    assert silent(client)
    reached()
    assert read_all(line.accept()) == (b"012345", True)
    assert read_all(client) == (b"", True)


def test_an_armed_fault_strikes_inside_the_event(line: Line) -> None:
    client, server = line.pair()
    fault = Fault(kind="cut", towards="both")
    line.call(lambda: line.link.arm(ArmedFault(when="acknowledged", fault=fault)))
    assert line.event("fault armed")["when"] == "acknowledged"

    def happens(event: str) -> None:
        told = LedgerLine(n=1, at="", exchange_time="", event=event, detail={})
        line.call(lambda: line.link.ledger_line(told))

    happens("offered")
    server.sendall(b"tickets")
    assert client.recv(99) == b"tickets"
    happens("acknowledged")
    assert line.event("fault")["fault"]["kind"] == "cut"
    server.sendall(b"not a byte of this leaves")
    assert silent(client)
    line.restore()
    happens("acknowledged")
    assert not line.link.disturbed, "it strikes once"


def test_an_impossible_fault_is_named(line: Line) -> None:
    wrong = Fault(kind="cut", ports=["fax"])
    with pytest.raises(FaultUnknown, match="port 'fax'; there are standard"):
        line.call(lambda: line.link.strike(wrong))
    count = Fault(kind="carry then cut", carry_bytes=-1)
    with pytest.raises(FaultUnknown, match="carry_bytes -1; 0 to"):
        line.call(lambda: line.link.arm(ArmedFault(when="offered", fault=count)))
    assert not line.link.disturbed


def test_an_exchange_that_does_not_listen_resets_the_collector(line: Line) -> None:
    line.exchange.close()
    with pytest.raises(ConnectionResetError):  # at once, or with the first read
        line.connect().recv(1)


def test_an_occupied_address_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortOccupied, match=f"cannot listen at 127.0.0.1, port {port}"):
            reserve("127.0.0.1", port)
