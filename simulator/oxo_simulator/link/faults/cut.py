"""Silence: bytes and ends are held back until the cable is repaired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oxo_simulator.link.faults.disturbance import Disturbance

if TYPE_CHECKING:
    from oxo_simulator.link.connection import Connection
    from oxo_simulator.link.lane import Towards
    from oxo_simulator.link.ports import Ports
    from oxo_simulator.link.relay import Link


@dataclass(frozen=True, eq=False)
class Cut(Disturbance):
    """Hold these directions on these ports, on new connections too."""

    ports: Ports
    towards: tuple[Towards, ...]

    def strike(self, link: Link) -> None:
        """Cut what is connected."""
        for connection in link.connections(self.ports):
            self.join(connection)

    def lift(self, link: Link) -> None:
        """Carry again what no other fault cuts."""
        for connection in link.connections(self.ports):
            connection.mend(self)

    def join(self, connection: Connection) -> None:
        """Cut one connection."""
        if connection.port in self.ports:
            for towards in self.towards:
                connection.cut(self, towards)
