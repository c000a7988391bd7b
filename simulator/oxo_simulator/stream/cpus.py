"""Two CPUs, of which one is main: who is served where, and what a switch-over does. Pure.

Only the main CPU serves, and it serves one collector (facts: oxe 1.1, field). What anybody else
meets is a choice of the profile:

    at the main CPU, while one is served    closed, refused at the door, or put in its place
    at the standby CPU                      refused at the door, told the role, or met with silence
"""

from collections.abc import Collection
from enum import Enum, auto
from typing import NamedTuple

from oxo_simulator.stream.settings import PORT_A, PORT_B, StreamSettings

CPUS = (PORT_A, PORT_B)


class Meets(Enum):
    """What a new connection meets."""

    DIALOGUE = auto()
    ROLE = auto()
    SILENCE = auto()
    SECOND_CLIENT = auto()


class Arrival(NamedTuple):
    """What a connection meets, and which one has to go for it."""

    meets: Meets
    instead_of: int | None = None


class SwitchedOver(NamedTuple):
    """What a switch-over did.

    Attributes:
        ends: connections that end with it, at both CPUs.
        keeps: whether what waits is kept.
        reason: of the session that ends.
    """

    ends: tuple[int, ...]
    keeps: bool
    reason: str


class Cpus:
    """Both CPUs of one exchange; connections are known to them by numbers, each of its own.

    Attributes:
        main: the port of the main one.
        client: number of the connection that it serves, or may come to serve.
    """

    def __init__(self, settings: StreamSettings) -> None:
        self.main = PORT_A
        self.client: int | None = None
        self._settings = settings
        self._others: list[int] = []

    def arrives(self, connection: int, port: str) -> Arrival:
        """Say what a connection to the CPU of that port meets."""
        if port != self.main:
            self._others.append(connection)
            silent = self._settings.standby == "silent"
            return Arrival(Meets.SILENCE if silent else Meets.ROLE)
        if self.client is None:
            self.client = connection
            return Arrival(Meets.DIALOGUE)
        if self._settings.second_client == "replace":
            gone, self.client = self.client, connection
            return Arrival(Meets.DIALOGUE, instead_of=gone)
        return Arrival(Meets.SECOND_CLIENT)

    def leaves(self, connection: int) -> None:
        """The connection is over."""
        if self.client == connection:
            self.client = None
        elif connection in self._others:
            self._others.remove(connection)

    def switch_over(self, *, ordered: bool) -> SwitchedOver:
        """Make the other CPU main; whoever is connected has to connect again."""
        served = () if self.client is None else (self.client,)
        ends = (*served, *self._others)
        self.client, self._others = None, []
        self.main = PORT_B if self.main == PORT_A else PORT_A
        settings = self._settings
        buffer = settings.buffer_on_switch_over if ordered else settings.buffer_on_failure
        return SwitchedOver(ends, buffer == "kept", "switch-over" if ordered else "CPU failed")

    def closed_doors(self) -> Collection[str]:
        """Return the ports at which new connections are refused now."""
        standby = [port for port in CPUS if port != self.main]
        closed = standby if self._settings.standby == "refuse" else []
        if self._settings.second_client == "refuse" and self.client is not None:
            closed = [*closed, self.main]
        return closed
