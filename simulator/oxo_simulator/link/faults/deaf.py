"""A deaf listener: connections are taken, and nobody answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oxo_simulator.link.faults.disturbance import Disturbance

if TYPE_CHECKING:
    from oxo_simulator.link.connection import Connection
    from oxo_simulator.link.lane import Towards
    from oxo_simulator.link.ports import Ports
    from oxo_simulator.link.relay import Link


@dataclass(frozen=True)
class Deaf(Disturbance):
    """Take new connections to those `towards` and throw away what is said on them.

    Connections that exist go on. Once the fault is over, those that were taken are reset: nobody
    knows what they said.
    """

    ports: Ports
    towards: tuple[Towards, ...]

    def join(self, connection: Connection) -> None:
        """Take a connection and answer nothing."""
        dialled: Towards = "collector" if connection.outward else "exchange"
        if connection.port in self.ports and dialled in self.towards:
            connection.deafen(self)

    def lift(self, link: Link) -> None:
        """Reset what was taken."""
        for connection in link.connections(self.ports):
            connection.hear(self)
