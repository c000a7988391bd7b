"""One TCP connection to an exchange, one after the other. Nothing here raises but defects."""

import socket
from collections.abc import Sequence
from typing import Final

from oxo_collector.failure import Failure
from oxo_collector.section import Place
from oxo_collector.tcp import TcpConnection

READ_BYTES: Final = 1024 * 1024
"""So much is spooled by one synchronisation at most; the system holds about as much meanwhile."""

OPTIONS: Final = (
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)
"""Answers go at once; a peer without power is noticed also while nothing is read."""


class Transport(TcpConnection):
    """A connection. Not for several threads at once, but for `break_off`.

    Args:
        places: the exchange's addresses.
        connect_seconds_max: limit of a connection.
    """

    def __init__(self, places: Sequence[Place], connect_seconds_max: float) -> None:
        super().__init__(connect_seconds_max, READ_BYTES)
        self._places = places
        self._address = 0

    @property
    def wheres(self) -> tuple[str, ...]:
        """The addresses for reports."""
        return tuple(f"stream at {place}" for place in self._places)

    @property
    def where(self) -> str:
        """The address that is connected, or was last, for reports."""
        return self.wheres[self._address]

    def connect(self, address: int) -> Failure | None:
        """Connect anew."""
        self._address = address
        return self._opened(self._places[address], OPTIONS)
