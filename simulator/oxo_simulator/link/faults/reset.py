"""Existing connections are reset at once; new ones are carried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oxo_simulator.link.faults.disturbance import Disturbance

if TYPE_CHECKING:
    from oxo_simulator.link.ports import Ports
    from oxo_simulator.link.relay import Link


@dataclass(frozen=True)
class Reset(Disturbance):
    """Reset the connections of these ports: a client sees ECONNRESET."""

    ports: Ports
    lasting = False

    def strike(self, link: Link) -> None:
        """Reset what is connected."""
        for connection in link.connections(self.ports):
            connection.reset()
