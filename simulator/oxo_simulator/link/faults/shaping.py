"""What the faults have in common that shape bytes on their way, and lose none."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oxo_simulator.link.faults.disturbance import Disturbance

if TYPE_CHECKING:
    from oxo_simulator.link.connection import Connection
    from oxo_simulator.link.lane import Towards
    from oxo_simulator.link.passage import Stage
    from oxo_simulator.link.ports import Ports
    from oxo_simulator.link.relay import Link


@dataclass(frozen=True)
class Shaping(Disturbance, ABC):
    """Puts a stage of its own into these directions on these ports, on new connections too.

    Attributes:
        id: of the fault in the ledger.
    """

    id: str
    ports: Ports
    towards: tuple[Towards, ...]

    @abstractmethod
    def stage(self, connection: Connection, towards: Towards) -> Stage:
        """Return the stage for one direction of one connection."""

    def strike(self, link: Link) -> None:
        """Shape what is connected."""
        for connection in link.connections(self.ports):
            self.join(connection)

    def lift(self, link: Link) -> None:
        """Let go what is under way."""
        for connection in link.connections(self.ports):
            for towards in self.towards:
                connection.lanes[towards].unshape(self)

    def join(self, connection: Connection) -> None:
        """Shape one connection."""
        if connection.port in self.ports:
            for towards in self.towards:
                connection.lanes[towards].shape(self, self.stage(connection, towards))
