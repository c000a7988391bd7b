"""One connection through the link: the collector's end, the exchange's end, and a lane each way."""

import socket
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any
from typing import Protocol as Shape

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from oxo_simulator.link.lane import Lane, Towards, Transport

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred


def _opposite(towards: Towards) -> Towards:
    return "collector" if towards == "exchange" else "exchange"


LOOK_SECONDS = 0.005
"""So often a connection is looked at whose directions have ended."""
BOTH: tuple[Towards, ...] = ("exchange", "collector")


class Watch(Shape):
    """Who is told what a connection lives through."""

    @property
    def clock(self) -> IReactorTime:
        """Real time."""

    def dial(self, connection: "Connection") -> "Deferred[Any]":
        """Connect `connection.far`; what is returned fails when that cannot be."""

    def reached(self, connection: "Connection") -> None:
        """The end that was dialled is connected."""

    def held(self, connection: "Connection", towards: Towards, count: int) -> None:
        """A cut keeps back the first bytes."""

    def arrived(self, connection: "Connection", towards: Towards, data: bytes) -> None:
        """Bytes came in that want to go there."""

    def told(self, event: str, connection: "Connection", **detail: Any) -> None:
        """A fault did something to it that the ledger is to say."""

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
        # Else what a client sends urgently, as FTP's `ABOR`, comes without its last byte.
        self.transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        self._made(self.transport)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's interface
        """Pass on."""
        self._data(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """Pass on, with the manner: an orderly end or a reset."""
        self._lost(isinstance(reason.value, ConnectionDone))


@implementer(IHalfCloseableProtocol)
class HalfClosingEnd(End):
    """An end whose peer may close its half and go on reading."""

    def readConnectionLost(self) -> None:  # noqa: N802 - Twisted's interface
        """Pass on that the peer has said all."""
        self.said_all()

    def writeConnectionLost(self) -> None:  # noqa: N802 - Twisted's interface
        """What was ordered is done."""

    said_all: Callable[[], None] = staticmethod(lambda: None)


class Connection:
    """A connection between a collector and the exchange.

    Attributes:
        name: such as `c1`.
        port: name of the port.
        peer: the collector's address.
        outward: whether the exchange is the one that connected; else the collector is.
        half_closing: whether either side may close its half and go on reading. A sender that
            closes its half and waits for the other's learns whether all was read.
        near: the end of the one that connected to the link.
        far: the end of the one that the link dials.
        taken_bytes: so much of what the exchange sent the collector's system had taken when the
            collector last said something.
    """

    def __init__(  # noqa: PLR0913 - who, where, and how it ends
        self,
        name: str,
        port: str,
        peer: str,
        watch: Watch,
        *,
        outward: bool = False,
        half_closing: bool = False,
    ) -> None:
        self.name, self.port, self.peer, self.outward = name, port, peer, outward
        self._watch = watch
        half = self._half_ended if half_closing else None
        self._there: Towards = "collector" if outward else "exchange"
        self._back: Towards = "exchange" if outward else "collector"
        self.lanes: Mapping[Towards, Lane] = {
            towards: Lane(towards, watch.clock, self._told_held(towards), half) for towards in BOTH
        }
        end = HalfClosingEnd if half_closing else End
        self.near = end(
            self._near_made, lambda data: watch.arrived(self, self._there, data), self._near_lost
        )
        self.far = end(
            self._far_made, lambda data: watch.arrived(self, self._back, data), self._far_lost
        )
        if isinstance(self.near, HalfClosingEnd) and isinstance(self.far, HalfClosingEnd):
            self.near.said_all = lambda: self.lanes[self._there].end(orderly=True)
            self.far.said_all = lambda: self.lanes[self._back].end(orderly=True)
        self._near: Transport | None = None
        self._far: Transport | None = None
        self._dialling: Deferred[Any] | None = None
        self._was_reached = self._was_reset = False
        self._broken: set[Towards] = set()
        self._left: Collection[Towards] = BOTH
        self._lost_by: object | None = None
        self._is_known = True
        self._discarded = False
        self.taken_bytes = 0

    def dial(self) -> None:
        """Connect the far end, unless that was done or there is no way.

        Never twice: an end that has closed has closed, though its last words are still held.
        """
        lane = self.lanes[self._there]
        if self._near is None or self._dialling or self._was_reached or self._was_reset:
            return
        if lane.is_cut or lane.leads_nowhere:
            return
        self._dialling = self._watch.dial(self)
        self._dialling.addErrback(lambda _failure: self.reset())

    def exchange_ends(self) -> tuple[tuple[str, int], tuple[str, int]] | None:
        """Return the two ends of the exchange's own connection: the link's, and the exchange's."""
        transport = self._near if self.outward else self._far
        if transport is None:
            return None
        here, there = transport.getHost(), transport.getPeer()
        return (here.host, here.port), (there.host, there.port)

    @property
    def is_reached(self) -> bool:
        """Tell whether both ends are connected."""
        return self._near is not None and self._far is not None

    @property
    def is_broken(self) -> bool:
        """Tell whether the collector's end was reset."""
        return "collector" in self._broken

    def cut(self, key: object, towards: Towards, *, owing: bool = False) -> None:
        """Hold one direction; `owing` still lets out what was taken before."""
        self.lanes[towards].cut(key, owing=owing)

    def mend(self, key: object | None = None) -> None:
        """Carry in both directions, as far as `key` cut them, and dial if that had to wait."""
        for lane in self.lanes.values():
            lane.mend(key)
        self.dial()

    def deafen(self, key: object) -> None:
        """Take what the one that connected says, and answer nothing."""
        self._lead_nowhere(key)

    def hear(self, key: object) -> None:
        """Reset it, if `key` made it deaf: what was said is lost."""
        if self._lost_by is key:
            self.reset()

    def abandon(self, key: object, left: Collection[Towards]) -> None:
        """Let the ends vanish that are not `left`; those are told nothing, and are heard no more.

        Whatever they say is thrown away.
        """
        self._left = left
        self._lead_nowhere(key)
        for towards in BOTH:
            end = self._near if towards == self._back else self._far
            if towards not in left and end is not None:
                end.abortConnection()

    def forget(self, key: object, *, repeated: bool = False) -> None:
        """Know it no more, if `key` abandoned it: who says something is answered by a reset.

        `repeated`: what was thrown away is said again, as systems do that hear no answer.
        """
        if self._lost_by is key:
            self._is_known = False
            said_by = [self.lanes[other].source for other in BOTH if _opposite(other) in self._left]
            if not any(said_by) or (repeated and self._discarded):
                self.reset()  # nobody is left who could say anything, or it is said now

    def tell(self, event: str, **detail: Any) -> None:
        """Tell the ledger what a fault did here."""
        self._watch.told(event, self, **detail)

    def reset(self) -> None:
        """Reset both ends; what is held is lost."""
        self._was_reset = True
        for lane in self.lanes.values():
            lane.detach()
        for end in (self._near, self._far):
            if end is not None:
                end.abortConnection()

    def delivered(self, towards: Towards) -> bool:
        """Tell whether one side's system has everything that the other sent, and its end."""
        lane = self.lanes[towards]
        return towards not in self._broken and lane.has_ended and lane.has_left()

    def _near_made(self, transport: Transport) -> None:
        self._near = transport
        self.lanes[self._there].source = transport
        self.lanes[self._back].attach(transport)
        self.dial()

    def _far_made(self, transport: Transport) -> None:
        self._far, self._was_reached = transport, True
        self._dialling = None
        # While the answer to the dialling was on its way.
        if self._was_reset or self._there not in self._left:
            transport.abortConnection()
            return
        self._watch.reached(self)
        self.lanes[self._back].source = transport
        self.lanes[self._there].attach(transport)

    def _near_lost(self, orderly: bool) -> None:  # noqa: FBT001 - one callback, one word
        self._near = None
        self._note_end(self._back, orderly=orderly)
        self.lanes[self._back].detach()
        if self._dialling is not None:
            self._dialling.cancel()
        self.lanes[self._there].end(orderly=orderly)
        self._settle()

    def _far_lost(self, orderly: bool) -> None:  # noqa: FBT001 - one callback, one word
        self._far = None
        self._note_end(self._there, orderly=orderly)
        self.lanes[self._there].detach()
        self.lanes[self._back].end(orderly=orderly)
        self._settle()

    def _half_ended(self) -> None:
        """One direction is over; when both are, and have arrived, nothing is left to wait for."""
        if all(lane.has_ended for lane in self.lanes.values()):
            self._part()

    def _part(self) -> None:
        """End both ends once their systems have everything, or have thrown it away."""
        if any(lane.is_thrown_away() for lane in self.lanes.values()):
            self.reset()
        elif all(lane.has_left() for lane in self.lanes.values()):
            for end in (self._near, self._far):
                if end is not None:
                    end.loseConnection()
        else:
            self._watch.clock.callLater(LOOK_SECONDS, self._part)

    def _note_end(self, towards: Towards, *, orderly: bool) -> None:
        if not orderly:
            self._broken.add(towards)

    def _told_held(self, towards: Towards) -> Callable[[int], None]:
        return lambda count: self._watch.held(self, towards, count)

    def _lead_nowhere(self, key: object) -> None:
        self._lost_by = key
        for towards, lane in self.lanes.items():
            lane.lead_nowhere(self._discarder(towards))

    def _discarder(self, towards: Towards) -> Callable[[int], None]:
        """Return what is told of bytes that are thrown away; the ledger hears of the first ones."""
        told: list[int] = []

        def discard(count: int) -> None:
            self._discarded = True
            if not self._is_known:
                self.reset()
            elif not told:
                told.append(count)
                self.tell("discarded", towards=towards, bytes=count)

        return discard

    def _settle(self) -> None:
        if self._near is None and self._far is None:
            self._watch.closed(self)
