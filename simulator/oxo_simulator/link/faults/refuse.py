"""New connections are refused; those that exist go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oxo_simulator.link.faults.disturbance import Disturbance

if TYPE_CHECKING:
    from oxo_simulator.link.ports import Ports
    from oxo_simulator.link.relay import Link

REASON = "fault"


@dataclass(frozen=True)
class Refuse(Disturbance):
    """Close the doors of these ports: a client sees ECONNREFUSED."""

    ports: Ports

    def strike(self, link: Link) -> None:
        """Close."""
        for door in link.doors_of(self.ports):
            door.refuse(REASON)

    def lift(self, link: Link) -> None:
        """Open again."""
        for door in link.doors_of(self.ports):
            door.admit(REASON)
