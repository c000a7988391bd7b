"""The ports that the process holds from its start to its end, on both sides of the link.

A port is held if the first profile opens its wire, or if the operator names it; those of the
taxation wire always are. The FTP data ports of the NMC wire are free numbers, unless named.
"""

import errno
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from socket import socket

from oxo_simulator.control.messages import WireName
from oxo_simulator.link.door import PortOccupied, reserve
from oxo_simulator.profile import FURTHER_WIRES, Profile

TAXATION_PORTS = ("standard", "alternate")
DATA_PORTS_MAX = 32
FREE_PORT_TRIALS_MAX = 20

_DATA_PORT = re.compile(r"nmc-data-([1-9][0-9]?)")


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
    """

    wires: Mapping[str, WireName]
    towards_collectors: Mapping[str, socket]
    behind: Mapping[str, socket]

    def of(self, wire: str) -> tuple[str, ...]:
        """Return the ports of a wire."""
        return tuple(name for name, found in self.wires.items() if found == wire)

    def close(self) -> None:
        """Let go of the addresses."""
        for held in (*self.towards_collectors.values(), *self.behind.values()):
            held.close()


def port_name(name: str) -> str:
    """Return the name of a port.

    Raises:
        PortUnknown: no exchange has it.
    """
    found = _DATA_PORT.fullmatch(name)
    if name in (*TAXATION_PORTS, *FURTHER_WIRES) or (found and int(found[1]) <= DATA_PORTS_MAX):
        return name
    raise PortUnknown(
        f"{name}: there are {', '.join((*TAXATION_PORTS, *FURTHER_WIRES))} and nmc-data-1 to "
        f"nmc-data-{DATA_PORTS_MAX}"
    )


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


def hold(ports: Mapping[str, tuple[WireName, int]], address: str, behind: str) -> Held:
    """Hold each port's number on both sides of the link.

    Raises:
        PortOccupied: names address and port, and how to take another.
    """
    held = Held({name: wire for name, (wire, _) in ports.items()}, near := {}, far := {})
    try:
        # Those that are to have a number of their own come before those that take any.
        for name, (_, number) in sorted(ports.items(), key=lambda port: not port[1][1]):
            near[name], far[name] = _pair(name, number, address, behind)
    except PortOccupied:
        held.close()
        raise
    order = list(ports)
    return Held(
        held.wires, {name: near[name] for name in order}, {name: far[name] for name in order}
    )


def _wire(port: str) -> str:
    return port.partition("-")[0]


def _ports(profile: Profile, wire: str, named: Mapping[str, int]) -> dict[str, int]:
    """Return the ports of a wire that are to be held, with the profile's numbers."""
    if wire not in FURTHER_WIRES:
        return {name: getattr(profile.ports, name).number for name in TAXATION_PORTS}
    section = getattr(profile, wire)
    if not section.open and not any(_wire(port) == wire for port in named):
        return {}
    data = range(1, profile.nmc.data_ports + 1) if wire == "nmc" else ()
    return {wire: section.port, **{f"nmc-data-{number}": 0 for number in data}}


def _pair(name: str, number: int, address: str, behind: str) -> tuple[socket, socket]:
    for trial in range(1, FREE_PORT_TRIALS_MAX + 1):
        try:
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
