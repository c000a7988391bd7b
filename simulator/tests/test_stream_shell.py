"""The stream's shell in memory: a real outlet, a clock of our own, bytes typed by hand.

A connection takes what is written when the test says so (`take`), as a system's buffer would.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.ed52.codec import render
from oxo_simulator.ed52.settings import Ed52Settings
from oxo_simulator.exchange.notices import Notice
from oxo_simulator.exchange.outlet import Outlet
from oxo_simulator.stream.codec import Kind, ticket
from oxo_simulator.stream.machine import JOINED_FRAMES_MAX, STRANGE_FRAMES_MAX
from oxo_simulator.stream.reception import Reception, outlet_terms
from oxo_simulator.stream.settings import StreamSettings
from oxo_simulator.stream.shell import CLOSE_SECONDS_MAX, CallServers, Line, StreamFactory
from oxo_tickets import CommunicationType, Direction, Ticket
from oxo_tickets import Kind as TicketKind
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

OPEN, START = b"\0\x01S", b"\0\x02\0\0"
ANSWER, REQUEST = b"\0\x08TEST_RSP", b"\0\x08TEST_REQ"
MAIN, EMPTY = b"\0\x01P", ticket(Kind.EMPTY).octets
FRAME_BYTES = 774
MANNER = Ed52Settings().manner
NOW = WallClock(
    VirtualClock(),
    datetime(2020, 2, 24, 14),  # noqa: DTZ001 - wall clock
    ZoneInfo("Europe/Rome"),
).now()
CALL = Ticket(
    kind=TicketKind.CALL,
    direction=Direction.OUTGOING,
    communication_type=CommunicationType.OUTGOING,
    local_time=datetime.fromisoformat("2020-02-24T14:32:07"),
    charged_user="217",
    dialled_number="00199001234",
    call_seconds=50,
)
MAO = Notice("mao", NOW, items=(("OBJECT", "LICENCE"),))
VOIP = Notice("voip", NOW, call=CALL)
MAO_FRAME = ticket(Kind.MAO, b"OBJECT=LICENCE;\n").octets


def call(number: int) -> Ticket:
    return replace(CALL, dialled_number=f"0{number}")


def cdr(one: Ticket) -> bytes:
    return ticket(Kind.CDR, render(one, MANNER)).octets


class Wire(StringTransport):
    """A transport in memory; `taken` is each piece that it was given, and took."""

    aborted = nodelay = False

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: FBT001, N802
        self.nodelay = enabled

    def abortConnection(self) -> None:  # noqa: N802
        self.aborted = True

    def take(self) -> list[bytes]:
        """Take what is written, piece by piece, until nothing more comes."""
        pieces = []
        while True:
            piece: bytes = self.value()  # type: ignore[no-untyped-call]
            self.clear()  # type: ignore[no-untyped-call]
            if piece:
                pieces.append(piece)
            if self.producer is None:
                return pieces
            self.producer.resumeProducing()
            if not self.value():  # type: ignore[no-untyped-call]
                return pieces


class Peer:
    """One connection of a collector."""

    def __init__(self, house: "House", number: int, port: str) -> None:
        self.wire: Any = Wire(  # type: ignore[no-untyped-call]
            hostAddress=IPv4Address("TCP", "127.0.0.2", 2533),
            peerAddress=IPv4Address("TCP", "127.0.0.1", 4000 + number),
        )
        line: Any = StreamFactory(house.servers, port).buildProtocol(None)
        self.line: Line = line
        line.makeConnection(self.wire)

    def heard(self) -> bytes:
        return b"".join(self.wire.take())

    def say(self, octets: bytes) -> bytes:
        """Say bytes and return what comes back."""
        self.line.dataReceived(octets)
        return self.heard()

    def leave(self) -> None:
        self.line.connectionLost(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]

    @property
    def ended(self) -> bool:
        return bool(self.wire.disconnecting)


class House:
    """The exchange's side: outlet, ledger, transcript, and both CPUs."""

    def __init__(self, **settings: Any) -> None:
        self.settings = StreamSettings(open=True, **settings)
        self.ledger: list[tuple[str, dict[str, Any]]] = []
        self.transcript: list[tuple[str, str, str]] = []
        self.proved: list[str] = []
        self.doors = 0
        self.clock = Clock()
        self.servers = CallServers(
            clock=self.clock,
            connection_name=lambda peer, own: (f"c{peer[1] - 4000}", f"{peer[0]} to {own[1]}"),
            prove=self.proved.append,
            said=self.said,
            utc_now=lambda: datetime.now(UTC),
            doors=self.looked_at_doors,
        )
        self.install()
        self.servers.serving = True
        self._made = 0

    def install(self) -> None:
        self.outlet = Outlet(outlet_terms(self.settings, MANNER), self.record)
        self.servers.install(Reception(self.outlet, self.settings, MANNER))

    def looked_at_doors(self) -> None:
        self.doors += 1

    def record(self, event: str, detail: dict[str, Any]) -> None:
        assert detail.pop("wire") == "stream"
        self.ledger.append((event, detail))

    def said(self, **line: str) -> None:
        assert line["wire"] == "stream"
        self.transcript.append((line["port"], line["sender"], line["text"]))

    def put(self, *tickets: Ticket) -> None:
        for one in tickets:
            self._made += 1
            self.outlet.put(self._made, one)

    def connect(self, number: int = 1, port: str = "stream-a") -> Peer:
        return Peer(self, number, port)

    def started(self, number: int = 1, port: str = "stream-a") -> Peer:
        """Connect, and go through the handshake."""
        peer = self.connect(number, port)
        assert peer.say(OPEN)[:3] == MAIN
        peer.line.dataReceived(START)
        return peer

    def events(self, *events: str) -> list[tuple[str, dict[str, Any]]]:
        return [(event, detail) for event, detail in self.ledger if event in events]

    def alarms(self) -> list[str]:
        return [detail["name"] for _, detail in self.events("alarm")]


def frames(octets: bytes) -> Iterator[bytes]:
    assert len(octets) % FRAME_BYTES == 0
    for place in range(0, len(octets), FRAME_BYTES):
        yield octets[place : place + FRAME_BYTES]


def test_a_collector_starts_and_is_told_what_waits_and_what_comes() -> None:
    house = House()
    house.put(call(1), call(2))
    peer = house.connect()
    assert peer.heard() == b""
    assert peer.say(OPEN) == MAIN + EMPTY
    assert house.proved == ["c1"]
    assert peer.say(START) == cdr(call(1)) + cdr(call(2))
    house.put(call(3))
    assert peer.heard() == cdr(call(3))
    assert house.outlet.waiting_count() == 0
    one = {"session": "e1", "connection": "c1"}
    assert house.events("session opened", "sent") == [
        ("session opened", {**one, "reason": "started"}),
        ("sent", {"first": 1, "last": 1, **one}),
        ("sent", {"first": 2, "last": 2, **one}),
        ("sent", {"first": 3, "last": 3, **one}),
    ]
    assert peer.wire.nodelay
    assert house.transcript[:4] == [
        ("stream-a", "collector", "S"),
        ("stream-a", "exchange", "role P: main"),
        ("stream-a", "exchange", "empty ticket"),
        ("stream-a", "collector", "<00 00>"),
    ]
    said = house.transcript[4]
    assert said[:2] == ("stream-a", "exchange")
    assert said[2] == f"CDR ticket {render(call(1), MANNER).decode().rstrip()}"
    assert all(text.isprintable() for _, _, text in house.transcript)


def test_separate_writes_flipped() -> None:
    house = House()
    house.put(call(1))
    peer = house.connect()
    peer.line.dataReceived(OPEN + START)
    assert [len(piece) for piece in peer.wire.take()] == [2, 1, 2, 772, 2, 772]

    house = House(separate_writes=False)
    house.put(*map(call, range(70)))
    peer = house.connect()
    peer.line.dataReceived(OPEN + START)
    pieces = peer.wire.take()
    assert [len(piece) for piece in pieces] == [777, JOINED_FRAMES_MAX * 774, 6 * 774]
    assert b"".join(pieces) == MAIN + EMPTY + b"".join(cdr(call(number)) for number in range(70))
    assert [(one["first"], one["last"]) for _, one in house.events("sent")] == [(1, 64), (65, 70)]


def test_empty_first_flipped() -> None:
    assert House(empty_first=False).connect().say(OPEN) == MAIN


def test_line_feed_flipped() -> None:
    house = House(line_feed=True)
    house.put(CALL)
    assert house.started().heard() == ticket(Kind.CDR, render(CALL, MANNER) + b"\n").octets


def test_who_does_not_read_leaves_the_tickets_in_the_buffer() -> None:
    house = House(capacity=10)
    peer = house.started()
    peer.wire.producer.resumeProducing()
    house.put(*map(call, range(12)))
    # One piece is on its way; nothing of the others has left the outlet.
    assert len(peer.wire.value()) == 2
    assert house.outlet.waiting_count() == 10
    assert [one["id"] for _, one in house.events("dropped")] == [12]
    assert [one["first"] for _, one in house.events("sent")] == [1]
    assert peer.heard() == b"".join(cdr(call(number)) for number in range(11))


def test_the_buffers_alarms_have_names_and_the_newest_is_dropped() -> None:
    house = House(capacity=10, alarm_percent=50)
    house.put(*map(call, range(13)))
    alarm = {"capacity": 10, "percent": 50}
    assert house.events("alarm", "dropped") == [
        ("alarm", {"name": "OTF_BUFFER_70", "buffered": 5, **alarm}),
        ("dropped", {"id": 11, "reason": "buffer full"}),
        ("alarm", {"name": "OTF_BUFFER_FULL", "buffered": 10, **alarm}),
        ("dropped", {"id": 12, "reason": "buffer full"}),
        ("dropped", {"id": 13, "reason": "buffer full"}),
    ]
    peer = house.started()
    assert len(list(frames(peer.heard()))) == 10
    peer.leave()
    house.put(*map(call, range(11)))
    assert house.alarms()[-2:] == ["OTF_BUFFER_70", "OTF_BUFFER_FULL"]


def test_alarm_percent_flipped() -> None:
    house = House(capacity=2, alarm_percent=0)
    house.put(CALL, CALL)
    assert house.alarms() == []


def test_what_was_sent_is_not_told_again_and_the_rest_is() -> None:
    house = House()
    peer = house.started()
    peer.heard()
    house.put(call(1))
    peer.heard()
    peer.leave()
    house.put(call(2))
    assert house.started(2).heard() == cdr(call(2))
    assert [detail["reason"] for _, detail in house.events("session closed")] == ["peer left"]
    assert house.alarms() == ["OTF_LINK_UP", "OTF_LINK_DOWN", "OTF_LINK_UP"]


def test_a_ticket_whose_frame_had_begun_is_sent_whatever_becomes_of_it() -> None:
    house = House()
    peer = house.started()
    peer.heard()
    house.put(call(1))
    peer.leave()
    assert [one["first"] for _, one in house.events("sent")] == [1]
    assert house.started(2).heard() == b""


# Time.


def test_keep_alive_seconds_and_answer_seconds_flipped() -> None:
    house = House(keep_alive_seconds=8, answer_seconds=3)
    peer = house.started()
    peer.heard()
    house.clock.advance(7.9)
    assert peer.heard() == b""
    house.clock.advance(0.1)
    assert peer.heard() == REQUEST
    house.clock.advance(2.9)
    assert peer.say(ANSWER) == b""
    house.clock.advance(5.1)
    assert peer.heard() == REQUEST
    house.clock.advance(3)
    assert peer.ended
    assert house.alarms() == ["OTF_LINK_UP", "OTF_KEEPALIVE_LOST", "OTF_LINK_DOWN"]
    ((_, closed),) = house.events("session closed")
    assert closed["reason"] == "no answer"
    house.put(CALL)
    assert house.outlet.waiting_count() == 1


def test_the_defaults_are_half_a_minute() -> None:
    house = House()
    peer = house.started()
    peer.heard()
    for _ in range(10):
        house.clock.advance(30)
        assert peer.heard() == REQUEST
        assert peer.say(ANSWER) == b""
    house.clock.advance(30)
    peer.heard()
    house.clock.advance(30)
    assert peer.ended


def test_a_keep_alive_comes_inside_a_burst() -> None:
    house = House(keep_alive_seconds=5, capacity=100)
    house.put(*map(call, range(20)))
    peer = house.started()
    for _ in range(9):  # some pieces
        peer.wire.producer.resumeProducing()
    house.clock.advance(5)
    heard = peer.heard()
    assert heard.count(REQUEST) == 1
    told = heard.replace(REQUEST, b"")
    assert told == b"".join(cdr(call(number)) for number in range(20))
    assert 0 < heard.index(REQUEST) < len(told)


def test_open_seconds_and_start_seconds_flipped() -> None:
    house = House(open_seconds=2, start_seconds=3)
    silent = house.connect(1)
    house.clock.advance(2)
    assert silent.ended
    opened = house.connect(2)
    opened.say(OPEN)
    ended = []
    for seconds in (2.9, 0.1):
        house.clock.advance(seconds)
        ended.append(opened.ended)
    assert ended == [False, True]
    assert [detail for _, detail in house.events("refused")] == [
        {"connection": "c1", "reason": "not opened"},
        {"connection": "c2", "reason": "not started"},
    ]
    assert house.events("session opened", "alarm") == []


def test_first_ticket_seconds_flipped() -> None:
    house = House(first_ticket_seconds=120)
    house.put(CALL)
    peer = house.started()
    assert peer.heard() == b""
    for _ in range(3):
        house.clock.advance(30)
        assert peer.heard() == REQUEST
        peer.say(ANSWER)
    house.clock.advance(30)
    heard = peer.heard()
    assert REQUEST in heard
    assert cdr(CALL) in heard


# Clients and CPUs.


def test_a_second_client_is_closed_without_a_byte() -> None:
    house = House()
    first, second, third = house.started(1), house.connect(2), house.connect(3)
    assert (second.ended, third.ended, first.ended) == (True, True, False)
    assert second.say(OPEN) == b""
    assert [detail for _, detail in house.events("refused")] == [
        {"connection": "c2", "reason": "second client"},
        {"connection": "c3", "reason": "second client"},
    ]
    assert house.alarms() == ["OTF_LINK_UP", "OTF_SECOND_CLIENT"]
    house.put(CALL)
    assert first.heard() == cdr(CALL)
    second.leave()
    assert not house.connect(4).line.session
    first.leave()
    house.put(CALL)
    assert house.started(5).heard() == cdr(CALL)


def test_second_client_flipped_to_replace() -> None:
    house = House(second_client="replace")
    first = house.started(1)
    second = house.started(2)
    assert first.ended
    ((_, closed),) = house.events("session closed")
    assert (closed["connection"], closed["reason"]) == ("c1", "replaced")
    first.leave()
    house.put(CALL)
    assert second.heard() == cdr(CALL)


def test_second_client_flipped_to_refuse() -> None:
    house = House(second_client="refuse", standby="silent")
    assert list(house.servers.cpus.closed_doors()) == []
    before = house.doors
    peer = house.connect()
    assert list(house.servers.cpus.closed_doors()) == ["stream-a"]
    assert house.doors > before
    peer.leave()
    assert list(house.servers.cpus.closed_doors()) == []


def test_standby_flipped() -> None:
    assert list(House().servers.cpus.closed_doors()) == ["stream-b"]

    house = House(standby="role-then-close")
    peer = house.connect(1, "stream-b")
    assert peer.say(OPEN) == b"\0\x01S"
    assert peer.ended
    assert house.events("refused") == [("refused", {"connection": "c1", "reason": "standby"})]

    house = House(standby="silent", open_seconds=1)
    peer = house.connect(1, "stream-b")
    house.clock.advance(60)
    assert peer.say(OPEN + START) == b""
    assert not peer.ended
    peer.leave()
    assert house.ledger == []


def test_standby_role_flipped() -> None:
    house = House(standby="role-then-close", standby_role=0x55)
    assert house.connect(1, "stream-b").say(OPEN) == b"\0\x01U"


def test_an_ordered_switch_over_keeps_what_waits() -> None:
    house = House()
    peer = house.started(1)
    peer.heard()
    house.servers.switch_over(ordered=True)
    assert (peer.ended, peer.wire.aborted) == (True, False)
    peer.leave()
    house.put(CALL)
    assert house.connect(2, "stream-a").say(OPEN) != MAIN
    assert house.started(3, "stream-b").heard() == cdr(CALL)
    assert house.events("switch-over", "session closed") == [
        ("switch-over", {"main": "stream-b", "ordered": True}),
        ("session closed", {"session": "e1", "connection": "c1", "reason": "switch-over"}),
    ]


def test_a_cpu_that_fails_takes_what_waits_along() -> None:
    house = House()
    peer = house.started(1)
    peer.wire.producer.resumeProducing()
    house.put(call(1), call(2), call(3))
    house.outlet.put_notice(MAO)
    house.servers.switch_over(ordered=False)
    assert peer.wire.aborted
    # The first was on its way: it is sent, wherever it came to.
    assert house.events("sent", "dropped", "notice dropped") == [
        ("sent", {"first": 1, "last": 1, "session": "e1", "connection": "c1"}),
        ("dropped", {"id": 2, "reason": "lost with the CPU"}),
        ("dropped", {"id": 3, "reason": "lost with the CPU"}),
        ("notice dropped", {"kind": "mao", "reason": "lost with the CPU"}),
    ]
    house.put(call(4))
    assert house.started(2, "stream-b").heard() == cdr(call(4))


@pytest.mark.parametrize(
    ("ordered", "settings", "kept"),
    [
        (True, {"buffer_on_switch_over": "lost"}, 0),
        (False, {"buffer_on_failure": "kept"}, 1),
    ],
)
def test_buffer_on_switch_over_and_on_failure_flipped(
    ordered: bool,  # noqa: FBT001
    settings: dict[str, str],
    kept: int,
) -> None:
    house = House(**settings)
    house.put(CALL)
    house.servers.switch_over(ordered=ordered)
    assert house.outlet.waiting_count() == kept


def test_a_silent_connection_ends_with_a_switch_over_too() -> None:
    house = House(standby="silent")
    peer = house.connect(1, "stream-b")
    house.servers.switch_over(ordered=True)
    assert peer.ended
    assert house.started(2, "stream-b").line.session


def test_a_warm_reset_keeps_the_buffer_and_the_main_cpu() -> None:
    house = House()
    house.servers.switch_over(ordered=True)
    peer = house.started(1, "stream-b")
    peer.heard()
    house.servers.serving = False
    house.servers.end("reset")
    assert peer.ended
    house.put(CALL)
    late = house.connect(2, "stream-b")
    assert late.ended
    assert house.events("refused")[-1] == ("refused", {"connection": "c2", "reason": "busy"})
    house.servers.serving = True
    assert house.started(3, "stream-b").heard() == cdr(CALL)


def test_a_fresh_installation_forgets_everybody_without_a_word() -> None:
    house = House()
    peer = house.started()
    house.ledger.clear()
    house.install()
    assert peer.ended
    peer.leave()
    assert house.ledger == []
    house.put(CALL)
    assert house.started(2).heard() == cdr(CALL)


def test_while_the_wire_is_closed_nobody_is_served() -> None:
    house = House()
    house.servers.install(None)
    assert house.connect().ended
    house.servers.switch_over(ordered=True)
    assert house.servers.line is None


# Notices.


def test_notices_and_tickets_come_in_one_order() -> None:
    house = House(separate_writes=False)
    house.outlet.put_notice(MAO)
    house.put(call(1), call(2))
    house.outlet.put_notice(VOIP)
    house.outlet.put_notice(MAO)
    house.put(call(3))
    voip, mao, *rest = (house.outlet.notices[place].notice for place in (1, 2))
    assert (voip, mao, rest) == (VOIP, MAO, [])
    heard = list(frames(house.started().heard()))
    assert [frame[4] for frame in heard] == [6, 2, 2, 7, 6, 2]
    assert heard[0] == heard[4] == MAO_FRAME
    assert [event for event, _ in house.events("notice", "sent")] == [
        "notice", "sent", "notice", "notice", "sent",
    ]  # fmt: skip
    one = {"session": "e1", "connection": "c1"}
    assert house.events("notice")[1] == ("notice", {"kind": "voip", **one})
    assert "MAO ticket OBJECT=LICENCE;" in [text for _, _, text in house.transcript]


def test_a_notice_that_comes_goes_at_once() -> None:
    house = House()
    peer = house.started()
    peer.heard()
    house.outlet.put_notice(MAO)
    assert peer.heard() == MAO_FRAME


@pytest.mark.parametrize(("key", "notice"), [("mao", MAO), ("voip", VOIP)])
def test_mao_and_voip_flipped(key: str, notice: Notice) -> None:
    house = House(**{key: False})
    house.outlet.put_notice(notice)
    assert house.started().heard() == b""
    assert not house.outlet.notices


def test_a_notice_that_cannot_be_said_is_not_taken() -> None:
    house = House()
    house.outlet.put_notice(VOIP._replace(call=replace(CALL, charged_user="1" * 31)))
    house.outlet.put_notice(MAO._replace(items=(("A;", "B"),)))
    assert not house.outlet.notices


def test_notices_find_no_more_room_than_tickets_and_take_none_of_theirs() -> None:
    house = House(capacity=2)
    for _ in range(3):
        house.outlet.put_notice(MAO)
    assert house.events("notice dropped") == [
        ("notice dropped", {"kind": "mao", "reason": "buffer full"}),
    ]
    house.put(CALL, CALL)
    assert house.outlet.waiting_count() == 2


# Hostile peers.


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"\xff\xff", "no frame has length 65535"),
        (b"GET / HTTP/1.1\r\n\r\n", "no frame has length 18245"),
        (b"\0\0", "no frame has length 0"),
        (b"\0\x02\0\0", "no collector"),
        (ANSWER, "no collector"),
        (b"\0\x01s", "no collector"),
    ],
)
def test_who_is_no_collector_is_told_nothing(octets: bytes, reason: str) -> None:
    house = House()
    house.put(CALL)
    peer = house.connect()
    assert peer.say(octets) == b""
    assert peer.ended
    assert house.events("refused") == [("refused", {"connection": "c1", "reason": reason})]
    assert house.outlet.waiting_count() == 1
    assert house.started(2).heard() == cdr(CALL)


def test_half_a_frame_is_waited_for_no_longer_than_for_none() -> None:
    house = House(open_seconds=5)
    peer = house.connect()
    peer.say(b"\0")
    house.clock.advance(4)
    peer.say(b"\x01")
    house.clock.advance(1)
    assert peer.ended


def test_what_is_strange_in_a_session_is_counted_and_told_once() -> None:
    house = House()
    peer = house.started()
    peer.heard()
    strange = b"\0\x05\x01abc\xff"
    for _ in range(3):
        assert peer.say(strange) == b""
    peer.leave()
    ((_, closed),) = house.events("session closed")
    assert closed["strange_frames"] == 3
    assert [text for _, sender, text in house.transcript if sender == "collector"] == [
        "S", "<00 00>", "<01 61 62 63 ff>",
    ]  # fmt: skip


def test_a_flood_of_strange_frames_ends_the_session() -> None:
    house = House()
    peer = house.started()
    peer.heard()
    house.put(CALL)
    peer.line.dataReceived(b"\0\x01x" * (STRANGE_FRAMES_MAX + 1))
    assert peer.ended
    assert house.started(2).line.session


def test_a_connection_that_does_not_close_is_aborted() -> None:
    house = House()
    peer = house.started()
    house.servers.end("operator")
    assert (peer.ended, peer.wire.aborted) == (True, False)
    house.clock.advance(CLOSE_SECONDS_MAX)
    assert peer.wire.aborted


def test_a_connection_that_closes_leaves_no_timer() -> None:
    house = House()
    peer = house.started()
    house.servers.end("operator")
    peer.leave()
    assert house.clock.getDelayedCalls() == []


def test_connections_that_the_link_does_not_know_any_more_are_not_mixed_up() -> None:
    house = House(second_client="replace")
    house.servers.connection_name = lambda _peer, _own: ("unknown", "127.0.0.1:1")
    first, second = house.started(1), house.started(2)
    assert (first.ended, second.ended) == (True, False)
    first.leave()
    house.put(CALL)
    assert second.heard() == cdr(CALL)


def test_a_hundred_connections_disturb_nobody() -> None:
    house = House()
    peer = house.started(1)
    peer.heard()
    crowd = [house.connect(number) for number in range(2, 102)]
    assert all(each.ended for each in crowd)
    for each in crowd:
        each.leave()
    house.put(CALL)
    assert peer.heard() == cdr(CALL)
    assert house.alarms() == ["OTF_LINK_UP", "OTF_SECOND_CLIENT"]
