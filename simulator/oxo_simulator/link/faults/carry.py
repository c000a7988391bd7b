"""So many bytes are carried, then something happens to the link.

The count runs over all connections of the ports concerned, from the moment of the fault, and ends
at an exact byte: the one before it arrives, the one behind it does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oxo_simulator.link.faults.disturbance import Disturbance

if TYPE_CHECKING:
    from oxo_simulator.link.connection import Connection
    from oxo_simulator.link.lane import Towards
    from oxo_simulator.link.ports import Ports
    from oxo_simulator.link.relay import Link

CARRY_BYTES_MAX = 1024**3


class _Carry(Disturbance):
    """Counts bytes on these ports in these directions."""

    def __init__(self, ports: Ports, towards: tuple[Towards, ...], carry_bytes: int) -> None:
        self.ports, self.towards = ports, towards
        self._left = carry_bytes

    def strike(self, link: Link) -> None:
        """Begin to count."""

    def left_bytes(self, connection: Connection, towards: Towards) -> int | None:
        """Return how many are left."""
        counts = connection.port in self.ports and towards in self.towards
        return self._left if counts else None


class CarryThenCut(_Carry):
    """Carry `carry_bytes`, then hold these directions until the link is restored.

    With `carry_bytes` 0 it is a cut. What arrived before the cut goes out, also to a far end that
    is still being dialled.
    """

    _is_cut = False

    def strike(self, link: Link) -> None:
        """Begin to count, or cut where nothing is to be carried."""
        if not self._left:
            self._cut(link)

    def lift(self, link: Link) -> None:
        """Carry again what no other fault cuts."""
        for connection in link.connections(self.ports):
            connection.mend(self)

    def join(self, connection: Connection) -> None:
        """Cut a connection that is opened behind the cut."""
        if self._is_cut and connection.port in self.ports:
            for towards in self.towards:
                connection.cut(self, towards)

    def left_bytes(self, connection: Connection, towards: Towards) -> int | None:
        """Return how many are left; a cut counts no more."""
        return None if self._is_cut else super().left_bytes(connection, towards)

    def count(self, link: Link, connection: Connection, towards: Towards, carried: int) -> None:  # noqa: ARG002
        """Count; cut behind the last one."""
        self._left -= carried
        if not self._left:
            self._cut(link)

    def _cut(self, link: Link) -> None:
        self._is_cut = True
        for connection in link.connections(self.ports):
            for towards in self.towards:
                connection.cut(self, towards, owing=True)


class CarryThenReset(_Carry):
    """Carry `carry_bytes`, then reset the connection that carried the last of them, once.

    Afterwards the link is whole. With `carry_bytes` 0 the next byte resets its connection and is
    not carried.
    """

    def count(self, link: Link, connection: Connection, towards: Towards, carried: int) -> None:
        """Count; reset behind the last one."""
        self._left -= carried
        if self._left:
            return
        link.spent(self)
        lane = connection.lanes[towards]
        if carried:
            lane.when_drained(lambda: link.reset_when_delivered(connection, lane))
        else:
            connection.reset()
