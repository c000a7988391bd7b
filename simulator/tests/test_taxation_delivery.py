"""Clients that read slowly, or never: what is kept for them is bounded, and they are let go."""

from collections.abc import Callable
from typing import Any

import pytest
from oxo_simulator.taxation.delivery import SLICE_BYTES, SLOW_READER_SECONDS, Unread
from oxo_simulator.taxation.http import SLOW_PEER_SECONDS
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

MakeWire = Callable[..., Any]


def soap(inside: str) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
        f'<s:Body xmlns="urn:oxo-sim:taxation:1">{inside}</s:Body></s:Envelope>'
    ).encode()


def get(wire: Any, tickets: int = 5000) -> bytes:
    asked = f"<maxTickets>{tickets}</maxTickets><waitSeconds>0</waitSeconds>"
    octets: bytes = wire.request(soap(f"<GetTickets>{asked}</GetTickets>"), cookie=wire.cookie)
    return octets


class Narrow:
    """A connection that takes no more than one write at a time; `drain` is its peer reading."""

    def __init__(self, wire: Any, port: int = 4001) -> None:
        self.channel, self.transport = wire.connect(port)
        self._write = self.transport.write
        self.transport.write = self.write

    def write(self, data: bytes) -> None:
        self._write(data)
        if len(data) > 1000 and self.transport.producer is not None:
            self.transport.producer.pauseProducing()

    def drain(self) -> bytes:
        taken: bytes = self.transport.value()
        self.transport.clear()
        if self.transport.producer is not None:
            self.transport.producer.resumeProducing()
        return taken


@pytest.fixture
def wire(make_wire: MakeWire) -> Any:
    made = make_wire(5000, batch_tickets_max=10_000)
    made.login()
    return made


def test_an_answer_leaves_slice_by_slice_and_whole(wire: Any) -> None:
    whole = wire.send(get(wire))[0]
    assert len(whole.body) > 3 * SLICE_BYTES
    narrow = Narrow(wire)
    narrow.channel.dataReceived(get(wire))
    read = b""
    while piece := narrow.drain():
        assert len(piece) < SLICE_BYTES + 1000
        assert wire.taxation._unread.bytes in (0, len(whole.body))
        read += piece
    (reply,) = wire.replies(read)
    assert reply.body == whole.body
    assert wire.taxation._unread.bytes == 0
    narrow.channel.dataReceived(get(wire, 1))
    assert wire.replies(narrow.drain())[0].status == 200


def test_pipelined_requests_wait_until_the_answer_before_them_is_read(wire: Any) -> None:
    narrow = Narrow(wire)
    narrow.channel.dataReceived(get(wire) * 5)
    offered = [entry for entry in wire.exchange.journal if entry[0] == "offered"]
    assert len(offered) == 1
    read = b""
    while piece := narrow.drain():
        read += piece
    assert [reply.status for reply in wire.replies(read)] == [200] * 5


def test_a_client_that_reads_nothing_is_let_go(wire: Any) -> None:
    narrow = Narrow(wire)
    narrow.channel.dataReceived(get(wire))
    wire.clock.advance(SLOW_READER_SECONDS - 1)
    assert not narrow.transport.disconnected
    wire.clock.advance(1)
    assert narrow.transport.disconnected
    assert wire.taxation._unread.bytes == 0
    assert wire.get(1).status == 200


def test_a_client_that_reads_slowly_is_served_to_the_end(wire: Any) -> None:
    narrow = Narrow(wire)
    narrow.channel.dataReceived(get(wire))
    read = b""
    while piece := narrow.drain():
        read += piece
        wire.clock.advance(SLOW_PEER_SECONDS - 1)
    assert len(wire.replies(read)[0].body) > 3 * SLICE_BYTES


def test_the_next_request_begins_its_time_limit_when_the_answer_has_gone(wire: Any) -> None:
    narrow = Narrow(wire)
    narrow.channel.dataReceived(get(wire) + b"POST /serv")
    wire.clock.advance(SLOW_READER_SECONDS - 1)
    read = b""
    while piece := narrow.drain():
        read += piece
        wire.clock.advance(SLOW_PEER_SECONDS - 1)
    assert [reply.status for reply in wire.replies(read)] == [200]


def test_what_all_leave_unread_is_bounded_and_the_longest_waiting_goes(wire: Any) -> None:
    size = len(wire.send(get(wire))[0].body)
    wire.taxation._unread._bytes_max = 2 * size + 10
    narrows = [Narrow(wire, 4001 + n) for n in range(4)]
    for narrow in narrows:
        narrow.channel.dataReceived(get(wire))
    assert [narrow.transport.disconnected for narrow in narrows] == [True, True, False, False]
    assert wire.taxation._unread.bytes == 2 * size


def test_one_answer_that_is_too_much_alone_goes_itself(wire: Any) -> None:
    wire.taxation._unread._bytes_max = 1000
    narrow = Narrow(wire)
    narrow.channel.dataReceived(get(wire))
    assert narrow.transport.disconnected
    assert wire.taxation._unread.bytes == 0
    assert wire.get(1).status == 200


def test_a_client_that_closes_in_the_middle_leaves_nothing(wire: Any) -> None:
    before = wire.clock.getDelayedCalls()
    narrow = Narrow(wire)
    narrow.channel.dataReceived(get(wire))
    narrow.channel.connectionLost(Failure(ConnectionLost()))  # type: ignore[no-untyped-call]
    assert wire.taxation._unread.bytes == 0
    assert len(wire.clock.getDelayedCalls()) == len(before)
    assert wire.get(1).status == 200


def test_between_requests_no_time_limit_of_a_request_runs(wire: Any) -> None:
    channel, _ = wire.connect()
    for size in (0, 400):
        channel.dataReceived(get(wire, 1)[: size or None])
        running = [call for call in wire.clock.getDelayedCalls() if "_too_slow" in str(call)]
        assert len(running) == bool(size)


def test_counting_out_what_was_not_counted_in_changes_nothing() -> None:
    unread = Unread()
    unread.go_on(None)  # type: ignore[arg-type]
    assert unread.bytes == 0
