"""Half-open connections: one end has vanished, and the other is not told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oxo_simulator.link.faults.disturbance import Disturbance

if TYPE_CHECKING:
    from oxo_simulator.link.lane import Towards
    from oxo_simulator.link.ports import Ports
    from oxo_simulator.link.relay import Link


@dataclass(frozen=True)
class HalfOpen(Disturbance):
    """Leave the ends `towards` alone with their connections; the ends that vanish are reset.

    With both left, nobody is told anything. What is said from then on is thrown away; once the
    fault is over it is answered by a reset, as a system does that knows no such connection. New
    connections are carried.
    """

    ports: Ports
    towards: tuple[Towards, ...]

    def strike(self, link: Link) -> None:
        """Abandon what is connected."""
        for connection in link.connections(self.ports):
            connection.abandon(self, self.towards)

    def lift(self, link: Link) -> None:
        """Answer those that are left, when they say something."""
        for connection in link.connections(self.ports):
            connection.forget(self)
