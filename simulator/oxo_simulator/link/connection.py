"""One connection through the link: the collector's end, the exchange's end, and a lane each way."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from typing import Protocol as Shape

from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from oxo_simulator.link.lane import Lane, Towards, Transport

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

DIAL_SECONDS_MAX = 5


class Watch(Shape):
    """Who is told what a connection lives through."""

    def dial(self, connection: "Connection") -> "Deferred[Any]":
        """Connect `connection.far` to the exchange."""

    def reached(self, connection: "Connection") -> None:
        """The exchange's end is connected."""

    def held(self, connection: "Connection", towards: Towards, count: int) -> None:
        """A cut keeps back the first bytes."""

    def arrived(self, connection: "Connection", towards: Towards, data: bytes) -> None:
        """Bytes came in that want to go there."""

    def closed(self, connection: "Connection") -> None:
        """Nothing is left of it."""


class End(Protocol):
    """One end: hands what happens to the connection."""

    transport: Any

    def __init__(
        self,
        made: Callable[[Transport], None],
        data: Callable[[bytes], None],
        lost: Callable[[bool], None],
    ) -> None:
        self._made, self._data, self._lost = made, data, lost

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's interface
        """Send small answers at once, as the exchange's own stack would."""
        self.transport.setTcpNoDelay(True)
        self._made(self.transport)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's interface
        """Pass on."""
        self._data(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """Pass on, with the manner: an orderly end or a reset."""
        self._lost(isinstance(reason.value, ConnectionDone))


class Connection:
    """A collector's connection.

    Attributes:
        name: such as `c1`.
        port: name of the port.
        peer: the collector's address.
        near: the collector's end.
        far: the exchange's end.
    """

    def __init__(self, name: str, port: str, peer: str, watch: Watch) -> None:
        self.name, self.port, self.peer = name, port, peer
        self._watch = watch
        self.lanes: Mapping[Towards, Lane] = {
            "exchange": Lane("exchange", lambda n: watch.held(self, "exchange", n)),
            "collector": Lane("collector", lambda n: watch.held(self, "collector", n)),
        }
        self.near = End(
            self._near_made, lambda data: watch.arrived(self, "exchange", data), self._near_lost
        )
        self.far = End(
            self._far_made, lambda data: watch.arrived(self, "collector", data), self._far_lost
        )
        self._near: Transport | None = None
        self._far: Transport | None = None
        self._dialling: Deferred[Any] | None = None
        self._was_reset = False

    def dial(self) -> None:
        """Connect to the exchange, unless that is done or the way is cut."""
        if self._near is None or self._far or self._dialling or self.lanes["exchange"].is_cut:
            return
        self._dialling = self._watch.dial(self)
        self._dialling.addErrback(lambda _failure: self.reset())

    def cut(self, towards: Towards, *, owing: bool = False) -> None:
        """Hold one direction; `owing` still lets out what was taken before."""
        self.lanes[towards].cut(owing=owing)

    def mend(self) -> None:
        """Carry in both directions, and dial if that had to wait."""
        for lane in self.lanes.values():
            lane.mend()
        self.dial()

    def reset(self) -> None:
        """Reset both ends; what is held is lost."""
        self._was_reset = True
        for lane in self.lanes.values():
            lane.detach()
        for end in (self._near, self._far):
            if end is not None:
                end.abortConnection()

    def _near_made(self, transport: Transport) -> None:
        self._near = transport
        self.lanes["exchange"].source = transport
        self.lanes["collector"].attach(transport)
        self.dial()

    def _far_made(self, transport: Transport) -> None:
        self._far = transport
        self._dialling = None
        if self._was_reset:  # while the answer to the dialling was on its way
            transport.abortConnection()
            return
        self._watch.reached(self)
        self.lanes["collector"].source = transport
        self.lanes["exchange"].attach(transport)

    def _near_lost(self, orderly: bool) -> None:  # noqa: FBT001 - one callback, one word
        self._near = None
        self.lanes["collector"].detach()
        if self._dialling is not None:
            self._dialling.cancel()
        self.lanes["exchange"].end(orderly=orderly)
        self._settle()

    def _far_lost(self, orderly: bool) -> None:  # noqa: FBT001 - one callback, one word
        self._far = None
        self.lanes["exchange"].detach()
        self.lanes["collector"].end(orderly=orderly)
        self._settle()

    def _settle(self) -> None:
        if self._near is None and self._far is None:
            self._watch.closed(self)
