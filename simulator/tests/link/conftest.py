"""A link in memory: its reactor is a clock that the test moves, its sockets are lists of bytes."""

import fcntl
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal
from unittest.mock import Mock

import pytest
from oxo_simulator.control.messages import Fault
from oxo_simulator.link import lane
from oxo_simulator.link.lane import Lane
from oxo_simulator.link.relay import Link
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

PORTS = (
    "standard", "alternate", "nmc", "nmc-data-1", "v24", "ohl",
    "account-ftp", "account-sftp", "account-data-1", "stream-a", "stream-b",
)  # fmt: skip
WIRES: Mapping[str, str] = {
    name: name.partition("-")[0] for name in PORTS if name not in ("standard", "alternate")
}
HALF_CLOSING = ("nmc-data-1", "account-data-1")


class Wire:
    """One end of a connection: a transport that notes what is written to it, and when."""

    def __init__(self, clock: Any, host: int, peer: int) -> None:
        self.clock = clock
        self.heard: list[tuple[float, bytes]] = []
        self.end: tuple[float, Literal["orderly", "half", "reset"]] | None = None
        self.reading = True
        self.producer: Any = None
        self.protocol: Any = None
        self.dataBuffer, self.offset, self._tempDataLen = b"", 0, 0
        self._host = IPv4Address("TCP", "127.0.0.1", host)
        self._peer = IPv4Address("TCP", "127.0.0.2", peer)

    @property
    def text(self) -> bytes:
        """Return everything that was written to it."""
        return b"".join(data for _, data in self.heard)

    def say(self, data: bytes) -> None:
        """Let what stands behind this end say something to the link."""
        assert self.reading, "the link reads no more from here"
        self.protocol.dataReceived(data)

    def leave(self, *, orderly: bool = True) -> None:
        """Let what stands behind this end close it."""
        lost: Exception = ConnectionDone() if orderly else ConnectionLost()
        protocol, self.protocol = self.protocol, None
        protocol.connectionLost(Failure(lost))  # type: ignore[no-untyped-call]

    # What the link does with it.

    def write(self, data: bytes) -> None:
        assert self.end is None, "written behind the end"
        self.heard.append((round(self.clock.seconds(), 6), data))

    def registerProducer(self, producer: Any, streaming: bool) -> None:  # noqa: N802, FBT001
        self.producer = producer
        if not streaming:
            producer.resumeProducing()
            self.clock.callLater(0, producer.resumeProducing)

    def unregisterProducer(self) -> None:  # noqa: N802
        self.producer = None

    def pauseProducing(self) -> None:  # noqa: N802
        self.reading = False

    def resumeProducing(self) -> None:  # noqa: N802
        self.reading = True

    def loseConnection(self) -> None:  # noqa: N802
        self._ends("orderly")

    def loseWriteConnection(self) -> None:  # noqa: N802
        self.end = self.end or (self.clock.seconds(), "half")

    def abortConnection(self) -> None:  # noqa: N802
        self._ends("reset")

    def setTcpNoDelay(self, _enabled: bool) -> None:  # noqa: N802, FBT001
        pass

    def getHandle(self) -> Mock:  # noqa: N802
        return Mock()

    def getHost(self) -> IPv4Address:  # noqa: N802
        return self._host

    def getPeer(self) -> IPv4Address:  # noqa: N802
        return self._peer

    def _ends(self, how: Literal["orderly", "reset"]) -> None:
        if self.end is None or self.end[1] == "half":
            self.end = (round(self.clock.seconds(), 6), how)
            self.clock.callLater(0, self._gone)

    def _gone(self) -> None:
        if self.protocol is not None:
            self.leave(orderly=self.end is not None and self.end[1] == "orderly")


class Pair:
    """A connection through the link: the ends of collector and exchange, once they are there."""

    def __init__(self, collector: Callable[[], Wire], exchange: Callable[[], Wire]) -> None:
        self._collector, self._exchange = collector, exchange

    @property
    def collector(self) -> Wire:
        return self._collector()

    @property
    def exchange(self) -> Wire:
        return self._exchange()

    def end(self, towards: str) -> Wire:
        """Return the end where bytes `towards` it arrive."""
        return self.collector if towards == "collector" else self.exchange

    def other(self, towards: str) -> Wire:
        """Return the end where such bytes come from."""
        return self.exchange if towards == "collector" else self.collector


class PaperLink:
    """A link whose collector and exchange the test plays.

    Attributes:
        ledger: event and detail of each line.
    """

    def __init__(self, seed: int = 1) -> None:
        self.reactor: Any = MemoryReactorClock()  # type: ignore[no-untyped-call]
        self.ledger: list[tuple[str, dict[str, Any]]] = []
        self._peers = 40_000
        self._dialled: dict[int, Wire] = {}
        self.link = Link(
            reactor=self.reactor,
            behind="127.0.0.2",
            reserved={name: self._reserved(6000 + n) for n, name in enumerate(PORTS)},
            record=lambda event, detail: self.ledger.append((event, detail)),
            outward={"v24": self._reserved(7000)},
            wires=WIRES,
            half_closing=HALF_CLOSING,
            seed=seed,
        )
        self.link.open(PORTS, {"v24": ("127.0.0.1", 9100)})
        self.advance(0)

    @staticmethod
    def _reserved(number: int) -> Any:
        held = Mock()
        held.getsockname.return_value = ("127.0.0.1", number)
        return held

    def advance(self, seconds: float) -> None:
        """Move real time, instant by instant."""
        latest = self.reactor.seconds() + seconds
        while True:
            due = [call.getTime() for call in self.reactor.getDelayedCalls()]
            if not due or min(due) > latest:
                break
            self.reactor.advance(max(0.0, min(due) - self.reactor.seconds()))
        self.reactor.advance(max(0.0, latest - self.reactor.seconds()))

    def connect(self, port: str = "standard") -> Pair:
        """Let a collector connect; the exchange accepts at once where it is dialled."""
        self._peers += 1
        number = self._peers
        near: Any = self.link.admit(port, f"127.0.0.1:{number}")
        assert near is not None
        return Pair(*self._between(near, number))

    def lead(self) -> Pair:
        """Let the exchange connect outwards; the collector accepts at once where it is dialled."""
        self._peers += 1
        near, far = self._between(self.link.lead("v24"), self._peers)
        return Pair(far, near)

    def _between(self, near: Any, number: int) -> tuple[Callable[[], Wire], Callable[[], Wire]]:
        wire = Wire(self.reactor, 6000, number)
        wire.protocol = near
        near.makeConnection(wire)
        self.answer()
        return lambda: wire, lambda: self._far(number)

    def answer(self) -> None:
        """Accept whatever the link dials."""
        clients, self.reactor.tcpClients = self.reactor.tcpClients[:], []
        for _, _, factory, *_ in clients:
            far = factory.buildProtocol(None)
            wire = Wire(self.reactor, 50_000 + self._peers, 6000)
            wire.protocol = far
            far.makeConnection(wire)
            self._dialled[self._peers] = wire

    def _far(self, number: int) -> Wire:
        assert number in self._dialled, "the other side was not dialled"
        return self._dialled[number]

    def is_dialled(self) -> bool:
        """Tell whether the last connection reached the other side."""
        return self._peers in self._dialled

    def strike(self, kind: Any, **fields: Any) -> None:
        self.link.strike(Fault(kind=kind, **fields))
        self.advance(0)

    def restore(self, *, reset_connections: bool = False) -> None:
        self.link.restore(reset_connections=reset_connections)
        self.advance(0)
        self.answer()

    def told(self, event: str) -> list[dict[str, Any]]:
        """Return the details of these lines."""
        return [detail for found, detail in self.ledger if found == event]

    def lanes(self) -> list[Lane]:
        found = self.link.connections(PORTS)
        return [lane for connection in found for lane in connection.lanes.values()]


@pytest.fixture
def make_link(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., PaperLink]]:
    """Return what makes links; none leaves anything to be done at its end."""
    monkeypatch.setattr(fcntl, "ioctl", lambda *_: bytes(4))
    monkeypatch.setattr(lane, "_is_reset", lambda _: False)
    made: list[PaperLink] = []

    def make(seed: int = 1) -> PaperLink:
        made.append(PaperLink(seed))
        return made[-1]

    yield make
    for each in made:
        each.link.close()
        each.advance(0)
        assert each.reactor.getDelayedCalls() == []


@pytest.fixture
def paper(make_link: Callable[..., PaperLink]) -> PaperLink:
    """Return a link."""
    return make_link()
