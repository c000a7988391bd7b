"""The ports that the process holds from its start to its end, on both sides of the link.

A port is held if the first profile opens its wire, or if the operator names it; those of the
taxation wire always are. The name of a wire that has no port of that name means all its ports, each
on a free number. FTP data ports are free numbers, unless named.
"""

import errno
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from socket import socket

from oxo_simulator.control.messages import WireName
from oxo_simulator.link.cable import Cable
from oxo_simulator.link.door import PortOccupied, reserve
from oxo_simulator.profile import (
    FURTHER_WIRES,
    TAXATION_PORTS,
    Profile,
    section_kind,
    wire_section,
)
from oxo_simulator.profile_section import PortKind

FREE_PORT_TRIALS_MAX = 20


class PortTwice(ValueError):
    """Two ports are to have the same number (the operator's fault)."""


class PortUnknown(ValueError):
    """The exchange has no such port (the operator's fault); says which it has."""


@dataclass(frozen=True)
class Held:
    """The held ports.

    Attributes:
        wires: name of a port -> its wire.
        towards_collectors: name -> a socket bound to its address there, which does not listen.
        behind: name -> the same behind the link, where the exchange listens.
        cable: behind which the collectors' sockets are.
    """

    wires: Mapping[str, WireName]
    towards_collectors: Mapping[str, socket]
    behind: Mapping[str, socket]
    cable: Cable

    def of(self, wire: str) -> tuple[str, ...]:
        """Return the ports of a wire."""
        return tuple(name for name, found in self.wires.items() if found == wire)

    @property
    def half_closing(self) -> frozenset[str]:
        """The ports where the end of one direction is not that of the other."""
        return frozenset(name for name in self.wires if self._kind(name).half_closing)

    @property
    def outward(self) -> dict[str, socket]:
        """Name -> address behind of the ports where the exchange may be the one that connects."""
        return {name: self.behind[name] for name in self.wires if self._kind(name).outward}

    def _kind(self, name: str) -> PortKind:
        return further_ports().get(name, PortKind(name))

    def close(self) -> None:
        """Let go of the addresses."""
        for held in (*self.towards_collectors.values(), *self.behind.values()):
            held.close()


def port_name(name: str) -> str:
    """Return the name of a port, or of a wire, which means all its ports.

    Raises:
        PortUnknown: no exchange has it.
    """
    if name in {*TAXATION_PORTS, *FURTHER_WIRES, *further_ports()}:
        return name
    raise PortUnknown(f"{name}: there are {', '.join((*TAXATION_PORTS, *_told()))}")


def further_ports() -> dict[str, PortKind]:
    """Return every port that a wire besides taxation may have, by its name."""
    kinds = (kind for wire in FURTHER_WIRES for kind in section_kind(wire).PORTS)
    return {name: kind for kind in kinds for name in kind.names()}


def _told() -> Iterator[str]:
    """Say which ports there are: of a row the first and the last."""
    for wire in FURTHER_WIRES:
        for kind in section_kind(wire).PORTS:
            names = list(kind.names())
            yield names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


def numbers(
    profile: Profile, named: Mapping[str, int], control: int, wires: Collection[WireName]
) -> dict[str, tuple[WireName, int]]:
    """Return each port's wire and number, 0 for a free one; no two may have the same.

    Args:
        profile: of the first installation.
        named: port -> the number that the operator gives it.
        control: number of the control port.
        wires: that there are.

    Raises:
        PortTwice, PortUnknown: names the port.
    """
    named = _each(named)
    found = {
        name: (wire, named.get(name, number))
        for wire in wires
        for name, number in _ports(profile, wire, named).items()
    }
    of_wires = [name for name in named if name in TAXATION_PORTS or _wire(name) in wires]
    if strangers := [name for name in of_wires if name not in found]:
        raise PortUnknown(f"{strangers[0]}: this exchange has {', '.join(found)}")
    taken: dict[int, str] = {}
    for name, number in {**{n: held[1] for n, held in found.items()}, "control": control}.items():
        if number and number in taken:
            raise PortTwice(
                f"port {number} is to be {taken[number]} and {name}; "
                "each needs a number of its own, or 0, a free one"
            )
        taken[number] = name
    return found


def hold(
    ports: Mapping[str, tuple[WireName, int]], address: str, behind: str, cable: Cable | None = None
) -> Held:
    """Hold each port's number on both sides of the link, the collectors' behind the cable.

    Raises:
        PortOccupied: names address and port, and how to take another.
    """
    cable = cable or Cable()
    held = Held({name: wire for name, (wire, _) in ports.items()}, near := {}, far := {}, cable)
    try:
        # Those that are to have a number of their own come before those that take any.
        for name, (_, number) in sorted(ports.items(), key=lambda port: not port[1][1]):
            near[name], far[name] = _pair(name, number, (address, behind), cable)
    except PortOccupied:
        held.close()
        raise
    in_order = {name: near[name] for name in ports}, {name: far[name] for name in ports}
    return Held(held.wires, *in_order, cable)


def _wire(port: str) -> str:
    return port.partition("-")[0]


def _each(named: Mapping[str, int]) -> dict[str, int]:
    """Put the ports of a wire in the place of its name, unless one port is named so.

    Raises:
        PortUnknown: it is to have a number, and several ports need one.
    """
    ports, found = further_ports(), dict(named)
    for wire in [name for name in named if name in FURTHER_WIRES and name not in ports]:
        number = found.pop(wire)
        kinds = [kind.name for kind in section_kind(wire).PORTS if kind.count_key is None]
        if number:
            told = ", ".join(kinds)
            raise PortUnknown(f"{wire}: each of {told} needs a number; 0 frees them all")
        found = {**dict.fromkeys(kinds, 0), **found}
    return found


def _ports(profile: Profile, wire: str, named: Mapping[str, int]) -> Mapping[str, int]:
    """Return the ports of a wire that are to be held, with the profile's numbers."""
    if wire not in FURTHER_WIRES:
        return {name: getattr(profile.ports, name).number for name in TAXATION_PORTS}
    section = wire_section(profile, wire)
    if not section.open and not any(_wire(port) == wire for port in named):
        return {}
    return section.ports


def _pair(name: str, number: int, sides: tuple[str, str], cable: Cable) -> tuple[socket, socket]:
    address, behind = sides
    for trial in range(1, FREE_PORT_TRIALS_MAX + 1):
        try:
            with cable.within():
                front = reserve(address, number)
        except PortOccupied as error:
            raise _advised(error, name) from error
        try:
            return front, reserve(behind, front.getsockname()[1])
        except PortOccupied as error:
            front.close()
            if number or trial == FREE_PORT_TRIALS_MAX:
                raise _advised(error, name) from error
    raise AssertionError


def _advised(error: PortOccupied, name: str) -> PortOccupied:
    """Say how to take another number, where that would help: not ours to open, or taken."""
    cause = error.__cause__
    if isinstance(cause, OSError) and cause.errno in (errno.EACCES, errno.EADDRINUSE):
        return PortOccupied(f"{error}; --port {name}=NUMBER takes another, 0 a free one")
    return error
