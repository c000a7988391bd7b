"""So many bytes are carried, then the connection that carried the last of them is reset.

The count runs over all connections of the ports concerned from the moment of the fault. It strikes
once; afterwards the link is whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oxo_simulator.link.faults.disturbance import Disturbance

if TYPE_CHECKING:
    from oxo_simulator.link.connection import Connection
    from oxo_simulator.link.lane import Towards
    from oxo_simulator.link.relay import Link

CARRY_BYTES_MAX = 1024**3


class CarryThenCut(Disturbance):
    """Carry `carry_bytes` in these directions, then reset.

    With `carry_bytes` 0 the next byte resets its connection and is not carried.
    """

    def __init__(
        self, ports: tuple[str, ...], towards: tuple[Towards, ...], carry_bytes: int
    ) -> None:
        self.ports, self.towards = ports, towards
        self.carry_bytes = carry_bytes
        self._left = carry_bytes

    def strike(self, link: Link) -> None:
        """Begin to count."""

    def takes(self, link: Link, connection: Connection, towards: Towards, data: bytes) -> bool:
        """Count; at the limit carry the exact prefix and reset."""
        if connection.port not in self.ports or towards not in self.towards:
            return False
        if len(data) < self._left:
            self._left -= len(data)
            return False
        lane = connection.lanes[towards]
        if prefix := data[: self._left]:
            lane.carry(prefix)
            lane.when_drained(connection.reset)
        else:
            connection.reset()
        link.spent(self)
        return True
