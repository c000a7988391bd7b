"""The link: doors towards the collectors, connections through it, and the faults in force.

Collectors connect to the link's address; the link dials the exchange, on another loopback address
under the same port number. Where the exchange is the one that connects, it dials the link's outward
door there, and the link dials the collector. A fault is told to the ledger first and strikes then.
Armed faults strike from inside the ledger's `append`, so before anything that follows the event can
leave the exchange.
"""

from collections.abc import Callable, Collection, Container, Iterator, Mapping
from contextlib import nullcontext
from socket import socket
from types import MappingProxyType
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol, ServerFactory

from oxo_simulator.control.messages import (
    ArmedFault,
    CarriedConnection,
    Fault,
    LedgerLine,
    LinkState,
)
from oxo_simulator.link.cable import Cable
from oxo_simulator.link.connection import Connection
from oxo_simulator.link.dialling import Dialling
from oxo_simulator.link.disturbances import Disturbances
from oxo_simulator.link.door import NOT_STARTED, Door
from oxo_simulator.link.faults import Disturbance, FaultUnknown
from oxo_simulator.link.lane import Lane, Towards
from oxo_simulator.link.places import TAXATION, places_of
from oxo_simulator.link.ports import Ports

DELIVERY_SECONDS_MAX = 5
DELIVERY_LOOK_SECONDS = 0.005
Record = Callable[[str, dict[str, Any]], None]
Address = tuple[str, int]
"""Host and port."""

NONE: Mapping[str, Any] = MappingProxyType({})


class Link:
    """The link in front of one exchange.

    Args:
        reactor: real network.
        behind: where the exchange listens, under the same numbers.
        reserved: name of a port -> its address towards collectors.
        record: appends an event to the ledger.
        outward: name of a port -> its address behind, where the exchange may connect.
        wires: name of a port -> its wire, whose places its connections take; by default taxation.
        half_closing: ports where the end of one direction is not that of the other.
        seed: of what faults do at random.
        cable: behind which the doors towards collectors are; by default there is none.

    Attributes:
        cable: see there.
    """

    def __init__(  # noqa: PLR0913 - what the link is made of
        self,
        *,
        reactor: Any,
        behind: str,
        reserved: Mapping[str, socket],
        record: Record,
        outward: Mapping[str, socket] = NONE,
        wires: Mapping[str, str] = NONE,
        half_closing: Container[str] = (),
        seed: int = 1,
        cable: Cable | None = None,
    ) -> None:
        self.cable = cable or Cable()
        self._reactor = reactor
        self._behind = behind
        self._record = record
        self._half_closing = half_closing
        self._count = 0
        self._connections: dict[str, Connection] = {}
        self._names: dict[tuple[Address, int], Connection] = {}
        self._diallings: dict[Connection, Dialling] = {}
        self._waited_for: dict[tuple[Address, int], Deferred[tuple[str, str]]] = {}
        shared = {wire: places_of(wire) for wire in (TAXATION, *wires.values())}
        self._places = {name: shared[wires.get(name, TAXATION)] for name in reserved}
        self._broken: set[str] = set()
        self._targets: dict[str, Address] = {}
        self.doors = {
            name: Door(reactor, name, held, _Incoming(self, name), within=self.cable.within)
            for name, held in reserved.items()
        }
        self.outward_doors = {
            name: Door(reactor, name, held, _Outgoing(self, name), patient=True)
            for name, held in outward.items()
        }
        self._faults = Disturbances(self, reactor, self.doors, record, seed)

    @property
    def clock(self) -> IReactorTime:
        """Real time."""
        clock: IReactorTime = self._reactor
        return clock

    @property
    def disturbed(self) -> bool:
        """Tell whether a fault is in force."""
        return bool(self._faults.in_force)

    def state(self) -> LinkState:
        """Say what is in force, what is armed and what is carried."""
        in_force = self._faults.in_force
        return LinkState(
            state="disturbed" if in_force else "whole",
            real=self.cable.is_real,
            faults=[each.fault for each in in_force],
            in_force=in_force,
            armed=self._faults.armed,
            connections=[
                CarriedConnection(name=each.name, port=each.port, peer=each.peer)
                for each in self._connections.values()
            ],
        )

    def connections(self, ports: Container[str]) -> list[Connection]:
        """Return the connections of these ports."""
        return [each for each in self._connections.values() if each.port in ports]

    def doors_of(self, ports: Container[str]) -> Iterator[Door]:
        """Return the doors of these ports, on both sides."""
        for door in (*self.doors.values(), *self.outward_doors.values()):
            if door.name in ports:
                yield door

    def connection_name(self, peer: Address, here: Address) -> tuple[str, str]:
        """Return name and collector's address of a connection that the exchange has.

        Args:
            peer: the exchange's peer, which is the link.
            here: the exchange's own end.
        """
        connection = self._names.get(_ends(peer, here)) or self._being_dialled(peer, here[1])
        if connection is None:
            return "unknown", f"{peer[0]}:{peer[1]}"
        return connection.name, connection.peer

    def led(self, peer: Address, here: Address) -> "Deferred[tuple[str, str]]":
        """Return what fires when the collector has answered a connection that the exchange made.

        It fires with `connection_name`. Where nobody answers it never fires, and the link resets
        the exchange's connection. Cancelling it lets the link forget who waits.
        """
        key = _ends(peer, here)

        def forget(_cancelled: object) -> None:
            self._waited_for.pop(key, None)

        waited: Deferred[tuple[str, str]] = Deferred(forget)
        connection = self._names.get(key)
        if connection is not None and connection.is_reached:
            waited.callback((connection.name, connection.peer))
        else:
            self._waited_for[key] = waited
        return waited

    def delivered(self, name: str) -> bool:
        """Tell whether the collector's system has all that the exchange sent, and its end.

        Of a connection that is no longer carried: unless it was reset.
        """
        connection = self._connections.get(name)
        if connection is None:
            return name not in self._broken
        return connection.delivered("collector")

    def taken_bytes(self, name: str) -> int:
        """Return how much of what the exchange sent the collector's system has taken.

        As of when the collector last said something: what it says may be an answer to that. Of a
        connection that is no longer carried: 0.
        """
        connection = self._connections.get(name)
        return 0 if connection is None else connection.taken_bytes

    def prove(self, name: str) -> None:
        """Let a connection keep its place: it has shown the right password."""
        if (connection := self._connections.get(name)) and not connection.outward:
            self._places[connection.port].prove(name)

    # What the profile opens.

    def open(self, ports: Collection[str], targets: Mapping[str, Address]) -> None:
        """Open these doors towards collectors, and the way outwards to these targets; no others."""
        self._targets = dict(targets)
        for doors, wanted in ((self.doors, ports), (self.outward_doors, targets)):
            for name, door in doors.items():
                change = door.admit if name in wanted else door.refuse
                change("profile")
                door.admit(NOT_STARTED)

    def refuse_all(self, reason: str) -> None:
        """Refuse connections at every door."""
        for door in self.doors_of(Ports()):
            door.refuse(reason)

    def door(self, port: str, wanted: bool) -> None:  # noqa: FBT001 - open, or not
        """Open a door towards collectors, or close it, because its wire wants it so."""
        door = self.doors[port]
        change = door.admit if wanted else door.refuse
        change("wire")

    def admit_again(self, reason: str, ports: Container[str]) -> None:
        """The reason is gone for the doors of these ports."""
        for door in self.doors_of(ports):
            door.admit(reason)

    # Faults.

    def strike(self, fault: Fault) -> int | None:
        """Disturb the link now, and say how many connections it concerned.

        `None`: it concerns none that exists, but new ones alone.

        Raises:
            FaultUnknown: the fault names no port of ours or has impossible numbers.
        """
        return self._faults.strike(fault)

    def arm(self, armed: ArmedFault) -> None:
        """Disturb it at the next such ledger event.

        Raises:
            FaultUnknown: as `strike`.
        """
        self._faults.arm(armed)

    def ledger_line(self, line: LedgerLine) -> None:
        """Let every fault strike that is armed for this event."""
        self._faults.ledger_line(line)

    def plug_in(self) -> None:
        """Plug a real cable in, whatever pulled it.

        Raises:
            FaultUnknown: it is not there any more; nothing has changed.
        """
        try:
            self.cable.mend()
        except OSError as error:
            raise FaultUnknown(
                f"the real cable cannot be plugged in again: {error}; end the exchange, "
                "and start it anew"
            ) from error

    def restore(self, *, reset_connections: bool = False) -> None:
        """Make the link whole; armed faults stay armed.

        Raises:
            FaultUnknown: a real cable is not there any more; nothing has changed.
        """
        self.plug_in()  # collectors are to hear of resets
        lived_through = list(self._connections.values())
        told = self._faults.account()
        self._record("restored", {"reset_connections": reset_connections, "faults": told})
        if reset_connections:  # before anything that is held can leave
            self.reset_connections()
        self._faults.lift()
        if not reset_connections:
            for connection in lived_through:
                connection.mend()

    def spent(self, fault: Disturbance) -> None:
        """The fault is over by itself."""
        self._faults.spent(fault)

    def reset_when_delivered(self, connection: Connection, lane: Lane) -> None:
        """Reset a connection once its peer's system has what the lane carried.

        A reset discards what the systems still carry, so it waits for them; for a peer that reads
        nothing it waits no longer than `DELIVERY_SECONDS_MAX`.
        """
        latest = self._reactor.seconds() + DELIVERY_SECONDS_MAX

        def look() -> None:
            if lane.undelivered_bytes() and self._reactor.seconds() < latest:
                self._reactor.callLater(DELIVERY_LOOK_SECONDS, look)
            else:
                connection.reset()

        look()

    # The life of the exchange.

    def reset_connections(self) -> None:
        """Reset every connection, as an exchange does that goes down."""
        for connection in list(self._connections.values()):
            connection.reset()

    def move(self, reserved: Mapping[str, socket]) -> None:
        """Let the doors towards collectors be at other addresses; who is connected is reset."""
        for name, held in reserved.items():
            self.doors[name].move(held)
        self.reset_connections()

    def renew(self, record: Record, seed: int = 1) -> None:
        """Begin anew for a fresh exchange: whole, nothing armed, nobody connected."""
        # What still happens to the old connections belongs in no ledger any more.
        old = list(self._connections.values())
        self._connections.clear()
        self._faults.lift()
        self._faults = Disturbances(self, self._reactor, self.doors, record, seed)
        for places in self._places.values():
            places.clear()
        self._names.clear()
        self._broken.clear()
        self._diallings.clear()
        self._waited_for.clear()
        self._record = record
        self._count = 0
        for connection in old:
            connection.reset()

    @property
    def opening(self) -> bool:
        """Tell whether a door is to listen that does not yet."""
        return any(door.opening for door in self.doors_of(Ports()))

    def settled(self) -> "Deferred[list[None]]":
        """Return what fires when every door is as it is wanted."""
        return gatherResults([door.settled() for door in self.doors_of(Ports())])

    def close(self) -> "Deferred[list[None]]":
        """Stop for good."""
        self.renew(lambda _event, _detail: None)
        return gatherResults([door.close() for door in self.doors_of(Ports())])

    # What connections live through (`Watch`).

    def admit(self, port: str, peer: str) -> Protocol | None:
        """Return the collector's end of a new connection; none where there is no place for it."""
        self._count += 1
        name = f"c{self._count}"
        place = self._places[port].take(name, peer.rpartition(":")[0])
        if not place.granted:
            self._record("refused", _crowded(name, port, peer))
            return None
        if place.instead_of is not None:
            gone = self._connections[place.instead_of]
            self._record("refused", _crowded(gone.name, gone.port, gone.peer))
            gone.reset()
        half_closing = port in self._half_closing
        return self._opened(Connection(name, port, peer, self, half_closing=half_closing)).near

    def lead(self, port: str) -> Protocol | None:
        """Return the exchange's end of a connection that it makes; none where nobody is meant."""
        if port not in self._targets:
            return None
        self._count += 1
        host, number = self._targets[port]
        name, peer = f"c{self._count}", f"{host}:{number}"
        return self._opened(Connection(name, port, peer, self, outward=True)).near

    def _opened(self, connection: Connection) -> Connection:
        self._connections[connection.name] = connection
        self._event("connection opened", connection, peer=connection.peer)
        self._faults.join(connection)
        return connection

    def dial(self, connection: Connection) -> "Deferred[Any]":
        """Connect `connection.far` to the exchange, or to the collector that it asks for."""
        host, port = self._behind, self.doors[connection.port].port
        if connection.outward:
            host, port = self._targets[connection.port]
        dialling = self._diallings[connection] = Dialling(connection.far)
        with self.cable.within() if connection.outward else nullcontext():
            return dialling.dial(self._reactor, host, port)

    def reached(self, connection: Connection) -> None:
        """Know the connection by its two ends at the exchange; tell who waits for it."""
        if dialling := self._diallings.pop(connection, None):
            dialling.reached()
        ends = connection.exchange_ends()
        if ends is None or self._connections.get(connection.name) is not connection:
            return
        link, exchange = ends
        self._names[_ends(link, exchange)] = connection
        if waited := self._waited_for.pop(_ends(link, exchange), None):
            waited.callback((connection.name, connection.peer))

    def _being_dialled(self, peer: Address, port: int) -> Connection | None:
        """Find a connection that the exchange knows already, and the link not yet."""
        for connection, dialling in self._diallings.items():
            here = self.doors[connection.port].port
            if not connection.outward and here == port and dialling.address() == tuple(peer):
                return connection
        return None

    def held(self, connection: Connection, towards: Towards, count: int) -> None:
        """Write down that a cut keeps back the first bytes."""
        self._event("held", connection, towards=towards, bytes=count)

    def arrived(self, connection: Connection, towards: Towards, data: bytes) -> None:
        """Let the faults have their share of the bytes, then carry the rest."""
        if towards == "exchange":
            connection.taken_bytes = connection.lanes["collector"].taken_bytes()
        self._faults.carry(connection, towards, data)

    def told(self, event: str, connection: Connection, **detail: Any) -> None:
        """Write down what a fault did to a connection."""
        self._event(event, connection, **detail)

    def closed(self, connection: Connection) -> None:
        """Forget a connection of which nothing is left."""
        self._diallings.pop(connection, None)
        self._names = {key: each for key, each in self._names.items() if each is not connection}
        if self._connections.get(connection.name) is connection:
            del self._connections[connection.name]
            if connection.is_broken and connection.port in self._half_closing:
                self._broken.add(connection.name)
            self._places[connection.port].leave(connection.name)
            self._event("connection closed", connection, peer=connection.peer)

    def _event(self, event: str, connection: Connection, **detail: Any) -> None:
        told = {"connection": connection.name, "port": connection.port, **detail}
        self._record(event, told)


def _crowded(name: str, port: str, peer: str) -> dict[str, Any]:
    return {"connection": name, "port": port, "reason": "too many connections", "peer": peer}


def _ends(link: Address, exchange: Address) -> tuple[Address, int]:
    """Return what a connection of the exchange is known by: its host is always the same."""
    return (link[0], link[1]), exchange[1]


class _Incoming(ServerFactory):
    """Builds the collector's end of each connection of one port."""

    noisy = False

    def __init__(self, link: Link, port: str) -> None:
        self._link = link
        self._port = port

    def buildProtocol(self, addr: Any) -> Protocol | None:  # noqa: N802 - Twisted's interface
        """Admit a collector."""
        return self._link.admit(self._port, f"{addr.host}:{addr.port}")


class _Outgoing(ServerFactory):
    """Builds the exchange's end of each connection that the exchange makes."""

    noisy = False

    def __init__(self, link: Link, port: str) -> None:
        self._link = link
        self._port = port

    def buildProtocol(self, addr: Any) -> Protocol | None:  # noqa: ARG002, N802 - Twisted's interface
        """Lead the exchange to its collector."""
        return self._link.lead(self._port)


__all__ = ["FaultUnknown", "Link"]
