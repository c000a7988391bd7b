"""New connections are refused; those that exist go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oxo_simulator.link.faults.disturbance import Disturbance

if TYPE_CHECKING:
    from oxo_simulator.link.ports import Ports
    from oxo_simulator.link.relay import Link


@dataclass(frozen=True)
class Refuse(Disturbance):
    """Close the doors of these ports: a client sees ECONNREFUSED.

    Attributes:
        id: of the fault in the ledger; several faults may close the same door.
    """

    id: str
    ports: Ports

    def strike(self, link: Link) -> None:
        """Close."""
        for door in link.doors_of(self.ports):
            door.refuse(f"fault {self.id}")

    def lift(self, link: Link) -> None:
        """Open again, where nothing else keeps them closed."""
        for door in link.doors_of(self.ports):
            door.admit(f"fault {self.id}")
