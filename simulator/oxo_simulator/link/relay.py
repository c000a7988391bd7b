"""The link: doors towards the collectors, connections through it, and the faults in force.

Collectors connect to the link's address; the link dials the exchange, on another loopback address
under the same port number. A fault is told to the ledger first and strikes then. Armed faults
strike from inside the ledger's `append`, so before anything that follows the event can leave the
exchange.
"""

from collections.abc import Callable, Iterable, Mapping
from socket import socket
from typing import Any

import msgspec
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.protocol import Factory, Protocol, ServerFactory

from oxo_simulator.control.messages import (
    ArmedFault,
    CarriedConnection,
    Fault,
    LedgerLine,
    LinkState,
)
from oxo_simulator.link.connection import DIAL_SECONDS_MAX, Connection
from oxo_simulator.link.door import Door
from oxo_simulator.link.faults import Disturbance, FaultUnknown, disturbance
from oxo_simulator.link.lane import Lane, Towards
from oxo_simulator.link.places import Places

DELIVERY_SECONDS_MAX = 5
DELIVERY_LOOK_SECONDS = 0.005
Record = Callable[[str, dict[str, Any]], None]


class Link:
    """The link in front of one exchange.

    Args:
        reactor: real network.
        behind: where the exchange listens, under the same numbers.
        reserved: name of a port -> its address towards collectors.
        record: appends an event to the ledger.
    """

    def __init__(
        self,
        *,
        reactor: Any,
        behind: str,
        reserved: Mapping[str, socket],
        record: Record,
    ) -> None:
        self._reactor = reactor
        self._behind = behind
        self._record = record
        self._count = 0
        self._connections: dict[str, Connection] = {}
        self._names: dict[tuple[str, int], Connection] = {}
        self._places = Places()
        self._armed: list[ArmedFault] = []
        self._in_force: list[tuple[Fault, Disturbance]] = []
        self.doors = {
            name: Door(reactor, name, held, _Incoming(self, name))
            for name, held in reserved.items()
        }

    @property
    def disturbed(self) -> bool:
        """Tell whether a fault is in force."""
        return bool(self._in_force)

    def state(self) -> LinkState:
        """Say what is in force, what is armed and what is carried."""
        return LinkState(
            state="disturbed" if self.disturbed else "whole",
            faults=[ordered for ordered, _ in self._in_force],
            armed=list(self._armed),
            connections=[
                CarriedConnection(name=each.name, port=each.port, peer=each.peer)
                for each in self._connections.values()
            ],
        )

    def connection_port(self, name: str) -> str | None:
        """Return the port on which a connection came in, while it lives."""
        connection = self._connections.get(name)
        return None if connection is None else connection.port

    def connections(self, ports: Iterable[str]) -> list[Connection]:
        """Return the connections of these ports."""
        wanted = set(ports)
        return [each for each in self._connections.values() if each.port in wanted]

    def connection_name(self, peer: Any) -> tuple[str, str]:
        """Return name and collector's address of the connection that the exchange sees from `peer`.

        Args:
            peer: Twisted address (`host`, `port`) of the exchange's peer.
        """
        connection = self._names.get((peer.host, peer.port))
        if connection is None:
            return "unknown", f"{peer.host}:{peer.port}"
        return connection.name, connection.peer

    def prove(self, name: str) -> None:
        """Let a connection keep its place: it has shown the right password."""
        self._places.prove(name)

    # Faults.

    def strike(self, fault: Fault) -> None:
        """Disturb the link now.

        Raises:
            FaultUnknown: the fault names no port of ours or has impossible numbers.
        """
        self._strike(fault, disturbance(fault, tuple(self.doors)))

    def arm(self, armed: ArmedFault) -> None:
        """Disturb it at the next such ledger event.

        Raises:
            FaultUnknown: as `strike`.
        """
        disturbance(armed.fault, tuple(self.doors))
        self._armed.append(armed)
        self._record("fault armed", {"fault": msgspec.to_builtins(armed.fault), "when": armed.when})

    def ledger_line(self, line: LedgerLine) -> None:
        """Let every fault strike that is armed for this event."""
        due = [armed for armed in self._armed if armed.when == line.event]
        self._armed = [armed for armed in self._armed if armed.when != line.event]
        for armed in due:
            self.strike(armed.fault)

    def restore(self, *, reset_connections: bool = False) -> None:
        """Make the link whole; armed faults stay armed."""
        self._record("restored", {"reset_connections": reset_connections})
        lived_through = list(self._connections.values())
        faults, self._in_force = self._in_force, []
        for _, fault in faults:
            fault.lift(self)
        for connection in lived_through:
            if reset_connections:
                connection.reset()
            else:
                connection.mend()

    def spent(self, fault: Disturbance) -> None:
        """The fault is over by itself."""
        self._in_force = [each for each in self._in_force if each[1] is not fault]

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

    def renew(self, record: Record) -> None:
        """Begin anew for a fresh exchange: whole, nothing armed, nobody connected."""
        for _, fault in self._in_force:
            fault.lift(self)
        self._in_force, self._armed = [], []
        # What still happens to the old connections belongs in no ledger any more.
        old = list(self._connections.values())
        self._connections.clear()
        self._places.clear()
        self._names.clear()
        self._record = record
        self._count = 0
        for connection in old:
            connection.reset()

    def settled(self) -> "Deferred[list[None]]":
        """Return what fires when every door is as it is wanted."""
        return gatherResults([door.settled() for door in self.doors.values()])

    def close(self) -> "Deferred[list[None]]":
        """Stop for good."""
        self.renew(lambda _event, _detail: None)
        return gatherResults([door.close() for door in self.doors.values()])

    # What connections live through (`Watch`).

    def admit(self, port: str, peer: str) -> Protocol | None:
        """Return the collector's end of a new connection; none where there is no place for it."""
        self._count += 1
        name = f"c{self._count}"
        place = self._places.take(name, peer.rpartition(":")[0])
        if not place.granted:
            self._record("refused", _crowded(name, peer))
            return None
        if place.instead_of is not None:
            gone = self._connections[place.instead_of]
            self._record("refused", _crowded(gone.name, gone.peer))
            gone.reset()
        connection = Connection(name, port, peer, self)
        self._connections[connection.name] = connection
        self._event("connection opened", connection, port=port, peer=peer)
        for _, fault in self._in_force:
            fault.join(connection)
        return connection.near

    def dial(self, connection: Connection) -> "Deferred[Any]":
        """Connect `connection.far` to the exchange."""
        endpoint = TCP4ClientEndpoint(
            self._reactor,
            self._behind,
            self.doors[connection.port].port,
            timeout=DIAL_SECONDS_MAX,
        )
        return endpoint.connect(_Outgoing(connection))

    def reached(self, connection: Connection) -> None:
        """Know the connection by the address that the exchange sees."""
        here = connection.far.transport.getHost()
        self._names[here.host, here.port] = connection

    def held(self, connection: Connection, towards: Towards, count: int) -> None:
        """Write down that a cut keeps back the first bytes."""
        self._event("held", connection, towards=towards, bytes=count)

    def arrived(self, connection: Connection, towards: Towards, data: bytes) -> None:
        """Let the faults have their share of the bytes, then carry the rest."""
        for _, fault in tuple(self._in_force):
            if fault.takes(self, connection, towards, data):
                return
        connection.lanes[towards].carry(data)

    def closed(self, connection: Connection) -> None:
        """Forget a connection of which nothing is left."""
        self._names = {key: each for key, each in self._names.items() if each is not connection}
        if self._connections.get(connection.name) is connection:
            del self._connections[connection.name]
            self._places.leave(connection.name)
            self._event("connection closed", connection, port=connection.port, peer=connection.peer)

    def _strike(self, fault: Fault, found: Disturbance) -> None:
        self._record("fault", {"fault": msgspec.to_builtins(fault)})
        if found.lasting:
            self._in_force.append((fault, found))
        found.strike(self)

    def _event(self, event: str, connection: Connection, **detail: Any) -> None:
        self._record(event, {"connection": connection.name, **detail})


def _crowded(name: str, peer: str) -> dict[str, Any]:
    return {"connection": name, "reason": "too many connections", "peer": peer}


class _Incoming(ServerFactory):
    """Builds the collector's end of each connection of one port."""

    noisy = False

    def __init__(self, link: Link, port: str) -> None:
        self._link = link
        self._port = port

    def buildProtocol(self, addr: Any) -> Protocol | None:  # noqa: N802 - Twisted's interface
        """Admit a collector."""
        return self._link.admit(self._port, f"{addr.host}:{addr.port}")


class _Outgoing(Factory):
    """Builds the exchange's end of one connection."""

    noisy = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def buildProtocol(self, addr: Any) -> Protocol:  # noqa: ARG002, N802 - Twisted's interface
        """Give the end that waits for it."""
        return self._connection.far


__all__ = ["FaultUnknown", "Link"]
