"""Who may have a connection when there are many.

Connections are counted, in all and per address. A peer at its limit gets a new one at the cost of
its oldest that has not proved itself by the right password; so does everybody when all places are
taken, at the cost of whoever has most. One that has proved itself is never taken away for another:
a crowd of strangers cannot push a collector out, not even one from its own address.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

CONNECTIONS_MAX = 224
"""Connections of the taxation wire. Each needs three descriptors, and a process has 1024 of them on
many systems."""

PEER_CONNECTIONS_MAX = 64
"""Connections of one address."""

TAXATION = "taxation"

FURTHER_CONNECTIONS_MAX: Mapping[str, int] = MappingProxyType(
    {"nmc": 32, "v24": 8, "ohl": 8, "account": 32, "stream": 8}
)
"""Connections of the wires that have places of their own, whoever has them: a crowd at one wire
takes none away at another, and all together leave the process descriptors enough."""


class Grant(NamedTuple):
    """Whether there is a place, and whose connection has to go for it."""

    granted: bool
    instead_of: str | None = None


class _Holder(NamedTuple):
    address: str
    proven: bool


class Places:
    """The connections of one wire, the oldest first."""

    def __init__(
        self,
        connections_max: int = CONNECTIONS_MAX,
        peer_connections_max: int = PEER_CONNECTIONS_MAX,
    ) -> None:
        self._max = connections_max
        self._peer_max = peer_connections_max
        self._holders: dict[str, _Holder] = {}
        self._counts: dict[str, int] = {}

    def take(self, name: str, address: str) -> Grant:
        """Ask for a place; `instead_of` has lost its own, if anybody has."""
        instead_of = None
        if self._counts.get(address, 0) >= self._peer_max:
            instead_of = self._stranger(address)
        elif len(self._holders) >= self._max:
            instead_of = self._stranger(self._busiest())
        else:
            self._give(name, address)
            return Grant(granted=True)
        if instead_of is None:
            return Grant(granted=False)
        self.leave(instead_of)
        self._give(name, address)
        return Grant(granted=True, instead_of=instead_of)

    def prove(self, name: str) -> None:
        """The connection has shown the right password."""
        holder = self._holders.get(name)
        if holder is not None and not holder.proven:
            self._holders[name] = holder._replace(proven=True)

    def leave(self, name: str) -> None:
        """The connection is gone."""
        holder = self._holders.pop(name, None)
        if holder is None:
            return
        self._counts[holder.address] -= 1
        if not self._counts[holder.address]:
            del self._counts[holder.address]

    def clear(self) -> None:
        """All connections are gone."""
        self._holders.clear()
        self._counts.clear()

    def _give(self, name: str, address: str) -> None:
        self._holders[name] = _Holder(address, proven=False)
        self._counts[address] = self._counts.get(address, 0) + 1

    def _stranger(self, address: str | None) -> str | None:
        """Return the oldest connection of an address that has not proved itself."""
        for name, holder in self._holders.items():
            if holder.address == address and not holder.proven:
                return name
        return None

    def _busiest(self) -> str | None:
        """Return the address with most connections, of those that have strangers."""
        strangers = {each.address for each in self._holders.values() if not each.proven}
        return max(strangers, key=lambda address: self._counts[address], default=None)


def places_of(wire: str) -> Places:
    """Return the places of a wire; all of its ports share them."""
    if wire == TAXATION:
        return Places()
    most = FURTHER_CONNECTIONS_MAX[wire]
    return Places(most, most)
