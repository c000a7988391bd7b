"""A stream in memory: a real outlet, a clock of our own, connections that take what they are told.

A connection takes what is written when the test says so (`take`), as a system's buffer would.
"""

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
from oxo_simulator.stream.reception import Reception, outlet_terms
from oxo_simulator.stream.settings import StreamSettings
from oxo_simulator.stream.shell import CallServers, Line, StreamFactory
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
    """The exchange's side: outlet, ledger, transcript, and both CPUs; what else tests speak of."""

    CALL, MAO, VOIP = CALL, MAO, VOIP
    call, cdr = staticmethod(call), staticmethod(cdr)

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


@pytest.fixture
def houses() -> type[House]:
    """Return what stands for an exchange with a stream of these settings."""
    return House
